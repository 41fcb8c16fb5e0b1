"""Masks as DICOM segmentations and structure sets: on the right slices of real series, and of nobody by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import numpy.typing as npt
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from core.case import Source
from core.data.formats.dicom.reader import read_dicom
from core.data.formats.dicom_seg import read_segmentation
from core.data.formats.rtstruct import read_structures
from core.data.refusal import Finding
from core.export import EXPORTS, NotExportableError, SegmentedCase
from core.export.dicom import series_of_files, series_of_uids, with_patient
from core.export.dicom.codes import CODES, UNKNOWN, code_of
from core.export.dicom.marks import why_not_dicom
from core.export.dicom.rtstruct import write_rtstruct
from core.export.dicom.seg import write_dicom_seg
from tests.core.data.formats.segs import CANARY, OBLIQUE, saved, series, turn
from tests.core.export.segmented import (
    FIRST,
    changed,
    made_series,
    of_real_series,
    on_series,
    overlapping,
    provenance,
    segmented,
)

Bits = npt.NDArray[np.uint8]
Write = Callable[[Path, SegmentedCase], None]

# a head CT, negated directions, oblique, and enhanced files of two vendors and several channels
LARGE = ("series_ct_head/CTHeadAxialDicom", "ge_with_expected_nifti/anatomical/001")
SMALL = (
    "series_ct_reversed/dicom",
    "series_mr_oblique_and_syntaxes/volume",
    "rtstruct/oriented_data",
    "seg_dcmqi/data/segmentations/ct-3slice",
)
SERIES = (*SMALL, *(pytest.param(name, marks=pytest.mark.slow) for name in LARGE))
ENHANCED = ("series_t1_and_enhanced/enh.dcm", "enhanced_mr/In/Philips", "enhanced_mr/In/Siemens/XA10")


def files_of(real_data: Path, name: str) -> list[Path]:
    """The files of a series; what else lies in its folder is left out."""
    path = real_data / "dicom" / name
    found = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [file for file in found if file.is_file() and _is_image(file)]


def _is_image(file: Path) -> bool:
    try:
        return "ImagePositionPatient" in pydicom.dcmread(file, stop_before_pixels=True) or file.name == "enh.dcm"
    except pydicom.errors.InvalidDicomError:
        return False


def enhanced_of(real_data: Path, name: str) -> list[Path]:
    path = real_data / "dicom" / name
    return sorted(file for file in path.rglob("*.dcm")) if path.is_dir() else [path]


def by_hand(position: Any, orientation: Any, spacing: Any, shape: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Where each pixel (row, column) lies in RAS+ mm, by equation C.7.6.2.1-1 of DICOM PS3.3."""
    row, column = np.array(orientation[:3], float), np.array(orientation[3:], float)
    rows, columns = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    lps = np.array(position, float) + columns[..., None] * spacing[1] * row + rows[..., None] * spacing[0] * column
    return np.asarray(lps * (-1, -1, 1))


def frames_of_sources(found: hd.seg.Segmentation, uids: Sequence[str]) -> Bits:
    """What highdicom takes for the frames of source images, (image, row, column, segment); zeros where none is."""
    frames: Bits = found.get_pixels_by_source_instance(
        list(uids), ignore_spatial_locations=True, assert_missing_frames_are_empty=True
    )
    return frames


@pytest.mark.parametrize("name", SERIES)
def test_each_source_image_gets_the_pixels_that_lie_in_the_sphere(real_data: Path, tmp_path: Path, name: str) -> None:
    """highdicom finds the frames of each source image; the sphere is worked out from that image's own header."""
    files = files_of(real_data, name)
    case, centre, radii = of_real_series(files)
    path = tmp_path / "seg.dcm"
    write_dicom_seg(path, case)
    found = hd.seg.segread(path)
    images = [pydicom.dcmread(file, stop_before_pixels=True) for file in files]
    frames = frames_of_sources(found, [image.SOPInstanceUID for image in images])
    hit = 0
    for image, drawn in zip(images, frames, strict=True):
        places = by_hand(image.ImagePositionPatient, image.ImageOrientationPatient, image.PixelSpacing,
                         (image.Rows, image.Columns))  # fmt: skip
        apart = np.linalg.norm(places - centre, axis=-1)
        for segment, radius in enumerate(radii):
            sure = np.abs(apart - radius) > 0.1  # a series read with even steps may move a slice by a little
            assert ((drawn[..., segment] == 1) == (apart <= radius))[sure].all()
        hit += bool(drawn.any())
    assert hit >= 3 or len(images) == 3


