"""Whether a study can be harmonised at all."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.data import limits
from core.data.image import StoredImage
from core.data.refusal import Finding, InputRefusedError
from core.harmonise.brain import LARGEST_VOXELS, SPACING_MM
from core.harmonise.resample import grid_over
from core.harmonise.steps import Harmonising
from core.volume import Grid

FEWEST_SLICES = 8  # of a series in which a head or a brain is to be recognised
VALUE_BYTES = 4


def require_usable(images: Mapping[str, StoredImage], reference: StoredImage | None, asked: Harmonising) -> None:
    """Refuse series that have no place in the patient, hold no numbers, or show too little of the head.

    Raises:
        InputRefusedError: with every reason.
    """
    found = [problem for name, image in images.items() if (problem := _problem(name, image, asked))]
    if reference is not None and reference.grid.affine is None:
        found.append(_no_geometry("a reference"))
    if found:
        raise InputRefusedError(*found)


def require_size(grid: Grid, series: int, asked: Harmonising) -> None:
    """Refuse a common grid that would not fit, or in which the brain networks would not.

    Raises:
        InputRefusedError: with the reason.
    """
    size = int(np.prod(grid.shape)) * series * VALUE_BYTES
    if size > limits.MAX_VOLUME_BYTES:
        found = f"a common grid of {' × '.join(map(str, grid.shape))} voxels for {series} series ({size:,} bytes)"
        fix = "choose a coarser spacing, or a fixed series with a smaller field of view"
        raise InputRefusedError(_error("grid_too_large", found, f"at most {limits.MAX_VOLUME_BYTES:,} bytes", fix))
    seen = int(np.prod(grid_over(grid, SPACING_MM).shape))
    if asked.strip and seen > LARGEST_VOXELS:
        found = f"a field of view of {seen:,} voxels of {SPACING_MM} mm to look for the brain in"
        fix = "crop the fixed series to the head, or choose another"
        raise InputRefusedError(_error("grid_too_large", found, f"at most {LARGEST_VOXELS:,}", fix))


def _problem(name: str, image: StoredImage, asked: Harmonising) -> Finding | None:
    if image.grid.affine is None:
        return _no_geometry(name)
    values = image.values(0)
    if not np.isfinite(values).all():
        found = f"{1 - np.isfinite(values).mean():.2%} of the voxels of {name} NaN or infinite"
        return _error("not_finite", found, "numbers", "export it again")
    if (asked.register or asked.strip) and min(image.grid.shape) < FEWEST_SLICES:
        found = f"{name} with {min(image.grid.shape)} slices"
        fix = "leave it out, or import the series without register and strip"
        return _error("few_slices", found, f"at least {FEWEST_SLICES} to recognise a head in", fix)
    return None


def _no_geometry(what: str) -> Finding:
    found, expected = f"{what} without geometry", "voxels with a place in the patient, in mm"
    return _error("no_geometry", found, expected, "give the series as DICOM, NIfTI or NRRD")


def _error(code: str, found: str, expected: str, fix: str) -> Finding:
    return Finding("error", code, "", "", found, expected, fix)
