"""Where a model failed: worst cases and slices, lesions missed and invented, each with a place to look at.

A lesion is a 26-connected component. One of the reference that shares no voxel with the prediction was missed, one of
the prediction that shares none with the reference was invented.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from core.evaluation.scoring import CaseScores
from core.metrics import METRICS
from core.volume import Box, Geometry

Bits = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
# how large and where: voxels, ml or None, slice and voxel (RAS+ indices of the full grid), or None for nothing
Spot = dict[str, Any]
# region to `errors` (a spot), `slices` (spots with their Dice), `missed` and `invented` (spots, largest first)
CaseFailures = dict[str, dict[str, Any]]

MOST = 20  # slices, missed and invented lesions of one region that are kept of a case
RANKED = ("dice", "nsd", "hd95_mm", "hd95_px")  # by which cases are ranked unless metrics are named
LESIONS = {"missed-lesion": "missed", "invented-lesion": "invented"}


def find_failures(
    prediction: Bits, reference: Bits, regions: Sequence[str], geometry: Geometry | None, most: int = MOST
) -> CaseFailures:
    """Look for what is wrong in one case.

    Empty masks: an empty reference has no missed lesion and an empty prediction no invented one; with both empty
    nothing is wrong.

    Args:
        prediction: (X, Y, Z) uint8, bit r set where region r was predicted.
        reference: (X, Y, Z) uint8, bit r set where region r is.
        regions: the name of each bit.
        geometry: where the voxels are; None for images without it, whose failures have no ml.
        most: how many slices, missed and invented lesions of a region are kept.

    Returns:
        Region to its wrong voxels (false or missed), its slices with the lowest Dice (of equal ones those with more
        wrong voxels first) and its lesions without any overlap, largest first.
    """
    box = Box.around((prediction | reference) != 0)
    if box is None:
        return {name: {"errors": _nothing(geometry), "slices": [], "missed": [], "invented": []} for name in regions}
    predicted, referred = box.crop(prediction), box.crop(reference)
    place = _Place(box.start, None if geometry is None else geometry.voxel_ml)
    found: CaseFailures = {}
    for bit, name in enumerate(regions):
        ours, truth = predicted >> bit & 1 == 1, referred >> bit & 1 == 1
        wrong = ours ^ truth
        found[name] = {
            "errors": place.spot(wrong) if wrong.any() else _nothing(geometry),
            "slices": list(_worst_slices(ours, truth, wrong, place, most)),
            "missed": list(_without_overlap(truth, ours, place, most)),
            "invented": list(_without_overlap(ours, truth, place, most)),
        }
    return found


def rank_failures(
    found: Mapping[str, CaseFailures], scores: Mapping[str, CaseScores], metrics: Sequence[str], most: int
) -> list[dict[str, Any]]:
    """Rank what went wrong over the cases of one model.

    Args:
        found: case id to what `find_failures` returned.
        scores: case id to what `score_case` returned.
        metrics: by which cases are ranked, names out of `METRICS`; a case without a number is not ranked.
        most: how many of each region, kind and metric.

    Returns:
        JSON entries, region by region: worst cases by each metric, worst slices by Dice, missed and invented lesions
        by volume. Each has case, region, kind, metric, value, ml, voxels, slice and voxel; of a case these say how
        much of it is wrong, and where most of that is.
    """
    regions = dict.fromkeys(region for case in found.values() for region in case)
    ranked: list[dict[str, Any]] = []
    for region in regions:
        cases = {case: each[region] for case, each in sorted(found.items()) if region in each}
        for metric in metrics:
            ranked += _worst_cases(cases, scores, region, metric)[:most]
        ranked += _worst_of_slices(cases, region)[:most]
        for kind, key in LESIONS.items():
            ranked += _lesions(cases, region, kind, key)[:most]
    return ranked


class _Place:
    """Turns parts of a box into spots of the full grid."""

    def __init__(self, start: tuple[int, int, int], voxel_ml: float | None) -> None:
        self.start = start
        self.voxel_ml = voxel_ml

    def spot(self, mask: Mask, offset: Sequence[int] = (0, 0, 0)) -> Spot:
        """Say how much a mask (x, y, z) with at least one voxel holds, and where most of it is seen on one slice."""
        per_slice = mask.sum(axis=(0, 1))
        z = int(per_slice.argmax())
        x, y = _middle(mask[:, :, z])
        at = [int(a + b + c) for a, b, c in zip(self.start, offset, (x, y, z), strict=True)]
        return {**self.size(int(per_slice.sum())), "slice": at[2], "voxel": at}

    def size(self, voxels: int) -> Spot:
        return {"voxels": voxels, "ml": None if self.voxel_ml is None else voxels * self.voxel_ml}


def _nothing(geometry: Geometry | None) -> Spot:
    return {"voxels": 0, "ml": None if geometry is None else 0.0, "slice": None, "voxel": None}


def _middle(mask: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Return the pixel of a mask (x, y) nearest to its centroid: a crosshair that hits it, however it is bent."""
    points = np.argwhere(mask)
    x, y = points[((points - points.mean(axis=0)) ** 2).sum(axis=1).argmin()]
    return int(x), int(y)


