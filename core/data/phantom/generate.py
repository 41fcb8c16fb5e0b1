"""Make one phantom: tissue, tumour, signal, and the scanner's grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.data.phantom.contrast import signals
from core.data.phantom.grid import ORIGIN_MM, SHAPE
from core.data.phantom.noise import Field
from core.data.phantom.tissue import tissue_map
from core.data.phantom.traits import PhantomTraits
from core.data.phantom.tumour import tumour


@dataclass(frozen=True, slots=True, eq=False)
class Phantom:
    """A made-up patient.

    Attributes:
        voxels: (4, X, Y, Z) int16 in the order of `BRATS_MODALITIES`, RAS+, 0 outside the head.
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
    shape = tuple(int(n // s) for n, s in zip(SHAPE, traits.spacing_mm, strict=True))
    inside = _resampled(brain.inside.astype(np.float32), traits.spacing_mm, shape, 1) > 0.5
    voxels = np.zeros((4, *shape), np.int16)
    for channel, signal in enumerate(signals(traits, brain, growth)):
        full = np.zeros(SHAPE, np.float32)
        full[brain.inside] = signal
        seen = _resampled(_blurred(full, traits, channel), traits.spacing_mm, shape, 1)
        # 0 means outside the head, so tissue never takes it
        voxels[channel][inside] = np.clip(np.rint(seen[inside]), 1, 32000).astype(np.int16)
    labels = np.zeros(SHAPE, np.uint8)
    labels[brain.inside] = growth.labels
    labels = _resampled(labels, traits.spacing_mm, shape, 0)
    labels[~inside] = 0
    affine = np.diag([*traits.spacing_mm, 1.0])
    affine[:3, 3] = [s / 2 - o for s, o in zip(traits.spacing_mm, ORIGIN_MM, strict=True)]
    return Phantom(voxels, labels, affine, traits)


def _blurred(field: Field, traits: PhantomTraits, channel: int) -> Field:
    from scipy.ndimage import gaussian_filter

    in_plane = [max(0.45, 0.4 * s) for s in traits.spacing_mm[:2]]
    through = max(traits.slice_blur_mm[channel], 0.4 * traits.spacing_mm[2])
    return gaussian_filter(field, (*in_plane, through), truncate=2.5)


def _resampled(field: npt.NDArray, spacing_mm: tuple[float, ...], shape: tuple[int, ...], order: int) -> npt.NDArray:
    """Read a field on the 1 mm grid at the middle of each voxel of another grid with the same corner."""
    from scipy.ndimage import affine_transform

    if shape == field.shape:
        return field
    offset = [s / 2 - 0.5 for s in spacing_mm]
    return affine_transform(field, spacing_mm, offset, shape, order=order, mode="nearest")
