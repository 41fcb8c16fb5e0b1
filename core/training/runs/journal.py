"""What a run writes down while it trains: metrics, TensorBoard events, its status, and events for whoever listens."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from core.training.engine.batch_scores import BatchScores, EpochMeans
from core.training.engine.validation import Validation
from core.training.runs.appending import Appender
from core.training.runs.run_folder import HEARTBEAT_S, RunFolder, State, Status
from core.training.runs.tensorboard import EventWriter, cut_events

Emit = Callable[[dict[str, Any]], None]


class Journal:
    """Writes a run's measurements. Files stay open: a line costs one write."""

    def __init__(self, run: RunFolder, emit: Emit, total: int, epoch_steps: int, slices_per_step: int) -> None:
        self._run = run
        self._emit = emit
        self._total = total
        self._epoch_steps = epoch_steps
        self._slices = slices_per_step
        self._since = EpochMeans()
        self._rate = _Rate()
        self._metrics: Appender | None = None
        self._events: EventWriter | None = None
        self.status = Status(run.name)

    def cut(self, step: int) -> None:
        """Forget what was measured after `step`, and know again what was measured since the last validation."""
        self.close()
        self._run.cut_metrics(step)
        cut_events(self._run.folder, step)
        self._since.clear()
        for record in self._run.metrics():
            if record["kind"] == "step":
                self._since.add(record)
            elif record["kind"] == "validation":
                self._since.clear()

    def start(self, status: Status) -> None:
        """Keep a status up to date from now on."""
        self.status = status
        status.total_steps, status.steps_per_epoch = self._total, self._epoch_steps
        self._rate = _Rate()

    def step(self, step: int, loss: float, rate: float, scores: BatchScores) -> None:
        """Write down one step."""
        self._emit({"event": "step", "run": self._run.name, "step": step, "of": self._total, "loss": loss, "lr": rate})
        record = {"kind": "step", "step": step, "loss": loss, "lr": rate, **scores.to_json()}
        self._since.add(record)
        scalars = {"loss/training": loss, "learning rate": rate, "accuracy/training": scores.accuracy}
        self._write(record, scalars | _tags("training", scores.to_json()))
        self.status.loss, self.status.learning_rate = loss, rate
        self.count(step)

    def count(self, step: int) -> None:
        """Say how far the run has come, once a second."""
        status = self.status
        self._rate.count(self._slices)
        status.step = step
        status.slices_per_s, status.elapsed_s = self._rate.slices_per_s, self._rate.elapsed_s
        if status.slices_per_s:
            status.eta_s = (self._total - step) * self._slices / status.slices_per_s
        if self._rate.is_time_to_say:
            self._run.write_status(status)

    def validation(self, step: int, rate: float, validated: Validation, best: bool) -> None:
        """Write down one validation, with the means of the steps since the last."""
        record = {
            "step": step,
            "epoch": step / self._epoch_steps,
            "loss": self._since.loss,
            "validation_loss": validated.loss,
            "dice": validated.dice,
            "iou": validated.iou,
            "accuracy": validated.accuracy,
            "training": self._since.scores,
            "lr": rate,
            "best": best,
        }
        self._since.clear()
        scalars = {"loss/validation": validated.loss, "accuracy/validation": validated.accuracy}
        timed = {"kind": "validation", **record, "slices_per_s": self.status.slices_per_s}
        self._write(timed, scalars | _tags("validation", record))
        self._emit({"event": "epoch", "run": self._run.name, **record})

    def note(self, step: int, what: str, sentence: str) -> None:
        """Write down that something out of the ordinary happened."""
        self._write({"kind": "note", "step": step, "what": what, "sentence": sentence}, {})
        self._run.log(f"step {step}: {sentence}")
        self._emit({"event": "note", "run": self._run.name, "step": step, "what": what, "sentence": sentence})

    def checkpoint(self, step: int, best: bool) -> None:
        """Say that a checkpoint stands."""
        self._emit({"event": "checkpoint", "run": self._run.name, "step": step, "best": best})

    def end(self, step: int, state: State, message: str) -> None:
        """Write down how the run ended."""
        self.close()
        self.status.state, self.status.message, self.status.eta_s = state, message, None
        self._run.write_status(self.status)
        self._emit({"event": "done", "run": self._run.name, "step": step, "loss": self.status.loss, "state": state})

    def close(self) -> None:
        """Close the files; the next record opens them again."""
        if self._metrics:
            self._metrics.close()
        if self._events:
            self._events.close()
        self._metrics = self._events = None

    def _write(self, record: dict[str, Any], scalars: dict[str, float]) -> None:
        if self._metrics is None or self._events is None:
            self._metrics = Appender(self._run.folder / "metrics.jsonl")
            self._events = EventWriter(self._run.folder)
        self._metrics.write(json.dumps(record).encode() + b"\n")
        if scalars:
            self._events.add(record["step"], scalars)


class Silence(Journal):
    """The journal of a process that trains along with the one that writes."""

    def cut(self, step: int) -> None:
        """Write nothing."""

    def step(self, step: int, loss: float, rate: float, scores: BatchScores) -> None:
        """Write nothing."""

    def count(self, step: int) -> None:
        """Write nothing."""

    def validation(self, step: int, rate: float, validated: Validation, best: bool) -> None:
        """Write nothing."""

    def note(self, step: int, what: str, sentence: str) -> None:
        """Write nothing."""

    def checkpoint(self, step: int, best: bool) -> None:
        """Write nothing."""

    def end(self, step: int, state: State, message: str) -> None:
        """Write nothing."""


def _tags(part: str, record: dict[str, Any]) -> dict[str, float]:
    return {
        f"{name}/{part}/{region}": value
        for name in ("dice", "iou")
        for region, value in record[name].items()
        if value is not None
    }


class _Rate:
    """Slices per second over the last steps, and when the next status is due."""

    WINDOW = 20

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._marks: list[tuple[float, int]] = [(self._start, 0)]
        self._said = -HEARTBEAT_S

    def count(self, slices: int) -> None:
        self._marks.append((time.perf_counter(), self._marks[-1][1] + slices))
        del self._marks[: -self.WINDOW]

    @property
    def is_time_to_say(self) -> bool:
        if self.elapsed_s - self._said < HEARTBEAT_S:
            return False
        self._said = self.elapsed_s
        return True

    @property
    def elapsed_s(self) -> float:
        return self._marks[-1][0] - self._start

    @property
    def slices_per_s(self) -> float | None:
        (first, before), (last, after) = self._marks[0], self._marks[-1]
        return (after - before) / (last - first) if last > first else None