def _worst_slices(ours: Mask, truth: Mask, wrong: Mask, place: _Place, most: int) -> Iterator[Spot]:
    predicted, referred, errors = (mask.sum(axis=(0, 1)) for mask in (ours, truth, wrong))
    both = (predicted + referred - errors) // 2
    there = np.flatnonzero(errors)
    dice = 2 * both[there] / (predicted + referred)[there]
    for index in np.lexsort((there, -errors[there], dice))[:most]:
        z = int(there[index])
        yield {"dice": float(dice[index]), **place.spot(wrong[:, :, z : z + 1], (0, 0, z))}


def _without_overlap(mask: Mask, other: Mask, place: _Place, most: int) -> Iterator[Spot]:
    """Yield the components of a mask that share no voxel with the other, largest first."""
    if not mask.any():
        return
    from scipy import ndimage

    labels, count = ndimage.label(mask, np.ones((3, 3, 3)))
    alone = np.ones(count + 1, np.bool_)
    alone[0] = False
    alone[np.unique(labels[other])] = False
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    boxes = ndimage.find_objects(labels)
    chosen = np.flatnonzero(alone)
    for label in chosen[np.argsort(-sizes[chosen], kind="stable")][:most]:
        where = boxes[label - 1]
        yield place.spot(labels[where] == label, [axis.start for axis in where])


def _worst_cases(
    cases: Mapping[str, Mapping[str, Any]], scores: Mapping[str, CaseScores], region: str, metric: str
) -> list[dict[str, Any]]:
    sign = -1 if METRICS[metric].direction == "lower" else 1
    numbered = []
    for case, found in cases.items():
        value = scores.get(case, {}).get(region, {}).get(metric)
        if isinstance(value, int | float):
            numbered.append((sign * value, case, _entry(case, region, "worst-case", metric, value, found["errors"])))
    return [entry for _, _, entry in sorted(numbered, key=lambda each: each[:2])]


def _worst_of_slices(cases: Mapping[str, Mapping[str, Any]], region: str) -> list[dict[str, Any]]:
    entries = [
        _entry(case, region, "worst-slice", "dice", spot["dice"], spot)
        for case, found in cases.items()
        for spot in found["slices"]
    ]
    return sorted(entries, key=lambda each: (each["value"], -_amount(each), each["case"], each["slice"]))


def _lesions(cases: Mapping[str, Mapping[str, Any]], region: str, kind: str, key: str) -> list[dict[str, Any]]:
    entries = []
    for case, found in cases.items():
        for spot in found[key]:
            metric = "lesion_voxels" if spot["ml"] is None else "lesion_ml"
            value = spot["voxels"] if spot["ml"] is None else spot["ml"]
            entries.append(_entry(case, region, kind, metric, value, spot))
    return sorted(entries, key=lambda each: (-_amount(each), each["case"], each["voxel"]))


def _amount(entry: Mapping[str, Any]) -> float:
    return float(entry["voxels"] if entry["ml"] is None else entry["ml"])


def _entry(case: str, region: str, kind: str, metric: str, value: float, spot: Spot) -> dict[str, Any]:
    where = {key: spot[key] for key in ("ml", "voxels", "slice", "voxel")}
    return {"case": case, "region": region, "kind": kind, "metric": metric, "value": value, **where}
