"""Segmentations and the series they were drawn on, made by highdicom and pydicom: an oracle for our own reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from core.data.formats.grid import grid_from_affine
from core.volume import Array, Grid

CANARY = "Canarius^Vogel"
COLUMNS, ROWS, SLICES = 7, 5, 4  # 35 bits a frame: no frame but the first begins with a byte
SPACING = (0.8, 1.1, 2.5)  # between columns, rows, slices
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def turn(degrees_x: float, degrees_z: float) -> npt.NDArray[np.float64]:
    """Return a rotation (3, 3) about the patient's x axis, then about z."""
    a, b = np.radians([degrees_x, degrees_z])
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_x)


OBLIQUE = turn(17, 31)


def series_affine(rotation: npt.NDArray[np.float64] = OBLIQUE) -> npt.NDArray[np.float64]:
    """Return the (4, 4) affine of the series, (column, row, slice) to RAS+ mm, written down on its own."""
    lps = np.eye(4)
    lps[:3, :3] = rotation * SPACING
    lps[:3, 3] = (12.0, -34.0, 56.0)
    return np.asarray(LPS_TO_RAS @ lps)


def series_grid(rotation: npt.NDArray[np.float64] = OBLIQUE) -> Grid:
    return grid_from_affine((COLUMNS, ROWS, SLICES), series_affine(rotation))


def series(rotation: npt.NDArray[np.float64] = OBLIQUE) -> list[Dataset]:
    """Return the slices of an MR series, in order, with a canary for a patient."""
    lps = LPS_TO_RAS @ series_affine(rotation)
    study, whole, frame = generate_uid(), generate_uid(), generate_uid()
    return [_slice(index, lps, study, whole, frame) for index in range(SLICES)]


def _slice(index: int, lps: npt.NDArray[np.float64], study: str, whole: str, frame: str) -> Dataset:
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SOPClassUID, image.SOPInstanceUID = MRImageStorage, generate_uid()
    image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = study, whole, frame
    image.PatientName, image.PatientID, image.PatientBirthDate, image.PatientSex = CANARY, CANARY, "19630521", "O"
    image.StudyID, image.AccessionNumber, image.ReferringPhysicianName = CANARY[:16], CANARY[:16], CANARY
    image.StudyDate, image.StudyTime, image.Modality, image.Manufacturer = "20190213", "101500", "MR", "Maker"
    image.SeriesNumber, image.InstanceNumber = 1, index + 1
    image.Rows, image.Columns = ROWS, COLUMNS
    image.PixelSpacing, image.SliceThickness = [SPACING[1], SPACING[0]], SPACING[2]
    image.ImagePositionPatient = [round(float(x), 9) for x in lps[:3] @ [0, 0, index, 1]]
    directions = (lps[:3, :2] / np.linalg.norm(lps[:3, :2], axis=0)).T
    image.ImageOrientationPatient = [round(float(x), 12) for x in directions.ravel()]
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 0
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.PixelData = np.zeros((ROWS, COLUMNS), np.uint16).tobytes()
    return image


def segmentation(
    masks: Array, kind: str = "BINARY", images: list[Dataset] | None = None, segments: int | None = None, **more: Any
) -> Dataset:
    """Return what highdicom writes for masks (slice, row, column) of labels, or (..., segment) of masks."""
    import highdicom as hd
    from pydicom.sr.codedict import codes

    count = segments or (masks.shape[3] if masks.ndim == 4 else int(masks.max()))
    described = [
        hd.seg.SegmentDescription(
            segment_number=number,
            segment_label=f"{CANARY} {number}",
            segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
            segmented_property_type=codes.SCT.Neoplasm,
            algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
        )
        for number in range(1, count + 1)
    ]
    return hd.seg.Segmentation(
        source_images=images or series(),
        pixel_array=masks,
        segmentation_type=hd.seg.SegmentationTypeValues[kind],
        segment_descriptions=described,
        series_instance_uid=generate_uid(),
        series_number=2,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="Maker",
        manufacturer_model_name="Model",
        software_versions="1",
        device_serial_number="1",
        **more,
    )


def saved(folder: Path, dataset: Dataset, name: str = "seg.dcm") -> Path:
    path = folder / name
    dataset.save_as(path, enforce_file_format=True)
    return path
