"""Three ways to read a series: each gives the slices along the normal, (slices, rows, columns)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.data.formats.dicom import DICOM
from core.volume import Array

Read = Callable[[tuple[Path, ...]], Array]


def segscope(files: tuple[Path, ...]) -> Array:
    """Read with what is measured: checks, geometry, context and all."""
    slices: Array = DICOM.read(files).stored[0].transpose(2, 1, 0)
    return slices


def pydicom_loop(files: tuple[Path, ...]) -> Array:
    """Read with the loop that most programs have: dcmread, sort by place, stack; no checks."""
    from pydicom import dcmread

    slices = [dcmread(file) for file in files]
    row, column = np.reshape(np.array(slices[0].ImageOrientationPatient, float), (2, 3))
    normal = np.cross(row, column)
    slices.sort(key=lambda data: float(np.dot(data.ImagePositionPatient, normal)))
    return np.stack([data.pixel_array for data in slices])


def simpleitk(files: tuple[Path, ...]) -> Array:
    """Read with ITK's series reader (GDCM)."""
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)  # it says of each run that positions are rounded
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(files[0].parent)))
    return np.asarray(SimpleITK.GetArrayFromImage(reader.Execute()))


CONTESTANTS: dict[str, Read] = {"segscope": segscope, "pydicom": pydicom_loop, "simpleitk": simpleitk}
