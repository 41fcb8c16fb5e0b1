"""Lesions as BraTS 2023 counts them: which of the reference's were found, which were missed, which were invented.

The constants are those of the challenge's glioma and Sub-Saharan Africa tasks, on images of 1 mm.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.metrics.components import Labels, Mask, box_of, label_components, shared_voxels, sizes_of
from core.volume import Box

Boxes = list[tuple[slice, ...]]

# R. Saluja et al., BraTS-2023-Metrics, parameters of BraTS-GLI and BraTS-SSA: dilation factor 3, threshold 50 mm3
GROWTH_STEPS = 3
SMALLEST_MM3 = 50.0
# the same program's stand-in for a distance that does not exist; the challenge's grid has a diagonal of 373.13 mm
PENALTY_MM = 374.0


@dataclass(frozen=True, slots=True)
class Lesion:
    """One lesion of the reference: what holds together once it has grown by `GROWTH_STEPS` voxels.

    Attributes:
        number: of the grown component, from 1.
        voxels: of the reference.
        parts: the predicted components that touch the grown lesion; none where it was missed.
        predicted_voxels: of all of them together.
        shared_voxels: in the lesion and in one of them.
    """

    number: int
    voxels: int
    parts: tuple[int, ...]
    predicted_voxels: int
    shared_voxels: int

    @property
    def dice(self) -> float:
        """2 TP / (2 TP + FP + FN) of this lesion against its parts; 0 where it was missed."""
        return 2 * self.shared_voxels / (self.voxels + self.predicted_voxels)


@dataclass(frozen=True, eq=False)
class Lesions:
    """The lesions of one region.

    Attributes:
        counted: those that count.
        too_small: how many of the reference are `SMALLEST_MM3` or less and count for nothing.
        invented_parts: the predicted components that touch no lesion, not even a small one.
    """

    counted: tuple[Lesion, ...]
    too_small: int
    invented_parts: tuple[int, ...]
    _reference: Mask
    _grown: Labels
    _parts: Labels

    @property
    def found(self) -> tuple[Lesion, ...]:
        return tuple(lesion for lesion in self.counted if lesion.parts)

    @property
    def missed(self) -> tuple[Lesion, ...]:
        return tuple(lesion for lesion in self.counted if not lesion.parts)

    @property
    def invented(self) -> int:
        return len(self.invented_parts)

    @property
    def nothing_to_find(self) -> bool:
        """Whether no lesion counts and none was invented, so that no mean exists."""
        return not self.counted and not self.invented_parts

    @property
    def single(self) -> bool:
        """Whether the whole mask is one lesion and the whole prediction belongs to it."""
        return len(self.counted) == 1 and not self.too_small and not self.invented_parts

    def masks(self, lesion: Lesion) -> tuple[Mask, Mask]:
        """Return the parts found of a lesion and the lesion itself, cut to the box around both."""
        grown_boxes, part_boxes = self._boxes
        box = box_of([grown_boxes[lesion.number - 1], *(part_boxes[part - 1] for part in lesion.parts)])
        return np.isin(self._parts[box], lesion.parts), self._reference[box] & (self._grown[box] == lesion.number)

    @cached_property
    def _boxes(self) -> tuple[Boxes, Boxes]:
        from scipy.ndimage import find_objects

        return find_objects(self._grown), find_objects(self._parts)


def find_lesions(prediction: Mask, reference: Mask, grown: Mask, voxel_mm3: float) -> Lesions:
    """Match predicted components to the lesions that they touch.

    Components of the reference that grow together are one lesion. A predicted component belongs to every lesion whose
    grown shape it touches.

    Args:
        prediction: (X, Y, Z) bool.
        reference: (X, Y, Z) bool.
        grown: the reference grown by `GROWTH_STEPS` voxels, 18-connected.
        voxel_mm3: volume of a voxel.

    Reference:
        A. W. Moawad et al., The Brain Tumor Segmentation (BraTS-METS) Challenge 2023, arXiv:2306.00838; the details
        as in R. Saluja et al., BraTS-2023-Metrics.
    """
    box = Box.around(prediction | grown) or Box.whole((1, 1, 1))
    prediction, reference, grown = (box.crop(mask) for mask in (prediction, reference, grown))
    parts, n_parts = label_components(prediction)
    lesions, n_lesions = label_components(grown)
    part, lesion, referred = parts[prediction], lesions[prediction], reference[prediction]
    touching = shared_voxels(part, lesion)
    common = shared_voxels(part[referred], lesion[referred])
    part_voxels = sizes_of(part, n_parts)
    lesion_voxels = sizes_of(lesions[reference], n_lesions)
    everything = []
    for number in range(1, n_lesions + 1):
        own = touching.prediction[touching.reference == number]
        everything.append(
            Lesion(
                number,
                int(lesion_voxels[number]),
                tuple(own.tolist()),
                int(part_voxels[own].sum()),
                int(common.voxels[common.reference == number].sum()),
            )
        )
    # rounded, so that the last digit of an affine does not decide about a lesion of exactly the smallest volume
    counted = tuple(lesion for lesion in everything if round(lesion.voxels * voxel_mm3, 6) > SMALLEST_MM3)
    invented = sorted(set(range(1, n_parts + 1)) - set(touching.prediction.tolist()))
    return Lesions(counted, len(everything) - len(counted), tuple(invented), reference, lesions, parts)
