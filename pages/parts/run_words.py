"""What the pages say about a run."""

from __future__ import annotations

from core.training.run_folder import ACTIVE, Status

LABELS = {
    "queued": "starting",
    "running": "running",
    "paused": "paused",
    "stopped": "stopped",
    "done": "done",
    "failed": "failed",
}


def run_title(title: str, run: str) -> str:
    """Return a run's title with its number, which tells two runs of one recipe apart."""
    return f"{title} · {run_number(run)}"


def run_number(run: str) -> str:
    """Return the number that ends a run's name."""
    return run.rpartition("-")[2]


def progress_words(status: Status, batch_size: int) -> str:
    """Say how far a run is, how fast it goes and when it will be done."""
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
    else:
        words.append(f"batches of {batch_size}")
        if status.parameters:
            words.append(f"{status.parameters / 1e6:.1f} M parameters")
    return " · ".join(word for word in words if word)


def time_left(seconds: float | None) -> str:
    """Say how long a run still takes; nothing where that is not known yet."""
    return "" if seconds is None else f"{span(seconds)} left"


def span(seconds: float) -> str:
    """Say a duration in its natural unit."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def scientific(value: float) -> str:
    """Write a small number as people write learning rates: 6.1e-4."""
    digits, _, exponent = f"{value:.1e}".partition("e")
    return f"{digits.removesuffix('.0')}e{int(exponent)}" if value else "0"
