"""A small study as a scanner leaves it: two series of a made-up brain, on grids of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.data.formats.nifti_write import write_nifti
from tests.core.harmonise.phantom import grid, moved, series

MODALITIES = ("t1c", "t2f")
MOTION = moved((4.0, -5.0, 3.0), 8.0)
FIXED, MOVING = grid((80, 100, 26), (2, 2, 5)), grid((76, 96, 22), (2.2, 2.2, 6), 8)
BRAIN = {"brain": 400, "left ventricle": 120, "right ventricle": 120, "stem": 470, "lesion": 700}
OTHER = {"brain": 250, "left ventricle": 60, "right ventricle": 60, "stem": 210, "lesion": 480}


def raw_study(folder: Path) -> list[Path]:
    """Write the two series: a brain alone, for which no network has to look."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _write(folder / "study_t1c.nii.gz", BRAIN, FIXED, None),
        _write(folder / "study_flair.nii.gz", OTHER, MOVING, MOTION),
    ]


def _write(path: Path, contrast: dict[str, int], on: object, motion: object) -> Path:
    image = series(contrast, on, motion)  # type: ignore[arg-type]
    values = np.where(image.stored[0] > 30, image.stored[0], 0)  # no skull and no noise around
    write_nifti(path, values, image.grid)
    return path
