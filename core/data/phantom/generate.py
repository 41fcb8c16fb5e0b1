"""Make one phantom: tissue, tumour, signal, and the scanner's grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.data.phantom.contrast import signals
from core.data.phantom.grid import ORIGIN_MM, SHAPE
from core.data.phantom.noise import Field
from core.data.phantom.tissue import tissue_map
from core.data.phantom.traits import PhantomTraits
from core.data.phantom.tumour import tumour

# Room in int16 for the brightest vessel.
BRIGHTEST = 32000


@dataclass(frozen=True, slots=True, eq=False)
class Phantom:
    """A made-up patient.

    Attributes:
        voxels: (4, X, Y, Z) int16 in the order of `BRATS_MODALITIES`, RAS+, 0 outside the head and nowhere else.
        labels: (X, Y, Z) uint8, scheme brats-2023.
        affine: (4, 4) float64, voxel index to RAS+ mm.
        traits: what it was made from.
    """

    voxels: npt.NDArray[np.int16]
    labels: npt.NDArray[np.uint8]
    affine: npt.NDArray[np.float64]
    traits: PhantomTraits


def make_phantom(traits: PhantomTraits) -> Phantom:
    """Make the phantom that `traits` describe; equal traits give equal bytes."""
    brain = tissue_map(traits)
    growth = tumour(traits, brain)
    inside = _scanned(brain.inside.astype(np.float32), traits) > 0.5
    voxels = np.zeros((4, *inside.shape), np.int16)
    for channel, signal in enumerate(signals(traits, brain, growth)):
        full = np.zeros(SHAPE, np.float32)
        full[brain.inside] = signal
        seen = _scanned(_blurred(full, traits, channel), traits)
        voxels[channel][inside] = np.clip(np.rint(seen[inside]), 1, BRIGHTEST)
    painted = np.zeros(SHAPE, np.uint8)
    painted[brain.inside] = growth.labels
    labels = np.where(inside, _scanned_labels(painted, traits), np.uint8(0))
    return Phantom(voxels, labels, _affine(traits), traits)


def _affine(traits: PhantomTraits) -> npt.NDArray[np.float64]:
    affine = np.diag([*traits.spacing_mm, 1.0])
    affine[:3, 3] = [s / 2 - o for s, o in zip(traits.spacing_mm, ORIGIN_MM, strict=True)]
    return affine


def _blurred(field: Field, traits: PhantomTraits, channel: int) -> Field:
    """Smear a signal over the voxel it will be read from, and over the slice's thickness."""
    from scipy.ndimage import gaussian_filter

    x, y, z = traits.spacing_mm
    widths = (max(0.45, 0.4 * x), max(0.45, 0.4 * y), max(traits.slice_blur_mm[channel], 0.4 * z))
    return np.asarray(gaussian_filter(field, widths, truncate=2.5), np.float32)


def _scanned_labels(painted: npt.NDArray[np.uint8], traits: PhantomTraits) -> npt.NDArray[np.uint8]:
    """Give each voxel of the scanner's grid the label that fills most of it."""
    if traits.spacing_mm == (1.0, 1.0, 1.0):
        return painted
    shares = [_scanned((painted == label).astype(np.float32), traits) for label in range(int(painted.max()) + 1)]
    return np.asarray(np.argmax(shares, axis=0), np.uint8)


def _scanned(field: Field, traits: PhantomTraits) -> Field:
    """Read a field on the 1 mm grid at the middle of each voxel of the scanner's grid, whose corner is the same."""
    from scipy.ndimage import affine_transform

    if traits.spacing_mm == (1.0, 1.0, 1.0):
        return field
    spacing = np.array(traits.spacing_mm)
    shape = tuple(int(n / s) for n, s in zip(SHAPE, traits.spacing_mm, strict=True))
    transform: Any = affine_transform
    return np.asarray(transform(field, spacing, spacing / 2 - 0.5, shape, order=1, mode="nearest"), np.float32)