@pytest.mark.parametrize("name", SERIES)
def test_each_frame_lies_where_its_source_image_lies(real_data: Path, tmp_path: Path, name: str) -> None:
    files = files_of(real_data, name)
    case, *_ = of_real_series(files)
    write_dicom_seg(tmp_path / "seg.dcm", case)
    found = pydicom.dcmread(tmp_path / "seg.dcm")
    images = {image.SOPInstanceUID: image for image in (pydicom.dcmread(f, stop_before_pixels=True) for f in files)}
    (shared,) = found.SharedFunctionalGroupsSequence
    for group in found.PerFrameFunctionalGroupsSequence:
        image = images[group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID]
        placed = group.PlanePositionSequence[0].ImagePositionPatient
        assert np.allclose(placed, image.ImagePositionPatient, atol=1e-6)
        turned = shared.PlaneOrientationSequence[0].ImageOrientationPatient
        assert np.allclose(turned, image.ImageOrientationPatient, atol=1e-4)
        assert np.allclose(shared.PixelMeasuresSequence[0].PixelSpacing, image.PixelSpacing, atol=1e-6)
    referred = found.ReferencedSeriesSequence[0]
    assert {item.ReferencedSOPInstanceUID for item in referred.ReferencedInstanceSequence} == set(images)
    (image, *_) = images.values()
    assert referred.SeriesInstanceUID == image.SeriesInstanceUID != found.SeriesInstanceUID
    assert found.StudyInstanceUID == image.StudyInstanceUID
    assert found.FrameOfReferenceUID == image.get("FrameOfReferenceUID", found.FrameOfReferenceUID)


@pytest.mark.parametrize("write", [write_dicom_seg, write_rtstruct], ids=["dicom-seg", "rtstruct"])
@pytest.mark.parametrize("name", [*SERIES, *ENHANCED])
def test_what_is_written_is_read_back_to_the_last_voxel(
    real_data: Path, tmp_path: Path, name: str, write: Write
) -> None:
    files = enhanced_of(real_data, name) if name in ENHANCED else files_of(real_data, name)
    case, *_ = of_real_series(files)
    assert_read_back(case, write, tmp_path)


def assert_read_back(case: SegmentedCase, write: Write, folder: Path) -> None:
    path = folder / "mask.dcm"
    write(path, case)
    assert_same(case, path, write)


def assert_same(case: SegmentedCase, path: Path, write: Write) -> None:
    read = read_segmentation if write is write_dicom_seg else read_structures
    image = read(Source((path,), "dicom"), case.grid)
    # nested regions are painted inner over outer: 1 whole tumour alone, 2 core alone, 3 enhancing
    labels = case.grid.to_ras(image.stored[0])
    bits = np.array([0, 1, 3, 7], np.uint8)[labels]
    assert (bits == case.bits).all()
    # a source whose slices are not quite even says so
    allowed = {"nested_masks", "roi_labels", "frames_beside_slices"}
    assert {finding.code for finding in image.findings} <= allowed, worst(image.findings)


def worst(findings: tuple[Finding, ...]) -> str:
    return "; ".join(finding.sentence for finding in findings)


@pytest.mark.parametrize("name", ENHANCED)
def test_frames_of_an_enhanced_file_are_referred_to_by_number(real_data: Path, tmp_path: Path, name: str) -> None:
    """The plane of the frame that is referred to is the plane of the segmentation's frame."""
    files = enhanced_of(real_data, name)
    case, *_ = of_real_series(files)
    write_dicom_seg(tmp_path / "seg.dcm", case)
    sources = {image.SOPInstanceUID: image for image in (pydicom.dcmread(f, stop_before_pixels=True) for f in files)}
    found = pydicom.dcmread(tmp_path / "seg.dcm")
    assert len(found.PerFrameFunctionalGroupsSequence) >= 3
    for group in found.PerFrameFunctionalGroupsSequence:
        (source,) = group.DerivationImageSequence[0].SourceImageSequence
        groups = sources[source.ReferencedSOPInstanceUID].PerFrameFunctionalGroupsSequence
        plane = groups[source.ReferencedFrameNumber - 1].PlanePositionSequence[0]
        assert np.allclose(plane.ImagePositionPatient, group.PlanePositionSequence[0].ImagePositionPatient, atol=1e-6)


