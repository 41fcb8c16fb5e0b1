"""What the regions of a case share when they are measured, each found when the first of them asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from core.metrics.components import grow
from core.metrics.elements import ElementMap
from core.metrics.lesions import GROWTH_STEPS
from core.metrics.surface import Bits, surface_bits
from core.volume import Geometry

Shape = tuple[int, int, int]
TOLERANCE_MM = 1.0


@dataclass(frozen=True, eq=False)
class CaseMasks:
    """The masks of all regions of a case.

    Attributes:
        prediction: (X, Y, Z) uint8 region bits, cut to the box that holds every voxel of both.
        reference: the same of the reference.
        shape: of the whole image.
        geometry: where the voxels are; None for images without mm.
        tolerance_mm: how far apart two surface elements may be and still agree.
    """

    prediction: Bits
    reference: Bits
    shape: Shape
    geometry: Geometry | None
    tolerance_mm: float = TOLERANCE_MM

    @cached_property
    def surfaces(self) -> tuple[Bits, Bits]:
        """The surface voxels of prediction and reference."""
        return surface_bits(self.prediction, self._axes), surface_bits(self.reference, self._axes)

    @cached_property
    def elements(self) -> tuple[ElementMap, ElementMap]:
        """The surface elements of prediction and reference: lines in a single slice."""
        flat = tuple(axis for axis in range(3) if axis not in self._element_axes)
        return ElementMap(self.prediction.squeeze(flat)), ElementMap(self.reference.squeeze(flat))

    @cached_property
    def near_elements(self) -> tuple[Bits, Bits]:
        """Where an element of the prediction, and where one of the reference, is within the tolerance."""
        prediction, reference = self.elements
        tolerance, spacing = self.tolerance_mm, self.element_spacing_mm
        return prediction.reach(tolerance, spacing), reference.reach(tolerance, spacing)

    @property
    def element_spacing_mm(self) -> tuple[float, ...]:
        """Edge lengths along the axes on which elements lie: two in a single slice, else three.

        Raises:
            ValueError: the image has no geometry.
        """
        if self.geometry is None:
            raise ValueError("found no geometry, expected voxel sizes in mm; surface elements have areas in mm2")
        return tuple(self.geometry.spacing_mm[axis] for axis in self._element_axes)

    @cached_property
    def grown_reference(self) -> Bits:
        """The reference grown until lesions that belong together touch."""
        return grow(self.reference, GROWTH_STEPS)

    @property
    def _axes(self) -> tuple[int, ...]:
        return tuple(axis for axis in range(3) if self.shape[axis] > 1) or (0, 1, 2)

    @property
    def _element_axes(self) -> tuple[int, ...]:
        return self._axes if len(self._axes) == 2 else (0, 1, 2)
