"""A portrait as named rows of numbers, and how far such rows lie from those of other cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from core.measuring.familiarity.portrait import Floats, Portrait

Features = Mapping[str, Floats]
# spreads that cases have at least, by the first word of a feature's name: a few training cases may agree by chance
EXTENTS = ("width", "depth", "height")
# spreads that cases have at least, by the first word of a feature's name: a few training cases may agree by chance.
# Ranks and shares of a cell are of 1, levels of a modality's own contrast, the others natural logarithms
LEAST_SPREAD = {"shape": 0.1, "picture": 0.06, "levels": 0.1, "tails": 0.15, "pair": 0.1, "extent": 0.04}
FARTHEST = 6.0  # spreads, beyond which one number counts no more
# what turning a case or exchanging its modalities changes, and one it does not, so that no ratio is of nearly nothing
CONTRASTS = ("shape", "picture", "levels", "tails", "pair")


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """What a feature is like over cases: (N,) means and spreads, of which none is 0."""

    mean: Floats
    spread: Floats

    def distance(self, values: Floats) -> float:
        """Return the mean square of how many spreads values (N,) lie from the mean."""
        apart = np.clip((values - self.mean) / self.spread, -FARTHEST, FARTHEST)
        return float((apart**2).mean())


def features_of(portrait: Portrait) -> dict[str, Floats]:
    """Return a portrait's features; extents are there only where the case has geometry."""
    names = portrait.modalities
    found = {"shape": portrait.shape.reshape(-1).astype(np.float64)}
    for index, name in enumerate(names):
        found[f"picture {name}"] = portrait.pictures[index].reshape(-1).astype(np.float64)
        found[f"levels {name}"] = portrait.levels[index]
        found[f"tails {name}"] = portrait.tails[index]
    for index, (one, other) in enumerate(combinations(names, 2)):
        found[f"pair {one} {other}"] = portrait.pairs[index]
    if portrait.extent_mm is not None:
        for name, extent in zip(EXTENTS, portrait.extent_mm, strict=True):
            found[f"extent {name}"] = np.log(np.array([extent]))
    return found


def usual(rows: Sequence[Features]) -> dict[str, Usual]:
    """Return what each feature is like over at least two cases; what not all of them have is left out."""
    names = [name for name in rows[0] if all(name in row for row in rows)]
    return {name: _usual(name, np.stack([row[name] for row in rows])) for name in names}


def _usual(name: str, values: Floats) -> Usual:
    kind = kind_of(name)
    mean = values.mean(axis=0)
    least = LEAST_SPREAD[kind]
    if kind == "levels":  # in units of the modality's own contrast, whatever it is scaled to
        least *= max(float(mean[-1] - mean[0]), 1e-3)
    return Usual(mean, np.sqrt(values.var(axis=0, ddof=1) + least**2))


def distances(row: Features, known: Mapping[str, Usual]) -> dict[str, float]:
    """Return how far each feature that both have lies from what is usual."""
    return {name: each.distance(row[name]) for name, each in known.items() if name in row}


def contrast_distance(found: Mapping[str, float]) -> float:
    """Return one number for everything that turning a case or exchanging its modalities changes."""
    kinds: dict[str, list[float]] = {}
    for name, distance in found.items():
        kinds.setdefault(kind_of(name), []).append(distance)
    return sum(float(np.mean(kinds[kind])) for kind in CONTRASTS if kind in kinds)


def kind_of(name: str) -> str:
    """Return the first word of a feature's name."""
    return name.split(" ", maxsplit=1)[0]