@pytest.mark.parametrize("write", [write_dicom_seg, write_rtstruct], ids=["dicom-seg", "rtstruct"])
@pytest.mark.parametrize(
    "rotation",
    [np.eye(3), OBLIQUE, turn(180, 0), turn(0, 180), turn(180, 180), turn(90, 0), turn(-90, 90), turn(200, 31)],
    ids=["axial", "oblique", "x negated", "rows negated", "both", "coronal", "sagittal", "oblique and negated"],
)
def test_however_the_slices_are_turned_files_in_any_order_give_the_mask_back(
    tmp_path: Path, rotation: npt.NDArray[np.float64], write: Write
) -> None:
    """Random nested regions, holes and single pixels among them."""
    case = of_made_series(tmp_path, rotation)
    rng = np.random.default_rng(5)
    whole = rng.random(case.bits.shape) < 0.7
    core = whole & (rng.random(case.bits.shape) < 0.6)
    bits = (whole * 1 + core * 2 + (core & (rng.random(case.bits.shape) < 0.5)) * 4).astype(np.uint8)
    assert_read_back(changed(case, bits=bits), write, tmp_path)


def of_made_series(folder: Path, rotation: npt.NDArray[np.float64] = OBLIQUE) -> SegmentedCase:
    """A case on a series of four slices whose patient has a name, its files in no order."""
    files = tuple(
        saved(folder, image, f"{order}.dcm") for order, image in zip((3, 0, 2, 1), series(rotation), strict=True)
    )
    image = read_dicom(files)
    bits = np.zeros(image.grid.ras_shape, np.uint8)
    middle = tuple(n // 2 for n in bits.shape)
    bits[middle] = 7
    bits[middle[0] - 1 :, middle[1], middle[2]] |= 3
    bits[:, middle[1], middle[2]] |= 1
    found = series_of_files(Source(files, "dicom"))
    return changed(segmented(), grid=image.grid, bits=bits, dicom=found, prediction=None, measurements=None, images={})


def test_identifiers_that_an_import_kept_write_what_the_files_would(tmp_path: Path) -> None:
    files = tuple(saved(tmp_path, image, f"{k}.dcm") for k, image in enumerate(series()))
    image = read_dicom(files)
    kept = json.loads(json.dumps(dict(image.uids)))
    fresh = series_of_files(Source(files, "dicom"))
    again = series_of_uids(kept, image.grid)
    assert again is not None
    assert [each.uid for each in again.slices] == [each.uid for each in fresh.slices]
    assert np.allclose([each.position for each in again.slices], [each.position for each in fresh.slices], atol=1e-6)
    assert np.allclose(again.orientation, fresh.orientation, atol=1e-9)
    assert (again.study_uid, again.series_uid, again.shape) == (fresh.study_uid, fresh.series_uid, fresh.shape)
    case = changed(of_made_series(tmp_path), grid=image.grid, dicom=again)
    for write in (write_dicom_seg, write_rtstruct):
        assert_read_back(case, write, tmp_path)


def test_identifiers_without_a_place_are_no_series(tmp_path: Path) -> None:
    image = read_dicom(tuple(saved(tmp_path, each, f"{k}.dcm") for k, each in enumerate(series())))
    assert series_of_uids({}, image.grid) is None
    assert series_of_uids({**image.uids, "SOPInstanceUID": ("1.2",)}, image.grid) is None


@pytest.mark.parametrize("name", ["dicom-seg", "rtstruct"])
def test_a_case_that_was_not_dicom_is_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    case = segmented()
    with pytest.raises(NotExportableError) as refused:
        EXPORTS[name].write(tmp_path / "out" / "seg.dcm", case)
    assert str(refused.value) == (
        "case-001 was not read from DICOM, and a DICOM object has to refer to the series it was made from; "
        "no series is made up for it: segment the DICOM files themselves, or export NIfTI"
    )
    assert EXPORTS[name].why_not(case) == str(refused.value)
    assert not (tmp_path / "out").exists()


def test_a_mask_beside_its_series_is_refused_with_the_distance() -> None:
    case = on_series(segmented())
    assert why_not_dicom(case) == ""
    affine = case.grid.affine
    assert affine is not None
    moved = affine.copy()
    moved[:3, 3] += (0, 0.9, 0)
    from core.data.formats.grid import grid_from_affine

    beside = changed(case, grid=grid_from_affine(case.grid.shape, moved))
    assert "lies up to 0.90 mm beside its slices" in why_not_dicom(beside)
    other = changed(case, dicom=made_series(grid_from_affine((5, 5, 5), affine)))
    assert "is of another size than the series" in why_not_dicom(other)


def test_a_series_that_names_no_frame_of_reference_gets_one_that_follows_from_its_own_name(tmp_path: Path) -> None:
    images = series()
    for image in images:
        del image.FrameOfReferenceUID
    files = tuple(saved(tmp_path, image, f"{k}.dcm") for k, image in enumerate(images))
    one, again = series_of_files(Source(files, "dicom")), series_of_files(Source(files[::-1], "dicom"))
    assert one == again
    assert one.frame_of_reference_uid.startswith("2.25.")
    kept = series_of_uids(read_dicom(files).uids, read_dicom(files).grid)
    assert kept is not None
    assert kept.frame_of_reference_uid == one.frame_of_reference_uid
    case = changed(of_made_series(tmp_path), grid=read_dicom(files).grid, dicom=one)
    write_dicom_seg(tmp_path / "seg.dcm", case)
    assert pydicom.dcmread(tmp_path / "seg.dcm").FrameOfReferenceUID == one.frame_of_reference_uid


def test_a_series_without_identifiers_is_refused() -> None:
    from dataclasses import replace

    case = on_series(segmented())
    assert case.dicom is not None
    assert "lacks identifiers" in why_not_dicom(changed(case, dicom=replace(case.dicom, series_uid="")))


@pytest.mark.parametrize("write", [write_dicom_seg, write_rtstruct], ids=["dicom-seg", "rtstruct"])
def test_the_patient_stays_out_unless_asked_for(tmp_path: Path, write: Write) -> None:
    case = of_made_series(tmp_path)
    path = tmp_path / "out.dcm"
    write(path, case)
    assert CANARY.encode() not in path.read_bytes()
    assert b"19630521" not in path.read_bytes()
    found = pydicom.dcmread(path)
    assert (found.PatientID, str(found.PatientName)) == ("case-001", "case-001")
    assert (found.PatientBirthDate, found.PatientSex, found.AccessionNumber) == ("", "", "")
    assert case.dicom is not None
    asked = changed(case, dicom=with_patient(case.dicom, tmp_path / "0.dcm"))
    write(path, asked)
    found = pydicom.dcmread(path)
    assert (found.PatientID, str(found.PatientName)) == (CANARY, CANARY)
    assert (found.PatientBirthDate, found.PatientSex) == ("19630521", "O")
    assert (found.AccessionNumber, found.StudyID) == (CANARY[:16], CANARY[:16])
    assert_same(asked, path, write)


def test_the_patient_of_another_study_is_never_taken(tmp_path: Path) -> None:
    from core.errors import RefusedError

    case = of_made_series(tmp_path)
    assert case.dicom is not None
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "note.txt").write_text("no image")
    with pytest.raises(RefusedError, match="holds no DICOM file; give files of the segmented study"):
        with_patient(case.dicom, tmp_path / "others")
    saved(tmp_path / "others", series()[0], "other.dcm")
    with pytest.raises(RefusedError, match=r"holds 1 DICOM file\(s\), all of other studies"):
        with_patient(case.dicom, tmp_path / "others")
    # of a folder with several studies the right one
    assert dict(with_patient(case.dicom, tmp_path).patient)["PatientName"] == CANARY


