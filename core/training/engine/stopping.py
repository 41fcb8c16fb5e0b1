"""What the validations so far mean: which is best, whether the rate falls, whether to go on. Functions of the past."""

from __future__ import annotations

from collections.abc import Sequence

History = Sequence[float]  # one value for each validation, higher is better


def is_best(history: History) -> bool:
    """Say whether the latest validation is better than every one before."""
    return all(earlier < history[-1] for earlier in history[:-1])


def waited(history: History, min_delta: float) -> int:
    """Return how many of the latest validations in a row were not better by more than `min_delta`."""
    best, count = None, 0
    for value in history:
        if best is None or value > best + min_delta:
            best, count = value, 0
        else:
            count += 1
    return count


def reductions(history: History, patience: int, min_delta: float) -> int:
    """Return how often the rate has fallen: each time `patience` validations in a row brought nothing better.

    After a fall the count starts again; the best so far stays.
    """
    best, count, fallen = None, 0, 0
    for value in history:
        if best is None or value > best + min_delta:
            best, count = value, 0
            continue
        count += 1
        if count == patience:
            fallen, count = fallen + 1, 0
    return fallen


def early_end(history: History, patience: int | None, min_delta: float, monitor: str) -> str | None:
    """Say why a run ends before its time, or return None while it goes on."""
    since = waited(history, min_delta)
    if patience is None or since < patience:
        return None
    return f"stopped early: no better validation {monitor} in the last {since} validations (train.stopping.patience)"
