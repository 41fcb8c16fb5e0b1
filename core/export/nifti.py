"""Write a label map as NIfTI-1 on exactly the grid its input came from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.data.formats.nifti_write import LABEL_INTENT, write_nifti
from core.export.spec import MaskOnGrid
from core.volume import Grid


def write_mask(path: Path, mask: MaskOnGrid) -> None:
    """Write a mask as `write_label_map` does."""
    write_label_map(path, mask.labels, mask.grid)


def write_label_map(path: Path, labels: npt.NDArray[np.uint8 | np.uint16], grid: Grid) -> None:
    """Write labels with the input's affine, form codes, quaternion, voxel sizes and axis order.

    Args:
        path: ends in `.nii.gz`; appears whole or not at all.
        labels: (X, Y, Z) uint8 or uint16 in RAS+.
        grid: the input file's grid, through which the labels go back.

    Raises:
        ValueError: the labels are not of the grid's shape.
    """
    if labels.shape != grid.ras_shape:
        raise ValueError(f"labels of shape {labels.shape}; expected {grid.ras_shape}, the grid they are written on")
    write_nifti(path, grid.from_ras(labels), grid, intent=LABEL_INTENT)
