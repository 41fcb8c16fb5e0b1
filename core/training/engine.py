"""The training loop: a deterministic function of the recipe, the cases and the step it starts from."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.checkpoints import Card, write_checkpoint
from core.data.store import SlicedCase
from core.errors import JobFailedError
from core.inference.device import Compute
from core.inference.predictor import Predictor
from core.losses import build_loss
from core.recipe import Recipe
from core.training.resume import RESUME_FILES, load_resume, resume_files
from core.training.run_folder import HEARTBEAT_S, RunFolder, State, Status
from core.training.sampling import Batch, SliceSampler
from core.training.schedule import build_optimizer, learning_rate
from core.training.snapshots import choose_slices, write_fixed, write_snapshot
from core.training.validation import Validation, validate

if TYPE_CHECKING:
    from torch import nn

Emit = Callable[[dict[str, Any]], None]


class TrainingFailedError(JobFailedError):
    """A training cannot go on; the message says why and what to do."""


@dataclass(slots=True)
class Ingredients:
    """What a training needs besides its run folder."""

    recipe: Recipe
    model: nn.Module
    card: Card
    compute: Compute
    sampler: SliceSampler
    validation: Sequence[SlicedCase]


class Trainer:
    """Runs one training to its end, a request to stop, or a failure."""

    def __init__(self, run: RunFolder, parts: Ingredients, emit: Emit, asked_to_end: Callable[[], str | None]) -> None:
        import torch

        self._run = run
        self._parts = parts
        self._emit = emit
        self._asked_to_end = asked_to_end
        self._recipe = recipe = parts.recipe
        # what use_deterministic_algorithms does, without importing torch's compiler, which takes four seconds
        torch.set_deterministic_debug_mode("error" if parts.compute.device == "cpu" else "default")
        self._predictor = Predictor(parts.model, parts.card.inference, parts.compute)  # moves the model
        self._optimizer = build_optimizer(recipe.optim, parts.model)
        self._loss = build_loss(recipe.loss.name, recipe.loss.arguments, recipe.target.kind)
        self._fixed = choose_slices(parts.validation)
        self._epoch_steps = max(1, math.ceil(parts.sampler.slices / recipe.train.batch_size))
        self.total = min(recipe.train.epochs * self._epoch_steps, recipe.train.max_steps or 2**62)
        self._step = 0
        self._best: float | None = None
        self._losses: list[float] = []
        self._rate = _Rate()

    def resume(self) -> None:
        """Go back to the last checkpoint, if there is one, and forget what was measured after it."""
        if last := self._run.pointed("last"):
            facts = load_resume(last, self._parts.model, self._optimizer)
            self._step, self._best = facts["step"], facts["best"]
        self._run.cut_metrics(self._step)
        for record in self._run.metrics():  # so that the epoch under way gets the mean loss of all its steps
            if record["kind"] == "step":
                self._losses.append(record["loss"])
            else:
                self._losses.clear()

    def train(self, status: Status) -> State:
        """Train until the end.

        Returns:
            `done`, or what was asked for: `stopped` or `paused`.

        Raises:
            TrainingFailedError: the loss or its gradient is no longer a number.
        """
        status.total_steps, status.steps_per_epoch = self.total, self._epoch_steps
        self._prepare_snapshots()
        ending: State = "done"
        for step, batch in self._batches():
            loss = self._optimise(step, batch)
            self._step = step
            self._rate.count(len(batch.images))
            self._report(status, loss)
            asked = self._asked_to_end() if step < self.total else None
            validated = self._validation() if self._validation_is_due() else None
            if validated or asked or self._checkpoint_is_due():
                self._checkpoint(validated)
            if asked:
                ending = "stopped" if asked == "stop" else "paused"
                break
        status.state = ending
        status.eta_s = None
        self._run.write_status(status)
        self._emit({"event": "done", "run": self._run.name, "step": self._step, "loss": status.loss, "state": ending})
        return ending

    def _batches(self) -> Iterator[tuple[int, Batch]]:
        """Yield the batches to come, the next one made while this one is computed."""
        size = self._recipe.train.batch_size
        with ThreadPoolExecutor(1) as loader:
            coming = loader.submit(self._parts.sampler.batch, self._step + 1, size)
            for step in range(self._step + 1, self.total + 1):
                batch = coming.result()
                if step < self.total:
                    coming = loader.submit(self._parts.sampler.batch, step + 1, size)
                yield step, batch

    def _optimise(self, step: int, batch: Batch) -> float:
        import torch

        compute, optim, model = self._parts.compute, self._recipe.optim, self._parts.model
        torch.manual_seed(_step_seed(self._recipe.train.seed, step))  # dropout depends on the step alone
        layout = torch.channels_last if compute.channels_last else torch.contiguous_format
        images = torch.from_numpy(batch.images).to(compute.device, memory_format=layout)
        targets = torch.from_numpy(batch.targets).to(compute.device)
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(optim, step, self.total)
        model.train()
        with torch.autocast(compute.device.partition(":")[0], torch.bfloat16, enabled=compute.bf16):
            logits = model(images)
        loss = self._loss(logits, targets)
        value = float(loss.detach())
        _require_finite("loss", value, step)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        # an infinite bound clips nothing
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), optim.clip_norm or math.inf)
        _require_finite("gradient's norm", float(norm), step)
        self._optimizer.step()
        return value

    def _report(self, status: Status, loss: float) -> None:
        self._losses.append(loss)
        rate = learning_rate(self._recipe.optim, self._step, self.total)
        self._emit(
            {"event": "step", "run": self._run.name, "step": self._step, "of": self.total, "loss": loss, "lr": rate}
        )
        self._run.append_metrics({"kind": "step", "step": self._step, "loss": loss, "lr": rate})
        status.step, status.loss, status.learning_rate = self._step, loss, rate
        status.slices_per_s, status.elapsed_s = self._rate.slices_per_s, self._rate.elapsed_s
        if status.slices_per_s:
            remaining = (self.total - self._step) * self._recipe.train.batch_size
            status.eta_s = remaining / status.slices_per_s
        if time.time() - status.heartbeat > HEARTBEAT_S or self._step == 1:
            self._run.write_status(status)

    def _validation_is_due(self) -> bool:
        every = self._recipe.train.validate_every_steps or self._epoch_steps
        return bool(self._parts.validation) and (self._step % every == 0 or self._step == self.total)

    def _checkpoint_is_due(self) -> bool:
        return self._step % self._recipe.train.checkpoint_every_steps == 0 or self._step == self.total

    def _validation(self) -> Validation:
        validated = validate(self._predictor, self._parts.validation, self._loss)
        _require_finite("validation loss", validated.loss, self._step)
        mean_loss = float(np.mean(self._losses))
        self._losses.clear()
        record = {
            "step": self._step,
            "epoch": self._step / self._epoch_steps,
            "loss": mean_loss,
            "validation_loss": validated.loss,
            "dice": validated.dice,
        }
        self._run.append_metrics({"kind": "validation", **record})
        self._emit({"event": "epoch", "run": self._run.name, **record})
        write_snapshot(self._run.folder, self._step, self._predictor, self._parts.validation, self._fixed)
        return validated

    def _checkpoint(self, validated: Validation | None) -> None:
        is_best = validated is not None and (self._best is None or validated.score > self._best)
        if validated is not None and is_best:
            self._best = validated.score
        scores = validated.to_json() if validated else None
        card = self._parts.card.model_copy(update={"steps": self._step, "validation_scores": scores})
        facts = {"step": self._step, "best": self._best}
        state = resume_files(self._parts.model, self._optimizer, facts)
        write_checkpoint(self._run.checkpoint_folder(self._step), self._parts.model.state_dict(), card, state)
        if is_best:  # before `last`: a run killed in between forgets the step, and with it that this was the best
            self._run.point("best", self._step)
        self._run.point("last", self._step)
        self._run.prune(RESUME_FILES)
        self._emit({"event": "checkpoint", "run": self._run.name, "step": self._step, "best": is_best})

    def _prepare_snapshots(self) -> None:
        if self._fixed:
            modalities = self._parts.validation[0].modalities
            channel = modalities.index("t1c") if "t1c" in modalities else 0
            write_fixed(self._run.folder, self._parts.validation, self._fixed, channel)


class _Rate:
    """Slices per second over the last steps."""

    WINDOW = 20

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._marks: list[tuple[float, int]] = [(self._start, 0)]

    def count(self, slices: int) -> None:
        self._marks.append((time.perf_counter(), self._marks[-1][1] + slices))
        del self._marks[: -self.WINDOW]

    @property
    def elapsed_s(self) -> float:
        return self._marks[-1][0] - self._start

    @property
    def slices_per_s(self) -> float | None:
        (first, before), (last, after) = self._marks[0], self._marks[-1]
        return (after - before) / (last - first) if last > first else None


def _require_finite(what: str, value: float, step: int) -> None:
    if not math.isfinite(value):
        raise TrainingFailedError(
            f"the {what} is {value} at step {step}; the last checkpoint is kept: lower optim.lr and start again"
        )


def _step_seed(seed: int, step: int) -> int:
    return int(np.random.SeedSequence([seed, step, 1]).generate_state(1, np.uint32)[0])
