"""One case: a prediction and its reference become the scores of every region."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from core.errors import RefusedError
from core.metrics import METRICS, metric_named
from core.metrics.case_masks import TOLERANCE_MM, Shape
from core.metrics.empty_masks import POLICIES, EmptyMaskPolicy, score
from core.metrics.mean_iou import mean_iou
from core.metrics.pair import RegionPair, compare_regions
from core.metrics.spec import MetricSpec
from core.metrics.surface import Bits
from core.volume import Geometry

RegionScores = dict[str, float | int | str | None]
CaseScores = dict[str, RegionScores]

DEFAULT_METRICS = (
    "dice",
    "iou",
    "precision",
    "recall",
    "hd95_mm",
    "assd_mm",
    "nsd",
    "volume_error_ml",
    "lesion_dice",
    "lesion_hd95_mm",
    "lesion_f1",
)
DEFAULT_POLICY = POLICIES["leave-out"]


@dataclass(frozen=True, slots=True)
class Scoring:
    """How cases are scored.

    Attributes:
        metrics: names out of `METRICS`.
        policy: what empty masks mean.
        tolerance_mm: how far apart two surfaces may be and still agree: what NSD tolerates.

    Raises:
        RefusedError: the tolerance is not a distance.
    """

    metrics: tuple[str, ...] = DEFAULT_METRICS
    policy: EmptyMaskPolicy = DEFAULT_POLICY
    tolerance_mm: float = TOLERANCE_MM

    def __post_init__(self) -> None:
        if not (isfinite(self.tolerance_mm) and self.tolerance_mm >= 0):
            raise RefusedError(
                f"found an NSD tolerance of {self.tolerance_mm} mm, expected a distance of 0 mm or more; "
                f"{TOLERANCE_MM:g} mm is usual"
            )


DEFAULT_SCORING = Scoring()

_NO_VOXEL_SIZES = "the image has no voxel sizes, so nothing is in ml"


def score_case(
    prediction: Bits,
    reference: Bits,
    region_names: Sequence[str],
    geometry: Geometry | None,
    *,
    shape: Shape | None = None,
    scoring: Scoring = DEFAULT_SCORING,
) -> CaseScores:
    """Score one case on its native grid.

    Empty masks: as the policy says. A metric without a number is None with `<metric>_reason` beside it, one whose
    number the policy set has `<metric>_flag`; a region with an empty reference reports `false_positive_ml`.

    Args:
        prediction: (X, Y, Z) uint8, bit r set where region r was predicted.
        reference: (X, Y, Z) uint8, bit r set where region r is.
        region_names: the name of each bit.
        geometry: where the voxels are; None for images without it, whose mm and ml are None with the reason.
        shape: of the whole native image, when the arrays are cut to a box that holds both masks.
        scoring: which metrics, and what empty masks mean.

    Returns:
        For each region its metrics and what stands beside them, such as counts of lesions, then `volume_ml`,
        `reference_volume_ml`, `prediction_voxels`, `reference_voxels`.

    Raises:
        ValueError: the arrays are not two region volumes of one shape, or a metric is unknown.
    """
    specs = metrics_for(scoring.metrics, geometry)
    pairs = compare_regions(prediction, reference, len(region_names), geometry, shape, scoring.tolerance_mm)
    return {name: _score_region(pair, specs, scoring.policy) for name, pair in zip(region_names, pairs, strict=True)}


def score_whole_case(scores: CaseScores) -> dict[str, float | None]:
    """Return what is said of a case over all of its regions: `mean_iou`, of the class-wise IoU that regions have.

    Args:
        scores: what `score_case` returned, IoU among it.
    """
    return {"mean_iou": mean_iou({region: number_or_none(entry.get("iou")) for region, entry in scores.items()})}


def number_or_none(value: float | str | None) -> float | None:
    """Return what a region's scores hold under a metric's name, or None where that is no number."""
    return float(value) if isinstance(value, int | float) else None


def metrics_for(names: Iterable[str], geometry: Geometry | None) -> tuple[MetricSpec, ...]:
    """Return the metrics called `names`, each followed by its stand-in where there is no geometry.

    Raises:
        UnknownMetricError: a name is not in `METRICS`.
    """
    specs: dict[str, MetricSpec] = {}
    for name in names:
        specs[name] = spec = metric_named(name)
        if geometry is None and spec.without_geometry is not None:
            specs[spec.without_geometry] = metric_named(spec.without_geometry)
    return tuple(specs.values())


def scoring_words(scoring: Scoring = DEFAULT_SCORING) -> dict[str, Any]:
    """Say what the scores mean: the empty-mask policy, NSD's tolerance and each metric's definition, as JSON."""
    return {
        "empty_masks": scoring.policy.to_json(),
        "nsd_tolerance_mm": scoring.tolerance_mm,
        "metrics": {
            name: {
                "title": spec.title,
                "unit": spec.unit,
                "direction": spec.direction,
                "definition": spec.definition,
                "citation": spec.citation,
            }
            for name, spec in METRICS.items()
            if name in scoring.metrics
        },
    }


def _score_region(pair: RegionPair, metrics: Iterable[MetricSpec], policy: EmptyMaskPolicy) -> RegionScores:
    scores: RegionScores = {}
    for metric in metrics:
        result = score(metric, pair, policy)
        scores[metric.name] = result.value
        if result.reason is not None:
            scores[f"{metric.name}_reason"] = result.reason
        if result.flag is not None:
            scores[f"{metric.name}_flag"] = result.flag
        if metric.beside is not None and (pair.geometry is not None or not metric.needs_geometry):
            scores |= metric.beside(pair)
    counts = pair.confusion
    _put_volume(scores, "volume_ml", counts.prediction_voxels, pair.geometry)
    _put_volume(scores, "reference_volume_ml", counts.reference_voxels, pair.geometry)
    if counts.reference_voxels == 0:
        _put_volume(scores, "false_positive_ml", counts.prediction_voxels, pair.geometry)
    scores["prediction_voxels"] = counts.prediction_voxels
    scores["reference_voxels"] = counts.reference_voxels
    return scores


def _put_volume(scores: RegionScores, name: str, voxels: int, geometry: Geometry | None) -> None:
    if geometry is None:
        scores[name], scores[f"{name}_reason"] = None, _NO_VOXEL_SIZES
    else:
        scores[name] = voxels * geometry.voxel_ml