@pytest.mark.parametrize("write", [write_dicom_seg, write_rtstruct], ids=["dicom-seg", "rtstruct"])
def test_dates_are_the_studys_and_identifiers_follow_from_the_content(tmp_path: Path, write: Write) -> None:
    case = of_made_series(tmp_path)
    paths = [tmp_path / f"{name}.dcm" for name in ("one", "again", "changed", "checkpoint")]
    other_bits = case.bits.copy()
    other_bits[0, 0, 0] = 1
    other_source = changed(case, provenance=provenance(checkpoint_ids=("c3" * 32,)))
    for path, each in zip(paths, (case, case, changed(case, bits=other_bits), other_source), strict=True):
        write(path, each)
    one, again, *others = (pydicom.dcmread(path) for path in paths)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert len({each.SOPInstanceUID for each in (one, *others)}) == 3
    assert one.StudyDate == "20190213"
    assert one.StudyTime == "101500"
    made = one.get("ContentDate") or one.StructureSetDate
    assert made == "20190213"
    assert "InstanceCreationDate" not in one
    assert all("ContributionDateTime" not in item for item in one.ContributingEquipmentSequence)
    assert str(one.SOPInstanceUID).startswith("2.25.")
    assert again.SeriesInstanceUID == one.SeriesInstanceUID != one.SOPInstanceUID


