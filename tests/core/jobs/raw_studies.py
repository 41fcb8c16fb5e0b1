"""A small study as a scanner leaves it: two series of a made-up brain, on grids of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.uid import generate_uid

from core.data.formats.nifti_write import write_nifti
from core.volume import Array, Grid
from tests.core.data.formats.dicom.series_files import Change, set_all, write_series
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


def raw_dicom_study(folder: Path) -> dict[str, list[Path]]:
    """Write the same two series as one DICOM study, and return their files, the lowest slice of each first.

    Both are drawn with negated direction cosines; FLAIR is tilted too, and its first file is its last slice.
    """
    study = generate_uid()
    said = {
        "t1c": {"SeriesDescription": "AX T1 POST", "ContrastBolusAgent": "x", "EchoTime": 11, "RepetitionTime": 500},
        "t2f": {"SeriesDescription": "AX FLAIR", "EchoTime": 120, "RepetitionTime": 9000, "InversionTime": 2500},
    }
    files = {}
    for name, (contrast, on, motion) in {"t1c": (BRAIN, FIXED, None), "t2f": (OTHER, MOVING, MOTION)}.items():
        image = series(contrast, on, motion)
        whose = {"PatientName": "Somebody^Real", "PatientID": "MRN 4711", "StudyDate": "20200102"}
        change = set_all(StudyInstanceUID=study, SeriesNumber=len(files) + 1, **whose, **said[name])
        order = -1 if name == "t2f" else 1
        written = _write_dicom(folder / name, image.stored[0], on, order, change)
        files[name] = list(written)[::order]
    return files


def _write_dicom(folder: Path, stored: Array, on: Grid, order: int, change: Change) -> tuple[Path, ...]:
    """Write (I, J, K) as a series whose columns, rows and slices they are."""
    assert on.affine is not None
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ on.affine
    across, down, up = (lps[:3, axis] for axis in range(3))
    lengths = [float(np.linalg.norm(each)) for each in (across, down)]
    voxels = np.where(stored > 30, stored, 0).astype(np.int16).transpose(2, 1, 0)[::order]
    return write_series(
        folder,
        np.ascontiguousarray(voxels),
        directions=(across / lengths[0], down / lengths[1]),
        spacing=lengths[::-1],
        step=up * order,
        origin=lps[:3, 3] + (up * (on.shape[2] - 1) if order < 0 else 0),
        change=change,
    )
