"""The pictures of one segmented case: the slices with the most of it, in three planes and every modality."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.export.report.case_slice import LETTERS, PLANES, CaseSlice, cut_as_drawn, fullest_slice, pixel_mm
from core.export.report.formatting import sequence
from core.export.report.pictures import COLUMNS, HIGHEST_MM, Panel, overlays
from core.export.segmented_case import SegmentedCase

AXES = (2, 1, 0)  # axial, coronal, sagittal
ALONE_MM = 105.0  # height of a picture that is the only one


@dataclass(frozen=True, slots=True)
class KeyImages:
    """Panels in rows, and where each row is cut.

    Attributes:
        rows: of panels that stand side by side.
        cuts: the plane's name, the slice from 1, and how many there are.
    """

    rows: tuple[tuple[Panel, ...], ...]
    cuts: tuple[tuple[str, int, int], ...]


def key_images(case: SegmentedCase) -> KeyImages:
    """Draw each plane's slice with the largest area of any region, of an empty mask the middle one.

    Modalities stand side by side, planes below each other; of one modality the planes stand side by side. Images
    without geometry, and single slices, are drawn as they are stored.
    """
    geometry = case.geometry
    planes = AXES if geometry and min(case.bits.shape) > 1 else AXES[:1]
    drawn = [_slices(case, axis) for axis in planes]
    cuts = tuple((found[0].plane or "slice", found[0].slice_index + 1, found[0].slices) for found in drawn if found)
    if len(case.images) == 1:
        highest_mm = ALONE_MM if len(drawn) == 1 else HIGHEST_MM
        one = [
            overlays(found, [found[0].plane.capitalize() or sequence(found[0].modality)], len(drawn), highest_mm)
            for found in drawn
        ]
        return KeyImages((tuple(panel for some in one for panel in some),), cuts)
    beside = min(COLUMNS, len(case.images))
    every = []
    for found in drawn:
        titles = [sequence(each.modality) for each in found]
        made = overlays(found, titles, beside)
        every += [tuple(made[start : start + beside]) for start in range(0, len(made), beside)]
    return KeyImages(tuple(every), cuts)


def _slices(case: SegmentedCase, axis: int) -> list[CaseSlice]:
    """Cut every modality across an axis."""
    geometry = case.geometry
    index = fullest_slice(case.bits != 0, axis)
    bits = cut_as_drawn(case.bits, axis, index, geometry is not None)
    return [
        CaseSlice(
            case=case.case_id,
            why="segmented",
            value=0.0,
            modality=modality,
            plane=PLANES[axis] if geometry else "",
            slice_index=index,
            slices=case.bits.shape[axis],
            image=cut_as_drawn(np.asarray(values), axis, index, geometry is not None).astype(np.float32),
            reference=bits,
            masks={},
            regions=case.regions,
            spacing_mm=pixel_mm(geometry.spacing_mm, axis) if geometry else None,
            letters=LETTERS[axis] if geometry else None,
        )
        for modality, values in case.images.items()
    ]
