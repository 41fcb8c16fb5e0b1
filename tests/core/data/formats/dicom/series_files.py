"""Write small DICOM series whose answer is known: pydicom writes, what is tested reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import (
    UID,
    CTImageStorage,
    EnhancedMRImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MRImageStorage,
    generate_uid,
)

from core.volume import Array

AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
Vector = Sequence[float] | Array
Change = Callable[[Dataset, int], None]


def unchanged(data: Dataset, index: int) -> None:
    """Leave a slice as it is."""


def numbers(shape: tuple[int, int, int] = (4, 5, 6), dtype: str = "i2") -> Array:
    """Voxels (slices, rows, columns), each its own number."""
    return np.arange(np.prod(shape), dtype=dtype).reshape(shape)


def decimal(value: float) -> str:
    """A number as DICOM writes it: 16 characters, as exact as they can be."""
    return max((text for digits in range(16) if len(text := f"{value:.{digits}f}") <= 16), key=len)


def slice_dataset(pixels: Array, position: Vector, directions: Any = AXIAL, spacing: Any = (1, 1)) -> Dataset:
    """One MR slice, without identifiers of its series."""
    data = Dataset()
    data.SOPClassUID = MRImageStorage
    data.SOPInstanceUID = generate_uid()
    data.Modality = "MR"
    data.ImageType = ["ORIGINAL", "PRIMARY", "M"]
    data.ImagePositionPatient = [decimal(v) for v in position]
    data.ImageOrientationPatient = [decimal(v) for v in (*directions[0], *directions[1])]
    data.PixelSpacing = [decimal(v) for v in spacing]
    describe_pixels(data, pixels)
    return data


def describe_pixels(data: Dataset, pixels: Array) -> None:
    """Put pixels (rows, columns) or (frames, rows, columns) into a data set."""
    data.Rows, data.Columns = pixels.shape[-2:]
    data.SamplesPerPixel = 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 8 * pixels.dtype.itemsize
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    data.PixelData = pixels.tobytes()
    data["PixelData"].VR = "OB" if pixels.dtype.itemsize == 1 else "OW"


def save(data: Dataset, path: Path, syntax: str = ExplicitVRLittleEndian) -> Path:
    """Write a data set with preamble and meta information."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(syntax)
    meta.MediaStorageSOPClassUID = data.SOPClassUID
    meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    little, implicit = syntax != ExplicitVRBigEndian, syntax == ImplicitVRLittleEndian
    file = FileDataset(
        str(path), data, file_meta=meta, preamble=b"\0" * 128, is_implicit_VR=implicit, is_little_endian=little
    )
    file.save_as(path, enforce_file_format=True)
    return path


def write_series(
    folder: Path,
    voxels: Array | None = None,
    *,
    directions: Any = AXIAL,
    spacing: Any = (1, 1),
    step: Vector = (0, 0, 2),
    origin: Vector = (0, 0, 0),
    change: Change = unchanged,
) -> tuple[Path, ...]:
    """Write (slices, rows, columns) as one series in the order of its slices and return the files.

    `change` may alter each slice's data set before it is written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    voxels = numbers() if voxels is None else voxels
    study, series, place = (generate_uid() for _ in range(3))
    files = []
    for index, pixels in enumerate(voxels):
        position = np.add(origin, np.multiply(index, step))
        data = slice_dataset(pixels, position, directions, spacing)
        data.StudyInstanceUID, data.SeriesInstanceUID, data.FrameOfReferenceUID = study, series, place
        data.InstanceNumber = index + 1
        change(data, index)
        files.append(save(data, folder / f"{index:03}.dcm"))
    return tuple(files)


def set_all(**values: Any) -> Change:
    """A change that sets the same attributes in every slice."""

    def change(data: Dataset, index: int) -> None:
        for keyword, value in values.items():
            setattr(data, keyword, value)

    return change


def as_ct(data: Dataset, index: int) -> None:
    """Make a slice one of a CT."""
    data.SOPClassUID, data.Modality = CTImageStorage, "CT"


def enhanced(voxels: Array, *, step: Vector = (0, 0, 2), slopes: Sequence[float] | None = None) -> Dataset:
    """One enhanced MR of (frames, rows, columns), its frames in falling order of place."""
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = EnhancedMRImageStorage, generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    data.Modality = "MR"
    describe_pixels(data, voxels)
    data.NumberOfFrames = len(voxels)
    shared, orientation, measures = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    measures.PixelSpacing = [3, 4]
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = Items([orientation]), Items([measures])
    data.SharedFunctionalGroupsSequence = Items([shared])
    groups = []
    for index in range(len(voxels)):
        group, place = Dataset(), Dataset()
        place.ImagePositionPatient = list(np.multiply(-index, step))
        group.PlanePositionSequence = Items([place])
        if slopes:
            scaling = Dataset()
            scaling.RescaleSlope, scaling.RescaleIntercept, scaling.RescaleType = slopes[index], 0, "US"
            group.PixelValueTransformationSequence = Items([scaling])
        groups.append(group)
    data.PerFrameFunctionalGroupsSequence = Items(groups)
    return data
