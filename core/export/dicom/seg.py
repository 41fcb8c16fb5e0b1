"""A mask as a DICOM segmentation (SEG): one binary segment per region, on the slices of its source series.

highdicom writes it; identifiers follow from the content and dates are the study's, so that the same mask gives the
same bytes. Segments may overlap, as regions do: tumour core lies within whole tumour.

Reference: DICOM PS3.3, A.51 and C.8.20 (segmentation IOD and image module).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.export.colours import colour_of
from core.export.dicom.codes import Code, code_of
from core.export.dicom.marks import LONG_STRING, MIDNIGHT, UNDATED, identity, mark, series_of, uid_of, versions
from core.export.dicom.series import DicomSeries
from core.export.provenance import PROGRAM, RESEARCH_ONLY
from core.export.segmented_case import SegmentedCase
from core.export.writing import written

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SERIES_NUMBER = 9001
LABEL = "SEGMENTATION"
SINGLE_IMAGE = "1.2.840.10008.5.1.4.1.1.4"  # a class of which every object is one image


def write_dicom_seg(path: Path, case: SegmentedCase) -> None:
    """Write a case's regions as a DICOM segmentation that refers to its source series.

    An empty region is a segment without frames. A mask without any voxel has one empty frame per segment, for an
    object needs one.

    Raises:
        NotExportableError: the case was not read from DICOM, or its mask does not lie on the series.
        NotWrittenError: the disk is full, or the folder cannot be written.
    """
    from pydicom import dcmwrite

    dataset = segmentation(case, series_of(case))
    with written(path) as stream:
        dcmwrite(stream, dataset, enforce_file_format=True)


def segmentation(case: SegmentedCase, series: DicomSeries) -> Dataset:
    """Return the object, not yet written."""
    import highdicom as hd

    native = case.grid.from_ras(case.bits).transpose(2, 1, 0)  # (slice, row, column)
    drawn = np.flatnonzero(native.any(axis=(1, 2)))
    slices = drawn if drawn.size else np.array([0])
    bits = native[slices]
    masks = np.stack([bits >> bit & 1 for bit in range(len(case.regions))], axis=-1).astype(np.uint8)
    images = dict(_source_images(case, series, slices))
    stand_ins = {str(image.SOPInstanceUID): k for k, image in images.items()}
    found: Dataset = hd.seg.Segmentation(
        source_images=list(images.values()),
        pixel_array=masks,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=_segments(case),
        series_instance_uid=uid_of(case, series, "SEG series"),
        series_number=SERIES_NUMBER,
        sop_instance_uid=uid_of(case, series, "SEG"),
        instance_number=1,
        manufacturer=PROGRAM,
        manufacturer_model_name=case.provenance.title[:LONG_STRING],
        software_versions=versions(case)[0],  # `mark` says them all
        device_serial_number=case.provenance.checkpoint_ids[0],
        content_label=LABEL,
        content_description=RESEARCH_ONLY,
        omit_empty_frames=bool(drawn.size),
    )
    mark(found, case, series)
    found.ContentDate, found.ContentTime = series.study_date or UNDATED, series.study_time or MIDNIGHT
    _organise(found, uid_of(case, series, "dimensions"))
    _refer(found, series, stand_ins)
    return found


def _source_images(
    case: SegmentedCase, series: DicomSeries, slices: npt.NDArray[np.intp]
) -> Iterator[tuple[int, Dataset]]:
    """Yield what highdicom reads of each source slice, as single images with identifiers that stand in for theirs."""
    from pydicom.dataset import Dataset
    from pydicom.valuerep import format_number_as_ds

    for k in map(int, slices):
        image = Dataset()
        for keyword in identity(case, series):  # whose it is, is written afterwards: names that highdicom doubts too
            setattr(image, keyword, "")
        image.StudyInstanceUID = series.study_uid
        image.SOPClassUID, image.SOPInstanceUID = SINGLE_IMAGE, uid_of_slice(series, k)
        image.SeriesInstanceUID, image.FrameOfReferenceUID = series.series_uid, series.frame_of_reference_uid
        image.Columns, image.Rows, _ = series.shape
        image.ImagePositionPatient = [format_number_as_ds(x) for x in series.slices[k].position]
        image.ImageOrientationPatient = [format_number_as_ds(x) for x in series.orientation]
        image.PixelSpacing = [format_number_as_ds(x) for x in series.spacing_mm]
        image.SliceThickness = image.SpacingBetweenSlices = format_number_as_ds(series.step_mm)
        image.Modality, image.Manufacturer, image.InstanceNumber = "OT", "", k + 1
        yield k, image


def uid_of_slice(series: DicomSeries, k: int) -> str:
    """Return an identifier of one slice: its object's, or, where an object holds several, a number under it."""
    found = series.slices[k]
    return found.uid if found.frame is None else f"1.{k + 1}"


def _segments(case: SegmentedCase) -> list[Any]:
    import highdicom as hd
    from pydicom.sr.codedict import codes

    found = case.provenance
    algorithm = hd.AlgorithmIdentificationSequence(
        name=f"{PROGRAM}: {found.title}"[:LONG_STRING],
        family=codes.DCM.ArtificialIntelligence,
        version=found.checkpoint_ids[0],
        source=PROGRAM,
        parameters={"note": RESEARCH_ONLY, "provenance": found.canonical()},
    )
    described = []
    for number, region in enumerate(case.regions, 1):
        title = case.titles[region]
        code = code_of(title)
        segment = hd.seg.SegmentDescription(
            segment_number=number,
            segment_label=region[:LONG_STRING],
            segmented_property_category=_coded(code.category),
            segmented_property_type=_coded(code.kind),
            algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm_identification=algorithm,
            display_color=hd.color.CIELabColor.from_rgb(*colour_of(number - 1)),
        )
        segment.SegmentDescription = title
        described.append(segment)
    return described


def _coded(code: Code) -> Any:
    from pydicom.sr.coding import Code as CodedConcept

    return CodedConcept(code.value, code.scheme, code.meaning)


def _organise(dataset: Dataset, uid: str) -> None:
    """Give the dimensions an identifier that follows from the content, where highdicom drew one."""
    for item in (*dataset.DimensionOrganizationSequence, *dataset.DimensionIndexSequence):
        item.DimensionOrganizationUID = uid


def _refer(dataset: Dataset, series: DicomSeries, stand_ins: dict[str, int]) -> None:
    """Refer to the series' own objects, and to frames where an object holds several; to the whole series once."""
    from pydicom.sequence import Sequence

    groups = dataset.PerFrameFunctionalGroupsSequence
    derived = (item for group in groups for item in group.get("DerivationImageSequence", ()))
    # the segments of a slice share one item
    for source in {id(item): item for each in derived for item in each.SourceImageSequence}.values():
        own = series.slices[stand_ins[str(source.ReferencedSOPInstanceUID)]]
        source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID = series.sop_class_uid, own.uid
        if own.frame is not None:
            source.ReferencedFrameNumber = own.frame
    (referenced,) = dataset.ReferencedSeriesSequence
    referenced.ReferencedInstanceSequence = Sequence(references(series))


def references(series: DicomSeries) -> list[Dataset]:
    """Return one reference to each object of a series, in the order of its slices."""
    from pydicom.dataset import Dataset

    found = []
    for uid in dict.fromkeys(each.uid for each in series.slices):
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = series.sop_class_uid, uid
        found.append(item)
    return found
