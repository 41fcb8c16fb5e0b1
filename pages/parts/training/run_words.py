"""What the pages say about a run."""

from __future__ import annotations

from core.jobs.machine import Use
from core.training.foresight.duration import size, span
from core.training.runs.run_folder import ACTIVE, Status

__all__ = ["LABELS", "place_words", "progress_words", "run_number", "run_title", "scientific", "span", "use_words"]

LABELS = {
    "queued": "starting",
    "running": "running",
    "paused": "paused",
    "stopped": "stopped",
    "done": "done",
    "failed": "failed",
}
SILENT_S = 30.0  # without a heartbeat, until that is said


def run_title(title: str, run: str) -> str:
    """Return a run's title with its number, which tells two runs of one recipe apart."""
    return f"{title} · {run_number(run)}"


def run_number(run: str) -> str:
    """Return the number that ends a run's name."""
    return run.rpartition("-")[2]


def place_words(position: int) -> str:
    """Say where in the queue a run waits, counted from 1."""
    ending = "th" if 10 <= position % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(position % 10, "th")
    return f"waiting ({position}{ending})"


def progress_words(status: Status, batch_size: int, position: int | None = None, now: float | None = None) -> str:
    """Say how far a run is, how fast it goes and when it will be done.

    Args:
        status: of the run.
        batch_size: of its recipe.
        position: in its device's queue, from 1, where it waits.
        now: seconds since the epoch, to say where a heartbeat is overdue.
    """
    if position is not None:
        return f"{place_words(position)} for {status.device}"
    if not status.total_steps:
        waiting = "starting: the data and the network are being loaded"
        return waiting if status.state in ACTIVE else f"{LABELS[status.state]} before the first step"
    words = [] if status.state == "running" else [LABELS[status.state]]
    if status.steps_per_epoch and status.total_steps > status.steps_per_epoch:
        epochs = -(-status.total_steps // status.steps_per_epoch)
        epoch = min(epochs, status.step // status.steps_per_epoch + 1)
        words.append(f"epoch {epoch} of {epochs}")
    words.append(f"step {status.step:,} of {status.total_steps:,}")
    if status.state == "running":
        if status.slices_per_s:
            words.append(f"{status.slices_per_s:.1f} slices/s")
        if status.learning_rate is not None:
            words.append(f"learning rate {scientific(status.learning_rate)}")
        words.append(time_left(status.eta_s))
        if now is not None and now - status.heartbeat > SILENT_S:
            words.append(f"no word for {span(now - status.heartbeat)}")
    else:
        words.append(f"batches of {batch_size}")
        if status.parameters:
            words.append(f"{status.parameters / 1e6:.1f} M parameters")
    return " · ".join(word for word in words if word)


def use_words(use: Use | None) -> str:
    """Say what a run's process uses of the machine; a busy core is 100 %."""
    if use is None:
        return ""
    words = [] if use.cpu_share is None else [f"CPU {round(100 * use.cpu_share)} %"]
    words.append(f"{size(use.memory_bytes)} memory")
    if use.gpu_bytes is not None:
        busy = "" if use.gpu_share is None else f"GPU {round(100 * use.gpu_share)} %, "
        words.append(f"{busy}{size(use.gpu_bytes)} on it")
    return " · ".join(words)


def time_left(seconds: float | None) -> str:
    """Say how long a run still takes; nothing where that is not known yet."""
    return "" if seconds is None else f"{span(seconds)} left"


def scientific(value: float) -> str:
    """Write a small number as people write learning rates: 6.1e-4."""
    digits, _, exponent = f"{value:.1e}".partition("e")
    return f"{digits.removesuffix('.0')}e{int(exponent)}" if value else "0"