def test_a_segment_says_what_it_is_and_which_algorithm_drew_it(tmp_path: Path) -> None:
    write_dicom_seg(tmp_path / "seg.dcm", of_made_series(tmp_path))
    found = hd.seg.segread(tmp_path / "seg.dcm")
    segments = [found.get_segment_description(number) for number in (1, 2, 3)]
    assert [segment.segment_label for segment in segments] == ["WT", "TC", "ET"]
    assert [segment.SegmentDescription for segment in segments] == ["whole tumour", "tumour core", "enhancing tumour"]
    assert {segment.segmented_property_category for segment in segments} == {codes.SCT.MorphologicallyAbnormalStructure}
    assert [segment.segmented_property_type for segment in segments] == [
        codes.SCT.Neoplasm,
        codes.SCT.Mass,
        codes.NCIt.EnhancingLesion,
    ]
    for segment in segments:
        (algorithm,) = segment.SegmentationAlgorithmIdentificationSequence
        assert algorithm.AlgorithmVersion == FIRST
        assert "not for diagnosis" in algorithm.AlgorithmParameters
    assert found.SoftwareVersions[0] == "segscope 0.1.0"
    assert found.ContentDescription == "For research; not for diagnosis."
    assert found.Manufacturer == "Segscope"


def test_every_code_is_the_dictionarys_own() -> None:
    """pydicom's dictionary is made from the standard."""
    known = {(code.scheme_designator, code.value): code.meaning for scheme in (codes.SCT, codes.NCIt)
             for name in scheme.dir() if (code := getattr(scheme, name, None)) is not None
             and not isinstance(code, list)}  # fmt: skip
    for region in (*CODES.values(), UNKNOWN):
        for code in (region.category, region.kind):
            assert (code.scheme, code.value) in known, code
    assert code_of("Resection cavity") == UNKNOWN
    assert code_of("Enhancing_Tumour").kind.meaning == "Enhancing Lesion"


def test_regions_that_overlap_in_part_are_whole_in_both_objects(tmp_path: Path) -> None:
    """Our own reader makes one label map, which cannot hold them; segments and structures can."""
    case = of_made_series(tmp_path)
    bits = np.zeros(case.bits.shape, np.uint8)
    bits[1:4, 1:4, 1] |= 1
    bits[2:5, 1:4, 1] |= 2
    scheme = overlapping()
    both = changed(case, bits=bits, regions=("A", "B"), scheme=scheme)
    write_dicom_seg(tmp_path / "seg.dcm", both)
    found = hd.seg.segread(tmp_path / "seg.dcm")
    assert case.dicom is not None
    frames = frames_of_sources(found, [each.uid for each in case.dicom.slices])
    native = both.grid.from_ras(bits).transpose(2, 1, 0)
    for segment in (0, 1):
        assert (frames[..., segment] == native >> segment & 1).all()


def test_an_empty_mask_is_an_object_of_empty_segments(tmp_path: Path) -> None:
    case = of_made_series(tmp_path)
    empty = changed(case, bits=np.zeros_like(case.bits))
    for write in (write_dicom_seg, write_rtstruct):
        write(tmp_path / "empty.dcm", empty)
    seg = tmp_path / "seg.dcm"
    write_dicom_seg(seg, empty)
    assert not read_segmentation(Source((seg,), "dicom-seg"), case.grid).stored.any()
    assert len(hd.seg.segread(seg).SegmentSequence) == 3
    structures: Dataset = pydicom.dcmread(tmp_path / "empty.dcm")
    assert [roi.ROIName for roi in structures.StructureSetROISequence] == ["WT", "TC", "ET"]
    assert not any("ContourSequence" in roi for roi in structures.ROIContourSequence)


def test_a_structures_contours_refer_to_the_image_of_their_slice(tmp_path: Path) -> None:
    case = of_made_series(tmp_path)
    write_rtstruct(tmp_path / "structures.dcm", case)
    found = pydicom.dcmread(tmp_path / "structures.dcm")
    assert case.dicom is not None
    assert case.grid.affine is not None
    place = {each.uid: np.array(each.position) for each in case.dicom.slices}
    normal = np.cross(case.dicom.orientation[:3], case.dicom.orientation[3:])
    drawn = [contour for roi in found.ROIContourSequence for contour in roi.ContourSequence]
    assert len(drawn) == 3
    for contour in drawn:
        points = np.array(contour.ContourData, float).reshape(-1, 3)
        image = contour.ContourImageSequence[0].ReferencedSOPInstanceUID
        assert np.abs((points - place[image]) @ normal).max() < 1e-5
        assert contour.NumberOfContourPoints == len(points) == 4
    observed = found.RTROIObservationsSequence[0]
    assert observed.RTROIIdentificationCodeSequence[0].CodeValue == "108369006"
    assert found.ApprovalStatus == "UNAPPROVED"
    assert "not for diagnosis" in found.StructureSetDescription
