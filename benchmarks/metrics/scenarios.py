"""Predictions to score: made from a real reference, so that the measurement needs no trained model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from core.volume import Geometry

Bits = npt.NDArray[np.uint8]
REGIONS = ("WT", "TC", "ET")


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """One prediction beside its reference.

    Attributes:
        name: the row of the table.
        what: how the prediction was made.
        prediction: (X, Y, Z) uint8 region bits.
        reference: (X, Y, Z) uint8 region bits.
        geometry: of both.
    """

    name: str
    what: str
    prediction: Bits
    reference: Bits
    geometry: Geometry


def scenarios(reference: Bits, geometry: Geometry) -> tuple[Scenario, ...]:
    """Make a prediction like a good model's, and one like a poor model's.

    Args:
        reference: (X, Y, Z) uint8 region bits of a real case.
        geometry: of the case.
    """
    rng = np.random.default_rng(0)
    good = _wobbled(reference, rng)
    poor = np.roll(good, (10, -8, 5), axis=(0, 1, 2)) | _specks(reference, rng)
    return (
        Scenario("close", "the reference with a smoothly displaced boundary", good, reference, geometry),
        Scenario("far", "the same, moved by 14 voxels, with specks all over the head", poor, reference, geometry),
    )


def disturbed(reference: Bits, seed: int) -> Bits:
    """Displace the boundary, lose a corner of the image, and invent specks and blobs; regions stay nested.

    Args:
        reference: (X, Y, Z) uint8 region bits, ET inside TC inside WT.
        seed: of what is displaced and invented.
    """
    rng = np.random.default_rng(seed)
    prediction = _wobbled(reference, rng)
    occupied = np.argwhere(reference)
    lost = occupied[rng.integers(len(occupied))]
    prediction[tuple(slice(max(c - 12, 0), c + 13) for c in lost)] = 0
    prediction |= np.where(rng.random(reference.shape) < 1e-6, np.uint8(1), np.uint8(0))
    for bits in (1, 3, 7):
        at = occupied[rng.integers(len(occupied))] + rng.integers(-45, 46, 3)
        prediction[tuple(slice(max(c, 0), max(c + 4, 0)) for c in at)] |= np.uint8(bits)
    whole, core, enhancing = (prediction >> np.uint8(bit) & np.uint8(1) for bit in range(3))
    return np.asarray(whole | (core & whole) << np.uint8(1) | (enhancing & core & whole) << np.uint8(2), np.uint8)


def _wobbled(reference: Bits, rng: np.random.Generator) -> Bits:
    noise = gaussian_filter(rng.standard_normal(reference.shape), 3.0)
    noise *= 0.25 / noise.std()
    prediction = np.zeros_like(reference)
    for bit in range(len(REGIONS)):
        soft = gaussian_filter(((reference >> bit) & 1).astype(np.float64), 2.0)
        # the noise acts near the boundary only
        prediction |= (soft + noise * (soft > 0.02) > 0.5).astype(np.uint8) << bit
    return prediction


def _specks(reference: Bits, rng: np.random.Generator) -> Bits:
    where = np.zeros(reference.shape, bool)
    where[tuple(slice(n // 5, -(n // 5)) for n in reference.shape)] = True
    return np.asarray((rng.random(reference.shape) < 5e-5) & where, np.uint8)
