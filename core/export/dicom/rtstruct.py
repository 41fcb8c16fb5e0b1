"""A mask as a DICOM structure set (RTSTRUCT): one structure per region, contours on the slices of its source series.

Contours run along the edges of voxels, so that whoever fills them by voxel centres gets the mask back exactly. Holes
are reached through keyholes, which every reader understands. Numbers are written with a millionth of a millimetre.

Reference: DICOM PS3.3, A.19 (RT structure set IOD), C.8.8.5, C.8.8.6 and C.8.8.8.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.export.colours import colour_of
from core.export.contours import contours_of
from core.export.dicom.codes import Code, code_of
from core.export.dicom.marks import LONG_STRING, UNDATED, described, mark, series_of, uid_of
from core.export.dicom.seg import references
from core.export.dicom.series import DicomSeries
from core.export.provenance import PROGRAM, RESEARCH_ONLY
from core.export.segmented_case import SegmentedCase
from core.export.writing import written

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SERIES_NUMBER = 9002
SHORT_STRING = 16  # characters of VR SH
DECIMALS = 6  # of a millimetre
STUDY_CLASS = "1.2.840.10008.3.1.2.3.1"  # what structure sets call the study they refer to


def write_rtstruct(path: Path, case: SegmentedCase) -> None:
    """Write a case's regions as a structure set that refers to its source series.

    An empty region is a structure without contours.

    Raises:
        NotExportableError: the case was not read from DICOM, or its mask does not lie on the series.
        NotWrittenError: the disk is full, or the folder cannot be written.
    """
    from pydicom import dcmwrite

    dataset = structure_set(case, series_of(case))
    with written(path) as stream:
        dcmwrite(stream, dataset, enforce_file_format=True)


def structure_set(case: SegmentedCase, series: DicomSeries) -> Dataset:
    """Return the object, not yet written."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ImplicitVRLittleEndian, RTStructureSetStorage

    found = Dataset()
    found.file_meta = FileMetaDataset()
    # explicit lengths have 16 bits, in which a large organ's contour has no room
    found.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    found.SOPClassUID, found.SOPInstanceUID = RTStructureSetStorage, uid_of(case, series, "RTSTRUCT")
    mark(found, case, series)
    found.Modality, found.OperatorsName = "RTSTRUCT", ""
    found.SeriesInstanceUID, found.SeriesNumber = uid_of(case, series, "RTSTRUCT series"), SERIES_NUMBER
    found.InstanceNumber = 1
    found.StructureSetLabel, found.StructureSetName = PROGRAM[:SHORT_STRING], RESEARCH_ONLY
    found.StructureSetDescription = described(case)
    found.StructureSetDate, found.StructureSetTime = series.study_date or UNDATED, series.study_time
    found.FrameOfReferenceUID, found.PositionReferenceIndicator = series.frame_of_reference_uid, ""
    found.ReferencedFrameOfReferenceSequence = [_frame_of_reference(series)]
    numbered = list(enumerate(case.regions, 1))
    found.StructureSetROISequence = [_structure(case, series, number, region) for number, region in numbered]
    found.ROIContourSequence = [_drawn(case, series, number, region) for number, region in numbered]
    found.RTROIObservationsSequence = [_observed(case, number, region) for number, region in numbered]
    found.ApprovalStatus = "UNAPPROVED"
    return found


def _frame_of_reference(series: DicomSeries) -> Dataset:
    from pydicom.dataset import Dataset

    images = Dataset()
    images.SeriesInstanceUID, images.ContourImageSequence = series.series_uid, references(series)
    study = Dataset()
    study.ReferencedSOPClassUID, study.ReferencedSOPInstanceUID = STUDY_CLASS, series.study_uid
    study.RTReferencedSeriesSequence = [images]
    frame = Dataset()
    frame.FrameOfReferenceUID, frame.RTReferencedStudySequence = series.frame_of_reference_uid, [study]
    return frame


def _structure(case: SegmentedCase, series: DicomSeries, number: int, region: str) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ROINumber, item.ReferencedFrameOfReferenceUID = number, series.frame_of_reference_uid
    item.ROIName, item.ROIDescription = region[:LONG_STRING], case.titles[region]
    item.ROIGenerationAlgorithm, item.ROIGenerationDescription = "AUTOMATIC", case.provenance.title[:LONG_STRING]
    return item


def _drawn(case: SegmentedCase, series: DicomSeries, number: int, region: str) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ROIDisplayColor, item.ReferencedROINumber = list(colour_of(number - 1)), number
    mask = case.grid.from_ras(case.mask_of(region))
    contours = [
        _contour(series, k, corners)
        for k in np.flatnonzero(mask.any(axis=(0, 1))).tolist()
        for corners in contours_of(mask[:, :, k])
    ]
    if contours:
        item.ContourSequence = contours
    for order, contour in enumerate(contours, 1):
        contour.ContourNumber = order
    return item


def _contour(series: DicomSeries, k: int, corners: npt.NDArray[np.float64]) -> Dataset:
    """Return one contour of a slice; its corners (N, 2) are columns and rows."""
    from pydicom.dataset import Dataset

    along_row, along_column = np.array(series.orientation[:3]), np.array(series.orientation[3:])
    between_rows, between_columns = series.spacing_mm
    steps = np.stack([along_row * between_columns, along_column * between_rows])
    own = series.slices[k]
    points = np.array(own.position) + corners @ steps
    image = Dataset()
    image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = series.sop_class_uid, own.uid
    if own.frame is not None:
        image.ReferencedFrameNumber = own.frame
    item = Dataset()
    item.ContourImageSequence, item.ContourGeometricType = [image], "CLOSED_PLANAR"
    item.NumberOfContourPoints = len(points)
    item.ContourData = [_decimal(number) for number in points.ravel().tolist()]
    return item


def _decimal(number: float) -> str:
    text = f"{number:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _observed(case: SegmentedCase, number: int, region: str) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ObservationNumber = item.ReferencedROINumber = number
    item.RTROIInterpretedType, item.ROIInterpreter = "", ""
    item.RTROIIdentificationCodeSequence = [_coded(code_of(case.titles[region]).kind)]
    return item


def _coded(code: Code) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, code.scheme, code.meaning
    return item
