"""A prediction beside its reference, with everything that several metrics share computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
import numpy.typing as npt

from core.metrics.surface import Bits, Distances, distances_between, surface_bits
from core.volume import Box, Geometry

Shape = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Confusion:
    """Voxel counts of one region."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int

    @property
    def prediction_voxels(self) -> int:
        return self.true_positive + self.false_positive

    @property
    def reference_voxels(self) -> int:
        return self.true_positive + self.false_negative


@dataclass(frozen=True, eq=False)
class _Surfaces:
    """The surfaces of all regions of a case, found when the first distance is asked for."""

    prediction: Bits
    reference: Bits
    axes: tuple[int, ...]

    @cached_property
    def bits(self) -> tuple[Bits, Bits]:
        return surface_bits(self.prediction, self.axes), surface_bits(self.reference, self.axes)


@dataclass(frozen=True, eq=False)
class RegionPair:
    """Prediction and reference of one region of one case.

    Attributes:
        confusion: voxel counts over the whole image.
        shape: of the whole image (X, Y, Z).
        geometry: where the voxels are; None for images without mm.
    """

    confusion: Confusion
    shape: Shape
    geometry: Geometry | None
    _surfaces: _Surfaces
    _bit: int

    @cached_property
    def distances_mm(self) -> tuple[Distances, Distances]:
        """Surface distances in mm: prediction to reference, reference to prediction.

        Raises:
            ValueError: the image has no geometry, or a mask is empty.
        """
        if self.geometry is None:
            raise ValueError("found no geometry, expected voxel sizes in mm; use the metric in voxels")
        return self._distances(self.geometry.spacing_mm)

    @cached_property
    def distances_voxels(self) -> tuple[Distances, Distances]:
        """Surface distances in voxel steps, in the order of `distances_mm`.

        Raises:
            ValueError: a mask is empty.
        """
        return self._distances((1.0, 1.0, 1.0))

    def _distances(self, spacing: Sequence[float]) -> tuple[Distances, Distances]:
        prediction, reference = (self._select(bits) for bits in self._surfaces.bits)
        return distances_between(prediction, reference, spacing)

    def _select(self, bits: Bits) -> npt.NDArray[np.bool_]:
        selected: npt.NDArray[np.bool_] = (bits & np.uint8(1 << self._bit)) != 0
        return selected


def compare_regions(
    prediction: Bits, reference: Bits, regions: int, geometry: Geometry | None, shape: Shape | None = None
) -> tuple[RegionPair, ...]:
    """Lay a prediction over its reference, one pair per region.

    Args:
        prediction: (X, Y, Z) uint8, bit r set where region r was predicted.
        reference: (X, Y, Z) uint8, bit r set where region r is.
        regions: how many of the bits are regions.
        geometry: where the voxels are, or None.
        shape: of the whole image, when the arrays are cut to a box that holds every voxel of both
            masks; their own shape otherwise.

    Raises:
        ValueError: the masks are not two uint8 volumes of one shape.
    """
    for name, bits in (("prediction", prediction), ("reference", reference)):
        if bits.dtype != np.uint8 or bits.ndim != 3:
            raise ValueError(
                f"found a {name} of dtype {bits.dtype} and shape {bits.shape}, expected uint8 region bits (X, Y, Z); "
                "turn a label map into regions with its scheme first"
            )
    if prediction.shape != reference.shape:
        raise ValueError(
            f"found a prediction of shape {prediction.shape} and a reference of shape {reference.shape}, "
            "expected one grid; put the prediction back on the native grid first"
        )
    whole: Shape = shape if shape is not None else (prediction.shape[0], prediction.shape[1], prediction.shape[2])
    box = Box.around((prediction | reference) != 0) or Box((0, 0, 0), (0, 0, 0))
    prediction, reference = box.crop(prediction), box.crop(reference)
    surfaces = _Surfaces(prediction, reference, tuple(axis for axis in range(3) if whole[axis] > 1) or (0, 1, 2))
    both = prediction & reference
    return tuple(
        RegionPair(_confusion(prediction, reference, both, bit, prod(whole)), whole, geometry, surfaces, bit)
        for bit in range(regions)
    )


def _confusion(prediction: Bits, reference: Bits, both: Bits, bit: int, voxels: int) -> Confusion:
    predicted, referred, shared = (
        int(np.count_nonzero(bits & np.uint8(1 << bit))) for bits in (prediction, reference, both)
    )
    return Confusion(shared, predicted - shared, referred - shared, voxels - predicted - referred + shared)
