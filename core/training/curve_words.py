"""What a run's curves say, in words: the best validation, how early it came close, and whether it overfits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.training.curves import Curves, ValidationPoint

CLOSE_TO_BEST = 0.95
ENOUGH = 3  # validations that a direction is read from
CLEARLY = 0.01  # of the lowest validation loss: less is noise


def in_words(curves: Curves, steps_per_epoch: int = 0, *, is_over: bool = False) -> str:
    """Say which validation was best, how early the run came close to it, and how training and validation differ.

    Args:
        curves: what the run has measured.
        steps_per_epoch: to name validations by their epoch where each lies at the end of one.
        is_over: whether nothing more will be measured.
    """
    points = curves.validations
    best = curves.best
    if best is None:
        return "No validation yet."
    name = _Moments(points, steps_per_epoch)
    said = [f"{'Best' if is_over else 'Best so far'}: {name(best)}, mean Dice {best.score:.2f}.", *_gap(best)]
    near = next(point for point in points if point.score >= CLOSE_TO_BEST * best.score)
    if near.step < best.step:
        said.append(f"95 % of the best was reached at {name(near)}.")
    since = overfitting_since(points)
    after = sum(point.step > best.step for point in points)
    if since is not None:
        said.append(f"Overfitting since {name(since)}: validation loss rises while training loss falls.")
    elif after >= ENOUGH:
        said.append(f"No better in the {after} validations since.")
    elif len(points) > ENOUGH and all(point.training_loss is not None for point in points):
        said.append("Training and validation run together: no sign of overfitting.")
    if unseen := [region for region, value in points[-1].dice.items() if value is None]:
        said.append(f"{' and '.join(unseen)} cannot be scored: no validation patient has any.")
    return " ".join(said)


def overfitting_since(points: Sequence[ValidationPoint]) -> ValidationPoint | None:
    """Return the validation from which on a run learns its training cases by heart, or None.

    It is the one with the lowest validation loss, where at least three have come since, the straight line through
    the validation losses from there on (least squares) rises and the one through the training losses falls, and the
    newest validation loss lies more than 1 % above the lowest.
    """
    if not points:
        return None
    lowest = min(range(len(points)), key=lambda index: points[index].loss)
    since = points[lowest:]
    training = [point.training_loss for point in since if point.training_loss is not None]
    if len(since) <= ENOUGH or len(training) < len(since):
        return None
    steps = [point.step for point in since]
    validation = [point.loss for point in since]
    clearly = validation[-1] > validation[0] + CLEARLY * abs(validation[0])
    return points[lowest] if clearly and _slope(steps, validation) > 0 > _slope(steps, training) else None


def _slope(steps: Sequence[int], values: Sequence[float]) -> float:
    return float(np.polyfit(steps, values, 1)[0])


def _gap(best: ValidationPoint) -> list[str]:
    trained = best.training_score
    if trained is None:
        return []
    return [
        f"Training batches reach {trained:.2f} there, {abs(trained - best.score):.2f} {_side(trained, best.score)}."
    ]


def _side(trained: float, validated: float) -> str:
    return "more" if trained >= validated else "less"


class _Moments:
    """Names validations: by epoch where all lie at the end of one, else by step."""

    def __init__(self, points: Sequence[ValidationPoint], steps_per_epoch: int) -> None:
        # the last step validates wherever it lies
        whole = all(point.step % steps_per_epoch == 0 for point in points[:-1]) if steps_per_epoch else False
        self._epoch = steps_per_epoch if whole and points[0].step >= steps_per_epoch else 0

    def __call__(self, point: ValidationPoint) -> str:
        return f"epoch {-(-point.step // self._epoch)}" if self._epoch else f"step {point.step:,}"
