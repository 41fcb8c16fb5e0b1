"""Which sequence an image is, judged by its voxels alone: the last resort, where neither names nor headers say it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from core.case import BRATS_MODALITIES
from core.data.modality import Guess
from core.data.modality_features import (
    COMPANY,
    OWN,
    Floats,
    background_share,
    coarse_brain,
    company_features,
    own_features,
)
from core.volume import Array

COEFFICIENTS = Path(__file__).with_name("modality_coefficients.json")
LEAST_BACKGROUND = 0.35  # of an image whose skull is gone; the coefficients were fitted on such only
CT_AIR_HU = -300  # no MR image has a twentieth of its voxels below this
UNSURE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Scorer:
    """A linear discriminant over image features, one score per modality of `BRATS_MODALITIES`.

    Attributes:
        features: names, F of them.
        centre: (F,) float64, subtracted from the features.
        scale: (F,) float64, what the difference is divided by.
        weights: (F, 4) float64.
        bias: (4,) float64.
        means: (4, F) float64, mean of each modality after centring and scaling.
        spread: (F,) float64, standard deviation within a modality after scaling.
        temperature: what scores are divided by, so that confidences are as often right as they say.
        farthest: the largest `distance` of an image that was left out to its own modality.
    """

    features: tuple[str, ...]
    centre: Floats
    scale: Floats
    weights: Floats
    bias: Floats
    means: Floats
    spread: Floats
    temperature: float
    farthest: float

    def scores(self, features: Floats) -> Floats:
        """Return log-odds-like scores (N, 4) of images described by `features` (N, F)."""
        found: Floats = (((features - self.centre) / self.scale) @ self.weights + self.bias) / self.temperature
        return found

    def distance(self, features: Floats, modality: int) -> float:
        """Return the mean squared distance of one image (F,) from a modality, in that modality's spreads."""
        scaled = (features - self.centre) / self.scale
        return float((((scaled - self.means[modality]) / self.spread) ** 2).mean())

    def to_json(self) -> dict[str, Any]:
        arrays = ("centre", "scale", "weights", "bias", "means", "spread")
        return {
            "features": list(self.features),
            **{name: np.round(getattr(self, name), 5).tolist() for name in arrays},
            "temperature": round(self.temperature, 3),
            "farthest": round(self.farthest, 3),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Scorer:
        arrays = ("centre", "scale", "weights", "bias", "means", "spread")
        return cls(
            features=tuple(data["features"]),
            temperature=data["temperature"],
            farthest=data["farthest"],
            **{name: np.array(data[name], np.float64) for name in arrays},
        )


@cache
def shipped_scorers() -> dict[str, Scorer]:
    """Return the scorers that come with the program: `company` and `alone`."""
    models = json.loads(COEFFICIENTS.read_text(encoding="utf-8"))["models"]
    scorers = {name: Scorer.from_json(data) for name, data in models.items()}
    assert scorers["alone"].features == OWN
    assert scorers["company"].features == (*OWN, *COMPANY)
    return scorers


def from_images(volumes: Mapping[str, Array], scorers: Mapping[str, Scorer] | None = None) -> dict[str, Guess]:
    """Guess the modality of images of one head from their voxels.

    Four skull-stripped images of one grid are judged together, as t1n, t1c, t2w and t2f once each; fewer are each
    judged by themselves, but given different modalities. More than four are judged one by one.

    Args:
        volumes: any name to an image (X, Y, Z) of numbers. A single slice (X, Y, 1) will do.
        scorers: `company` for four images together and `alone` for fewer; the shipped ones where not given.

    Returns:
        A guess per name. What cannot be judged is called `unknown` with confidence 0; an image with its skull, one
        unlike all those the scores were fitted on, and a copy of another stay below `ASK_BELOW`.

    Reference: Fisher's linear discriminant with a shrunk covariance (Friedman, Regularized discriminant analysis,
        JASA 84, 1989); the assignment is the most probable of all, with the probability that it gives each image.
    """
    guesses: dict[str, Guess] = {}
    first: dict[str, str] = {}  # names of distinct images, and of those that hold the same voxels
    for name, image in volumes.items():
        if plain := _without_scores(image):
            guesses[name] = plain
        else:
            first[name] = next((other for other in dict.fromkeys(first.values()) if _same(image, volumes[other])), name)
    distinct = list(dict.fromkeys(first.values()))
    judged = _judge({name: volumes[name] for name in distinct}, scorers or shipped_scorers())
    for name, twin in first.items():
        guesses[name] = judged[twin]
        if name != twin:
            why = f"it holds the same voxels as {twin}"
            guesses[name] = replace(judged[twin], confidence=min(judged[twin].confidence, UNSURE), why=why)
    return {name: guesses[name] for name in volumes}


def describe(images: Sequence[Array], company: bool) -> Floats | None:
    """Return the features (N, F) of images of one grid, or None where they cannot be had.

    Args:
        images: (X, Y, Z) each.
        company: whether to describe how each varies with the others too.
    """
    brain = coarse_brain(images)
    if brain is None:
        return None
    rows = [own_features(image, brain[1]) for image in brain[0]]
    own = [row for row in rows if row is not None]
    if len(own) < len(rows):
        return None
    return np.hstack([np.array(own), company_features(*brain)]) if company else np.array(own)


def assign(scores: Floats) -> tuple[list[int], list[float]]:
    """Give each of N images a modality of its own.

    Args:
        scores: (N, 4), N at most 4.

    Returns:
        The modality of each image in the most probable assignment, and the probability of it over all assignments.
    """
    count = len(scores)
    options = list(itertools.permutations(range(scores.shape[1]), count))
    totals = np.array([scores[range(count), option].sum() for option in options])
    shares = np.exp(totals - totals.max())
    shares /= shares.sum()
    best = options[int(totals.argmax())]
    taken = np.array(options) == best  # (assignments, N): which images each gives what the best one does
    return list(best), (shares @ taken).tolist()


def _judge(volumes: Mapping[str, Array], scorers: Mapping[str, Scorer]) -> dict[str, Guess]:
    if not volumes:
        return {}
    images = list(volumes.values())
    one_grid = len({image.shape for image in images}) == 1
    company = len(images) == len(BRATS_MODALITIES) and one_grid
    scorer = scorers["company" if company else "alone"]
    features = describe(images, company) if company else _each_alone(images)
    if features is None:
        return {name: Guess("unknown", 0.0, "its voxels show no brain") for name in volumes}
    scores = scorer.scores(features)
    if len(images) > len(BRATS_MODALITIES):
        found = [assign(row[None]) for row in scores]
        chosen, sure = [pick[0] for pick, _ in found], [share[0] for _, share in found]
    else:
        chosen, sure = assign(scores)
    how = "its voxels beside those of the other three" if company else "its voxels alone"
    return {
        name: _guess(scorer, features[index], chosen[index], sure[index], how, volumes[name])
        for index, name in enumerate(volumes)
    }


def _guess(scorer: Scorer, features: Floats, modality: int, sure: float, how: str, image: Array) -> Guess:
    sure = round(sure, 2)
    guess = Guess(BRATS_MODALITIES[modality], sure, f"judged by {how}")
    if background_share(image) < LEAST_BACKGROUND:
        return replace(guess, confidence=min(sure, UNSURE), why=f"{guess.why}, but the skull seems to be there still")
    if scorer.distance(features, modality) > 1.5 * scorer.farthest:
        return replace(guess, confidence=min(sure, UNSURE), why=f"{guess.why}, but it is unlike any image known")
    return guess


def _each_alone(images: Sequence[Array]) -> Floats | None:
    rows = [describe([image], company=False) for image in images]
    found = [row for row in rows if row is not None]
    return np.vstack(found) if found and len(found) == len(rows) else None


def _without_scores(image: Array) -> Guess | None:
    """Return what needs no comparison: a constant image, one that is no volume, a CT."""
    if image.ndim != 3 or image.size == 0 or image.min() == image.max():
        return Guess("unknown", 0.0, "it has one value everywhere")
    if np.percentile(image[::2, ::2, ::2], 5) < CT_AIR_HU:
        return Guess("ct", 0.9, "its air lies where a CT's does")
    return None


def _same(a: Array, b: Array) -> bool:
    return a.shape == b.shape and bool(np.array_equal(a, b))
