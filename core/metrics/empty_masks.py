"""What a score means when a mask is empty: a choice, so it is a value that travels with the scores."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import hypot
from typing import Any, Literal

from core.errors import RefusedError
from core.metrics.pair import RegionPair
from core.metrics.spec import Kind, MetricSpec, NothingToScoreError
from core.registry import look_up

# "left out": no number. "computed": the formula holds. "best": what a perfect prediction scores.
# "image diagonal": the largest distance the image allows.
Outcome = float | Literal["left out", "computed", "best", "image diagonal"]

# The diagonal of the BraTS grid, 240 x 240 x 155 voxels of 1 mm: 373.13.
BRATS_DIAGONAL_MM = hypot(240, 240, 155)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The score of each kind of metric in one situation."""

    overlap: Outcome
    distance: Outcome
    volume: Outcome
    background: Outcome
    lesions: Outcome

    def of(self, kind: Kind) -> Outcome:
        outcomes: dict[Kind, Outcome] = {
            "overlap": self.overlap,
            "distance": self.distance,
            "volume": self.volume,
            "background": self.background,
            "lesions": self.lesions,
        }
        return outcomes[kind]


@dataclass(frozen=True, slots=True)
class EmptyMaskPolicy:
    """What is scored when the reference, the prediction or both are empty.

    Attributes:
        name: how the policy is chosen.
        words: what it does, for a reader of the table.
        both_empty: neither mask holds a voxel.
        reference_empty: only the prediction holds voxels, all of them false.
        prediction_empty: only the reference holds voxels, all of them missed.
    """

    name: str
    words: str
    both_empty: Outcomes
    reference_empty: Outcomes
    prediction_empty: Outcomes

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Score:
    """One value, or why there is none.

    Attributes:
        value: the number, or None.
        reason: why it is None.
        flag: why the number is not what the formula gives.
    """

    value: float | None
    reason: str | None = None
    flag: str | None = None


_LEFT_OUT = Outcomes("left out", "left out", "left out", "left out", "left out")

POLICIES: dict[str, EmptyMaskPolicy] = {
    "leave-out": EmptyMaskPolicy(
        name="leave-out",
        words="a region whose reference is empty is left out for every model, its false-positive ml stand beside; "
        "a missed region scores Dice 0 and, as distance, the image diagonal",
        both_empty=_LEFT_OUT,
        reference_empty=_LEFT_OUT,
        prediction_empty=Outcomes(0.0, "image diagonal", "computed", "computed", "computed"),
    ),
    "brats": EmptyMaskPolicy(
        name="brats",
        words="both masks empty score Dice 1 and HD95 0, one of them empty Dice 0 and HD95 373.13",
        both_empty=Outcomes(1.0, 0.0, "computed", "computed", "best"),
        reference_empty=Outcomes(0.0, BRATS_DIAGONAL_MM, "computed", "computed", "computed"),
        prediction_empty=Outcomes(0.0, BRATS_DIAGONAL_MM, "computed", "computed", "computed"),
    ),
}


class UnknownPolicyError(RefusedError):
    """A policy name that is not one of `POLICIES`."""


def policy_named(name: str) -> EmptyMaskPolicy:
    """Return the policy called `name`.

    Raises:
        UnknownPolicyError: no such policy; the message lists the known ones.
    """
    return look_up(POLICIES, name, "empty-mask policy", UnknownPolicyError)


def score(metric: MetricSpec, pair: RegionPair, policy: EmptyMaskPolicy) -> Score:
    """Score one region by one metric.

    Empty masks: as `policy` says; a value that the policy set instead of the formula is flagged.

    Args:
        metric: what to compute.
        pair: prediction and reference of the region.
        policy: what empty masks mean.
    """
    if metric.needs_geometry and pair.geometry is None:
        stand_in = f"; {metric.without_geometry} is given instead" if metric.without_geometry else ""
        return Score(None, reason=f"the image has no voxel sizes, so nothing is in {metric.unit or 'mm'}{stand_in}")
    predicted, referred = pair.confusion.prediction_voxels > 0, pair.confusion.reference_voxels > 0
    if predicted and referred:
        return _computed(metric, pair, policy)
    if referred:
        situation, outcomes = "the prediction is empty", policy.prediction_empty
    elif predicted:
        situation, outcomes = "the reference is empty", policy.reference_empty
    else:
        situation, outcomes = "reference and prediction are empty", policy.both_empty
    outcome = outcomes.of(metric.kind)
    if outcome == "left out":
        return Score(None, reason=situation)
    if outcome == "computed":
        return _computed(metric, pair, policy)
    if outcome == "image diagonal":
        return Score(_diagonal(pair, metric), flag=f"{situation}: the image diagonal stands for the distance")
    return _set(outcome, metric, situation, policy)


def _computed(metric: MetricSpec, pair: RegionPair, policy: EmptyMaskPolicy) -> Score:
    try:
        return Score(metric.function(pair))
    except NothingToScoreError as nothing:
        # masks that hold voxels but no lesion that counts are, for lesions, empty
        outcome = policy.both_empty.of(metric.kind) if metric.kind == "lesions" else "left out"
        if outcome == "left out":
            return Score(None, reason=str(nothing))
        return _set(outcome, metric, str(nothing), policy)


def _set(outcome: Outcome, metric: MetricSpec, situation: str, policy: EmptyMaskPolicy) -> Score:
    value = metric.best if outcome == "best" else float(outcome)
    return Score(value, flag=f"{situation}: set by the {policy.name} policy")


def _diagonal(pair: RegionPair, metric: MetricSpec) -> float:
    spacing = pair.geometry.spacing_mm if metric.needs_geometry and pair.geometry else (1.0, 1.0, 1.0)
    return hypot(*(n * step for n, step in zip(pair.shape, spacing, strict=True)))
