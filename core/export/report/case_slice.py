"""One slice of a case as it is drawn: which way up, how large, and where the masks' edges run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

PLANES = ("sagittal", "coronal", "axial")
# left, right, top, bottom of a slice across each RAS+ axis, in radiological convention: the patient's right, or from
# the side the front, is on the left
LETTERS = (("A", "P", "S", "I"), ("R", "L", "S", "I"), ("R", "L", "A", "P"))


@dataclass(frozen=True, slots=True, eq=False)
class CaseSlice:
    """A slice through the image, the reference and every model's mask, as it is drawn.

    Attributes:
        case: whose.
        why: `best`, `median` or `worst`.
        value: the score it was chosen by, mean over the models.
        modality: what the image shows.
        plane: `axial`, `coronal` or `sagittal`; empty where the image has no geometry.
        slice_index: along that axis, from 0.
        slices: how many there are.
        image: (rows, columns) float32, row 0 on top.
        reference: (rows, columns) uint8 region bits.
        masks: model to (rows, columns) uint8 region bits.
        regions: the name of each bit.
        spacing_mm: width and height of a pixel; None without geometry.
        letters: orientation at the left, right, top and bottom; None without geometry.
    """

    case: str
    why: str
    value: float
    modality: str
    plane: str
    slice_index: int
    slices: int
    image: npt.NDArray[np.float32]
    reference: npt.NDArray[np.uint8]
    masks: Mapping[str, npt.NDArray[np.uint8]]
    regions: tuple[str, ...]
    spacing_mm: tuple[float, float] | None
    letters: tuple[str, str, str, str] | None


def cut_as_drawn(array: npt.NDArray[Any], axis: int, index: int, has_geometry: bool) -> npt.NDArray[Any]:
    """Return one slice of (X, Y, Z) as (rows, columns), row 0 on top.

    Args:
        array: RAS+ with geometry; without it X is the column and Y the row downwards.
        axis: across which the slice is cut.
        index: which slice.
        has_geometry: turn it to radiological convention; otherwise it is drawn as stored.
    """
    plane = np.take(array, index, axis=axis)
    turned = plane[::-1, ::-1] if has_geometry else plane
    return np.ascontiguousarray(turned.T)


def pixel_mm(spacing_mm: tuple[float, float, float], axis: int) -> tuple[float, float]:
    """Return width and height of a pixel of a slice across `axis`."""
    across, down = (mm for number, mm in enumerate(spacing_mm) if number != axis)
    return across, down


def fullest_slice(reference: npt.NDArray[np.bool_], axis: int) -> int:
    """Return the slice across `axis` with the largest area; of an empty mask the middle one, of equals the first."""
    areas = reference.sum(axis=tuple(other for other in range(3) if other != axis))
    return int(areas.argmax()) if areas.any() else int(reference.shape[axis] // 2)


def edges(mask: npt.NDArray[np.bool_]) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]:
    """Return where a mask (rows, columns) ends, along the edges of its pixels.

    Returns:
        Horizontal runs (row, first column, end column) and vertical runs (column, first row, end row), in pixels from
        the upper left corner. Of an empty mask, none; the border of the picture is an edge of what touches it.
    """
    padded = np.pad(mask, 1).astype(np.int8)
    across = np.diff(padded, axis=0)[:, 1:-1]  # (rows + 1, columns): changes between a row and the next
    down = np.diff(padded, axis=1)[1:-1].T  # (columns + 1, rows)
    return _runs(across), _runs(down)


def _runs(changes: npt.NDArray[np.int8]) -> list[tuple[int, int, int]]:
    found = []
    for line, row in enumerate(changes):
        # a run ends where the mask changes sides, so that corners stay corners
        steps = np.flatnonzero(np.diff(np.concatenate([[0], row, [0]])))
        found += [(line, int(a), int(b)) for a, b in pairwise(steps) if row[a] != 0]
    return found
