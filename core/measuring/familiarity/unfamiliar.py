"""Whether a case is like those that a checkpoint was trained on, and if not, in what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from core.measuring.familiarity.features import EXTENTS, distances, features_of
from core.measuring.familiarity.fingerprint import AXES, SPACING_FACTOR, Fingerprint, better_when_changed
from core.measuring.familiarity.portrait import Portrait

MOST_REASONS = 4
COPY = 0.9999  # correlation of ranks from which two images are one


@dataclass(frozen=True, slots=True)
class Familiarity:
    """How far a case lies from the training data.

    Attributes:
        score: the largest of all its measures, each divided by its own limit.
        limit: above which a case is unfamiliar: 1.
        reasons: what is unlike the training data, in sentences, the most telling first; none where nothing is.
    """

    score: float
    limit: float
    reasons: tuple[str, ...]

    @property
    def unfamiliar(self) -> bool:
        return bool(self.reasons)

    def to_json(self) -> dict[str, Any]:
        return {
            "unfamiliar": self.unfamiliar,
            "score": round(self.score, 3),
            "limit": self.limit,
            "reasons": list(self.reasons),
        }


@dataclass(frozen=True, slots=True)
class _Measure:
    """One comparison: above 1 its sentence holds. Those of lower order are said first."""

    order: int
    score: float
    sentence: str


def unfamiliar(known: Fingerprint, portrait: Portrait) -> Familiarity:
    """Compare a case with a checkpoint's training data.

    Args:
        known: of the checkpoint.
        portrait: of the case, with the checkpoint's modalities, made with `known.flat`.
    """
    measures = [*_copies(known, portrait), *_changes(known, portrait), *_distances(known, portrait)]
    measures += _spacing(known, portrait)
    beyond = sorted((each for each in measures if each.score > 1), key=lambda each: (each.order, -each.score))
    reasons = tuple(dict.fromkeys(each.sentence for each in beyond))
    return Familiarity(max(each.score for each in measures), 1.0, reasons[:MOST_REASONS])


def _copies(known: Fingerprint, portrait: Portrait) -> Iterator[_Measure]:
    """Find modalities that are one image, at whatever brightness: no two scans rank every voxel alike."""
    groups: list[list[str]] = []
    for (one, other), (together, *_) in zip(combinations(portrait.modalities, 2), portrait.pairs, strict=True):
        if together < COPY or known.usual[f"pair {one} {other}"].mean[0] >= COPY:
            continue
        group = next((group for group in groups if one in group), None)
        if group is None:
            groups.append([one, other])
        elif other not in group:
            group.append(other)
    for group in groups:
        names = f"{', '.join(group[:-1])} and {group[-1]}"
        yield _Measure(0, 1 / COPY, f"{names} are the same image: check which file is which.")


def _changes(known: Fingerprint, portrait: Portrait) -> Iterator[_Measure]:
    for name, times in better_when_changed(portrait, known.usual).items():
        what, *which = name.split(" ")
        if what == "turned":
            sentence = (
                f"It fits the training data better turned around from {AXES[int(which[0])]}: "
                "check the orientation that its header states."
            )
        else:
            sentence = (
                f"It fits the training data better with {which[0]} and {which[1]} exchanged: "
                "check which file is which sequence."
            )
        yield _Measure(0, times / known.better[name], sentence)


def _distances(known: Fingerprint, portrait: Portrait) -> Iterator[_Measure]:
    row = features_of(portrait)
    for name, apart in distances(row, known.usual).items():
        kind, *which = name.split(" ")
        score = apart / known.limits[name]
        if kind == "extent":
            usual_mm = float(np.exp(known.usual[name].mean[0]))
            place = EXTENTS.index(which[0])
            found_mm = float(np.exp(row[name][0]))
            yield _Measure(
                1,
                score,
                f"What is scanned measures {found_mm:.0f} mm from {AXES[place]}, in the training data about "
                f"{usual_mm:.0f} mm: check the voxel sizes, and whether the skull was removed as there.",
            )
        elif kind == "pair":
            yield _Measure(3, score, f"{which[0]} and {which[1]} do not go together as in the training data.")
        elif kind == "shape":
            yield _Measure(2, score, "The outline of what is scanned is unlike the training data's.")
        else:
            yield _Measure(2, score, f"{which[0]} looks unlike the training data's.")


def _spacing(known: Fingerprint, portrait: Portrait) -> Iterator[_Measure]:
    if known.spacing_mm is None or portrait.spacing_mm is None:
        return
    least, largest = known.spacing_mm
    usual = _times(least) if least == largest else f"{_times(least)} to {_times(largest)}"
    sentence = f"Its voxels measure {_times(portrait.spacing_mm)} mm, the training data's {usual} mm."
    for found, low, high in zip(portrait.spacing_mm, least, largest, strict=True):
        yield _Measure(1, max(found / high, low / found) / SPACING_FACTOR, sentence)


def _times(edges: tuple[float, float, float]) -> str:
    return " × ".join(f"{edge:.3g}" for edge in edges)
