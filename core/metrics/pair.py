"""A prediction beside its reference, with everything that several metrics share computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from core.metrics.case_masks import TOLERANCE_MM, CaseMasks, Shape
from core.metrics.components import Mask, label_components
from core.metrics.elements import Elements, percentile_mm
from core.metrics.instances import InstanceMatch, match_instances
from core.metrics.lesions import Lesions, find_lesions
from core.metrics.surface import Bits, Distances, distances_between
from core.volume import Box, Geometry


@dataclass(frozen=True, slots=True)
class Confusion:
    """Voxel counts of one region."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int

    @property
    def voxels(self) -> int:
        """All voxels of the image."""
        return self.prediction_voxels + self.false_negative + self.true_negative

    @property
    def prediction_voxels(self) -> int:
        return self.true_positive + self.false_positive

    @property
    def reference_voxels(self) -> int:
        return self.true_positive + self.false_negative


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
    _case: CaseMasks
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

    @cached_property
    def elements(self) -> tuple[Elements, Elements]:
        """Surface elements of prediction and reference, areas in mm2 (lengths in mm in a single slice).

        Raises:
            ValueError: the image has no geometry.
        """
        prediction, reference = self._case.elements
        spacing_mm = self._case.element_spacing_mm
        return prediction.of(self._bit, spacing_mm), reference.of(self._bit, spacing_mm)

    @cached_property
    def elements_agree(self) -> tuple[Mask, Mask]:
        """For each predicted element whether the reference has one within the tolerance, and the reverse.

        Raises:
            ValueError: the image has no geometry.
        """
        prediction, reference = self.elements
        near_prediction, near_reference = self._case.near_elements
        return prediction.among(self._select(near_reference)), reference.among(self._select(near_prediction))

    def element_percentiles_mm(self, percent: float) -> tuple[float, float]:
        """Return within how many mm of the other surface `percent` of each lies: the predicted, then the reference.

        Raises:
            ValueError: the image has no geometry, or a mask is empty.
        """
        from_prediction, from_reference = self.elements
        at_prediction, at_reference = (self._select(elements.surface) for elements in self._case.elements)
        near_reference, near_prediction = self.elements_agree
        spacing_mm = self._case.element_spacing_mm
        return (
            percentile_mm(from_prediction, from_reference, at_reference, near_reference, percent, spacing_mm),
            percentile_mm(from_reference, from_prediction, at_prediction, near_prediction, percent, spacing_mm),
        )

    @cached_property
    def lesions(self) -> Lesions:
        """The reference's lesions, found and missed, and what was invented.

        Raises:
            ValueError: the image has no geometry.
        """
        if self.geometry is None:
            raise ValueError("found no geometry, expected voxel sizes in mm; lesions are told from specks by their mm3")
        voxel_mm3 = self.geometry.voxel_ml * 1000
        return find_lesions(*self.masks, self._select(self._case.grown_reference), voxel_mm3)

    @cached_property
    def instances(self) -> InstanceMatch:
        """The connected components of both masks, matched one to one."""
        prediction, reference = (label_components(mask)[0] for mask in self.masks)
        return match_instances(prediction, reference)

    @property
    def masks(self) -> tuple[Mask, Mask]:
        """Prediction and reference of the region, cut to the box that holds every region of both."""
        return self._select(self._case.prediction), self._select(self._case.reference)

    def _distances(self, spacing: Sequence[float]) -> tuple[Distances, Distances]:
        prediction, reference = (self._select(bits) for bits in self._case.surfaces)
        return distances_between(prediction, reference, spacing)

    def _select(self, bits: Bits) -> Mask:
        selected: Mask = (bits & np.uint8(1 << self._bit)) != 0
        return selected


def compare_regions(
    prediction: Bits,
    reference: Bits,
    regions: int,
    geometry: Geometry | None,
    shape: Shape | None = None,
    tolerance_mm: float = TOLERANCE_MM,
) -> tuple[RegionPair, ...]:
    """Lay a prediction over its reference, one pair per region.

    Args:
        prediction: (X, Y, Z) uint8, bit r set where region r was predicted.
        reference: (X, Y, Z) uint8, bit r set where region r is.
        regions: how many of the bits are regions.
        geometry: where the voxels are, or None.
        shape: of the whole image, when the arrays are cut to a box that holds every voxel of both
            masks; their own shape otherwise.
        tolerance_mm: how far apart two surface elements may be and still agree.

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
    # a voxel of background stands for two empty masks
    box = Box.around((prediction | reference) != 0) or Box((0, 0, 0), (1, 1, 1))
    prediction, reference = (np.ascontiguousarray(box.crop(bits)) for bits in (prediction, reference))
    case = CaseMasks(prediction, reference, whole, geometry, tolerance_mm)
    both = prediction & reference
    return tuple(
        RegionPair(_confusion(prediction, reference, both, bit, prod(whole)), whole, geometry, case, bit)
        for bit in range(regions)
    )


def _confusion(prediction: Bits, reference: Bits, both: Bits, bit: int, voxels: int) -> Confusion:
    predicted, referred, shared = (
        int(np.count_nonzero(bits & np.uint8(1 << bit))) for bits in (prediction, reference, both)
    )
    return Confusion(shared, predicted - shared, referred - shared, voxels - predicted - referred + shared)
