"""What a checkpoint's training cases have in common, small enough to stand in its card."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from core.measuring.familiarity.features import (
    FARTHEST,
    Usual,
    contrast_distance,
    distances,
    features_of,
    kind_of,
    usual,
)
from core.measuring.familiarity.portrait import Floats, Portrait

VERSION = 1
LEAST_CASES = 4
# a limit is this many times the largest distance of a training case from the others
MARGIN = 1.5
# and at least so much, by kind: few training cases may be more alike than the next ones will be
MOST_LIMIT = 0.6 * FARTHEST**2  # an odd training case must not let everything pass
LEAST_LIMIT = {"shape": 1.5, "picture": 2.5, "levels": 5.0, "tails": 7.0, "pair": 9.0, "extent": 12.0}
# likewise of how much better a case fits when it is turned, or its modalities exchanged
BETTER_MARGIN, LEAST_BETTER = 1.1, 1.08
SPACING_FACTOR = 1.25  # how much finer or coarser than any training case's voxels may be
PACKED_FROM = 32  # numbers; longer rows are kept as bytes

Triple = tuple[float, float, float]
AXES = ("left to right", "front to back", "top to bottom")


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """What training cases have in common.

    Attributes:
        modalities: that the checkpoint reads.
        cases: how many were looked at.
        flat: whether they were cases of one slice.
        usual: what each feature is like.
        limits: how far each may lie from that.
        better: how many times better than as it is a case may fit with a change: `turned 0` to `turned 2`, and
            `exchanged A B`.
        spacing_mm: the least and the largest voxel edges along each axis, or None.
    """

    modalities: tuple[str, ...]
    cases: int
    flat: bool
    usual: Mapping[str, Usual]
    limits: Mapping[str, float]
    better: Mapping[str, float]
    spacing_mm: tuple[Triple, Triple] | None

    def to_json(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "modalities": list(self.modalities),
            "cases": self.cases,
            "flat": self.flat,
            "usual": {name: [_pack(each.mean), _pack(each.spread)] for name, each in self.usual.items()},
            "limits": {name: round(limit, 3) for name, limit in self.limits.items()},
            "better": {name: round(limit, 3) for name, limit in self.better.items()},
            "spacing_mm": None if self.spacing_mm is None else [list(edges) for edges in self.spacing_mm],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Fingerprint | None:
        """Return the fingerprint that `to_json` wrote, or None where another version wrote it."""
        if data.get("version") != VERSION:
            return None
        spacing = data["spacing_mm"]
        return cls(
            modalities=tuple(data["modalities"]),
            cases=data["cases"],
            flat=data["flat"],
            usual={name: Usual(_unpack(mean), _unpack(spread)) for name, (mean, spread) in data["usual"].items()},
            limits=data["limits"],
            better=data["better"],
            spacing_mm=None if spacing is None else (tuple(spacing[0]), tuple(spacing[1])),
        )


def fingerprint_of(portraits: Sequence[Portrait], flat: bool = False) -> Fingerprint | None:
    """Return what portraits of training cases have in common, or None of fewer than `LEAST_CASES`.

    Every case is compared with the others, and the limits follow from how far they lie apart.

    Args:
        portraits: of cases with the same modalities, made with the same `flat`.
        flat: whether they are cases of one slice.
    """
    if len(portraits) < LEAST_CASES:
        return None
    rows = [features_of(portrait) for portrait in portraits]
    apart: list[dict[str, float]] = []
    better: list[dict[str, float]] = []
    for index, portrait in enumerate(portraits):
        others = usual([row for other, row in enumerate(rows) if other != index])
        apart.append(distances(rows[index], others))
        better.append(better_when_changed(portrait, others))
    edges = [portrait.spacing_mm for portrait in portraits if portrait.spacing_mm is not None]
    return Fingerprint(
        modalities=portraits[0].modalities,
        cases=len(portraits),
        flat=flat,
        usual=_as_kept(usual(rows)),
        limits={name: _limit(name, [row[name] for row in apart]) for name in apart[0]},
        better={name: max(BETTER_MARGIN * max(row[name] for row in better), LEAST_BETTER) for name in better[0]},
        spacing_mm=(_edge(edges, min), _edge(edges, max)) if len(edges) == len(portraits) else None,
    )


def better_when_changed(portrait: Portrait, known: Mapping[str, Usual]) -> dict[str, float]:
    """Return how many times nearer to what is usual a case comes when it is turned or its modalities exchanged."""
    changed = {f"turned {axis}": portrait.turned(axis) for axis in range(3) if portrait.shape.shape[axis] > 1}
    names = portrait.modalities
    for one, other in combinations(range(len(names)), 2):
        changed[f"exchanged {names[one]} {names[other]}"] = portrait.exchanged(one, other)
    as_it_is = contrast_distance(distances(features_of(portrait), known))
    return {
        name: as_it_is / max(contrast_distance(distances(features_of(other), known)), 1e-6)
        for name, other in changed.items()
    }


def _limit(name: str, apart: Sequence[float]) -> float:
    return min(max(MARGIN * max(apart), LEAST_LIMIT[kind_of(name)]), MOST_LIMIT)


def _edge(edges: Sequence[Triple], which: Any) -> Triple:
    x, y, z = (float(which(each[axis] for each in edges)) for axis in range(3))
    return x, y, z


def _as_kept(known: Mapping[str, Usual]) -> dict[str, Usual]:
    """Return what the card will give back, so that a fingerprint says the same before and after it is written."""
    return {name: Usual(_unpack(_pack(each.mean)), _unpack(_pack(each.spread))) for name, each in known.items()}


def _pack(row: Floats) -> Any:
    """Return numbers as a list, or a long row as its least and largest and a byte for each."""
    if len(row) < PACKED_FROM:
        return [float(f"{value:.4g}") for value in row]
    low, high = (float(f"{end:.4g}") for end in (row.min(), row.max()))
    steps = np.rint(np.clip((row - low) / max(high - low, 1e-9), 0, 1) * 255).astype(np.uint8)
    return [low, high, base64.b64encode(steps.tobytes()).decode()]


def _unpack(packed: Sequence[Any]) -> Floats:
    if packed and isinstance(packed[-1], str):
        low, high, steps = packed
        return np.asarray(low + np.frombuffer(base64.b64decode(steps), np.uint8) / 255 * (high - low), np.float64)
    return np.array(packed, np.float64)
