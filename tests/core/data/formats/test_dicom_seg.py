"""A segmentation's frames end up where they say they are, as highdicom wrote them, or the refusal says why not."""

from __future__ import annotations

import gzip
import itertools
import warnings
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import JPEGLSLossless, RLELossless

from core.case import Case, Source
from core.data import limits
from core.data.formats import FORMATS
from core.data.formats.dicom_seg import read_segmentation
from core.data.formats.grid import grid_from_affine
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.image import StoredImage
from core.data.load import load_case
from core.data.refusal import InputRefusedError
from core.labels import SCHEMES
from core.volume import Array, Grid
from tests.core.data.formats.segs import (
    CANARY,
    COLUMNS,
    ROWS,
    SLICES,
    saved,
    segmentation,
    series,
    series_affine,
    series_grid,
    turn,
)

RANDOM = np.random.default_rng(4)
LABELS: Array = RANDOM.integers(0, 3, (SLICES, ROWS, COLUMNS)).astype(np.uint8)  # slice, row, column


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two segments on an oblique series."""
    return saved(tmp_path_factory.mktemp("seg"), segmentation(LABELS))


def read(path: Path, onto: Grid | None) -> StoredImage:
    return read_segmentation(Source((path,), "dicom-seg"), onto)


def refused(path: Path, onto: Grid | None = None) -> tuple[str, str]:
    with pytest.raises(InputRefusedError) as error:
        read(path, onto)
    (finding,) = error.value.findings
    assert "Canarius" not in str(error.value)
    return finding.code, finding.found


def native(labels: Array) -> Array:
    """Return labels (slice, row, column) as (column, row, slice)."""
    return labels.transpose(2, 1, 0)


def frames(dataset: Dataset) -> list[Any]:
    return list(dataset.PerFrameFunctionalGroupsSequence)


def test_segment_numbers_are_labels_on_the_images_grid(plain: Path) -> None:
    grid = series_grid()
    image = read(plain, grid)
    assert image.stored.shape == (1, COLUMNS, ROWS, SLICES)
    assert image.stored.dtype == np.uint8
    assert np.array_equal(image.stored[0], native(LABELS))
    assert image.grid is grid
    assert image.findings == ()


def test_images_of_every_orientation_get_the_same_mask_in_the_patient(plain: Path) -> None:
    """48 ways to order and flip the axes of one grid: each voxel's label is the one at its place in mm."""
    shape, affine = np.array((COLUMNS, ROWS, SLICES)), series_affine()
    for order in itertools.permutations(range(3)):
        for flips in itertools.product((False, True), repeat=3):
            change = np.zeros((4, 4))
            change[3, 3] = 1
            for axis, (into, flip) in enumerate(zip(order, flips, strict=True)):
                change[into, axis] = -1 if flip else 1
                change[into, 3] = shape[into] - 1 if flip else 0
            expected = native(LABELS).transpose(order)[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]
            i, j, k = expected.shape
            image = read(plain, grid_from_affine((i, j, k), affine @ change))
            assert np.array_equal(image.stored[0], expected), (order, flips)


def test_without_images_the_grid_is_the_segmentations_own(plain: Path) -> None:
    image = read(plain, None)
    assert np.array_equal(image.stored[0], native(LABELS))
    assert image.grid.affine is not None
    assert np.abs(image.grid.affine - series_affine()).max() < 1e-8


def test_frames_are_placed_by_where_they_are_and_missing_ones_are_background(tmp_path: Path) -> None:
    """Slice 1 is empty and left out; the other frames are stored backwards."""
    labels = LABELS.copy()
    labels[1] = 0
    dataset = segmentation(labels)
    assert dataset.NumberOfFrames == 6
    bits = dataset.pixel_array
    backwards = frames(dataset)[::-1]
    dataset.PerFrameFunctionalGroupsSequence = backwards
    dataset.PixelData = np.packbits(bits[::-1].ravel(), bitorder="little").tobytes() + b"\0"
    path = saved(tmp_path, dataset)
    assert np.array_equal(read(path, series_grid()).stored[0], native(labels))
    assert np.array_equal(read(path, None).stored[0], native(labels))


def test_a_single_frame_makes_a_grid_of_one_slice(tmp_path: Path) -> None:
    labels = np.zeros_like(LABELS)
    labels[2, 1, 3] = 1
    image = read(saved(tmp_path, segmentation(labels)), None)
    assert image.grid.shape == (COLUMNS, ROWS, 1)
    assert np.argwhere(image.stored[0]).tolist() == [[3, 1, 0]]
    assert image.grid.affine is not None
    assert np.allclose(image.grid.affine @ [0, 0, 0, 1], series_affine() @ [0, 0, 2, 1])


@pytest.mark.parametrize("syntax", [None, RLELossless, JPEGLSLossless])
def test_a_label_map_keeps_labels_beyond_a_byte(tmp_path: Path, syntax: str | None) -> None:
    labels = RANDOM.integers(0, 301, LABELS.shape).astype(np.uint16)
    more: dict[str, Any] = {} if syntax is None else {"transfer_syntax_uid": syntax}
    image = read(saved(tmp_path, segmentation(labels, "LABELMAP", segments=300, **more)), series_grid())
    assert image.stored.dtype == np.uint16
    assert np.array_equal(image.stored[0], native(labels))
    assert image.findings == ()


def test_fractions_of_half_or_more_are_in_and_the_doubtful_share_is_said(tmp_path: Path) -> None:
    """Of 200: 100 is in, 99 is out; 99, 100 and 149 lie between a quarter and three quarters, 50 and 150 do not."""
    stored = np.zeros((SLICES, ROWS, COLUMNS), np.float32)
    stored[0, 0, :6] = np.array([50, 99, 100, 149, 150, 200]) / 200
    dataset = segmentation(stored, "FRACTIONAL", segments=1, fractional_type="OCCUPANCY", max_fractional_value=200)
    image = read(saved(tmp_path, dataset), series_grid())
    assert image.stored[0, :, 0, 0].tolist() == [0, 0, 1, 1, 1, 1, 0]
    (finding,) = image.findings
    assert (finding.severity, finding.code) == ("note", "fractional_mask")
    assert "50.00% of them doubtful" in finding.found


def test_fractions_of_all_or_nothing_need_no_note(tmp_path: Path) -> None:
    masks = (LABELS > 0).astype(np.float32)
    dataset = segmentation(masks, "FRACTIONAL", segments=1, fractional_type="PROBABILITY")
    image = read(saved(tmp_path, dataset), series_grid())
    assert np.array_equal(image.stored[0], native(LABELS > 0))
    assert image.findings == ()


def overlapping(shared: int) -> tuple[Dataset, Array]:
    """Return segment 1 (slices 0 to 2) and segment 2 (slice 3 and `shared` voxels of slice 2), and their masks."""
    masks = np.zeros((SLICES, ROWS, COLUMNS, 2), np.uint8)
    masks[:3, ..., 0] = 1
    masks[3, ..., 1] = 1
    masks[2, ..., 1].reshape(-1)[:shared] = 1
    return segmentation(masks), masks


def test_one_voxel_in_105_goes_to_the_higher_segment_with_a_warning(tmp_path: Path) -> None:
    dataset, masks = overlapping(1)
    image = read(saved(tmp_path, dataset), series_grid())
    assert np.array_equal(image.stored[0], native(np.where(masks[..., 1], 2, masks[..., 0])))
    (finding,) = image.findings
    assert (finding.severity, finding.code) == ("warning", "overlapping_masks")
    assert finding.found == "segments that overlap: others cover up to 0.95% of one (segment 1)"


def test_two_voxels_in_105_are_more_than_a_label_map_may_lose(tmp_path: Path) -> None:
    code, found = refused(saved(tmp_path, overlapping(2)[0]), series_grid())
    assert (code, found) == ("overlapping_masks", "segments that overlap: others cover up to 1.90% of one (segment 1)")


def test_a_segment_within_another_loses_nothing_whatever_their_numbers(tmp_path: Path) -> None:
    """Whole tumour is 2, its core 1: painted by number, the core would be gone."""
    masks = np.zeros((SLICES, ROWS, COLUMNS, 2), np.uint8)
    masks[1:3, ..., 1] = 1
    masks[2, 1:3, 2:5, 0] = 1
    image = read(saved(tmp_path, segmentation(masks)), series_grid())
    assert np.array_equal(image.stored[0] == 1, native(masks[..., 0] == 1))
    assert np.array_equal(image.stored[0] > 0, native(masks[..., 1] == 1))
    (finding,) = image.findings
    assert (finding.severity, finding.code) == ("warning", "nested_masks")
    assert finding.found == "segments that hold others (segment 2)"


def test_frames_between_the_slices_are_refused_with_the_distance(plain: Path) -> None:
    moved = series_affine()
    moved[:3, 3] += 0.5 * moved[:3, 2]
    code, found = refused(plain, grid_from_affine((COLUMNS, ROWS, SLICES), moved))
    assert (code, found) == (
        "frames_off_slices",
        "a frame whose pixels lie up to 1.25 mm beside the centres of the images' voxels",
    )


def test_frames_that_are_off_by_rounding_are_placed_with_a_warning(plain: Path) -> None:
    moved = series_affine()
    moved[:3, 3] += 0.05 * moved[:3, 0] / 0.8
    image = read(plain, grid_from_affine((COLUMNS, ROWS, SLICES), moved))
    assert np.array_equal(image.stored[0], native(LABELS))
    (finding,) = image.findings
    assert (finding.severity, finding.code) == ("warning", "frames_beside_slices")
    assert finding.found == "frames up to 0.050 mm beside the centres of the images' voxels"


def test_pixels_of_another_size_are_refused_with_both(plain: Path) -> None:
    coarse = series_affine() @ np.diag([2.0, 2.0, 1.0, 1.0])
    code, found = refused(plain, grid_from_affine((4, 3, SLICES), coarse))
    assert (code, found) == ("other_grid", "frames of 0.8 x 1.1 mm pixels, turned by 0.0 degrees against the images")


def test_a_series_that_is_turned_is_refused_with_the_angle(plain: Path) -> None:
    code, found = refused(plain, series_grid(turn(17, 31 + 20)))
    assert code == "other_grid"
    assert "turned by 20.0 degrees" in found


def test_a_segment_beyond_the_images_is_refused_and_empty_pixels_are_not(tmp_path: Path, plain: Path) -> None:
    smaller = grid_from_affine((COLUMNS, ROWS, SLICES - 1), series_affine())
    assert refused(plain, smaller) == ("mask_outside_images", "a segment that reaches beyond the images")
    labels = LABELS.copy()
    labels[-1] = 0
    path = saved(tmp_path, segmentation(labels, omit_empty_frames=False))
    assert np.array_equal(read(path, smaller).stored[0], native(labels[:-1]))


def test_one_place_twice_is_a_time_series_and_refused(tmp_path: Path) -> None:
    dataset = segmentation((LABELS > 0).astype(np.uint8))
    groups = frames(dataset)
    groups[1].PlanePositionSequence = groups[0].PlanePositionSequence
    code, found = refused(saved(tmp_path, dataset), series_grid())
    assert (code, found) == ("repeated_frames", "1 of 4 frames at a place that its segment already has")


def test_images_without_geometry_hold_no_segmentation(plain: Path) -> None:
    assert refused(plain, Grid((COLUMNS, ROWS, SLICES)))[0] == "no_position"


def test_another_object_is_called_what_it_is(tmp_path: Path) -> None:
    image = series()[0]
    assert refused(saved(tmp_path, image)) == ("not_a_segmentation", "a DICOM image")
    image.SOPClassUID, image.Modality = "1.2.840.10008.5.1.4.1.1.481.3", "RTSTRUCT"
    assert refused(saved(tmp_path, image)) == ("not_a_segmentation", "contours (RTSTRUCT)")


def test_a_segmentation_is_no_image(plain: Path) -> None:
    with pytest.raises(InputRefusedError, match="give this file as its reference mask"):
        FORMATS["dicom-seg"].read((plain,))


def _no_kind(dataset: Dataset) -> None:
    dataset.SegmentationType = "FUZZY"


def _no_groups(dataset: Dataset) -> None:
    del dataset.PerFrameFunctionalGroupsSequence[2]


def _no_segment(dataset: Dataset) -> None:
    del frames(dataset)[1].SegmentIdentificationSequence


def _no_spacing(dataset: Dataset) -> None:
    dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = [0, 1]


def _skew(dataset: Dataset) -> None:
    plane = dataset.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0]
    plane.ImageOrientationPatient = [1, 0, 0, 0.5, 0.5, 0]


def _far_apart(dataset: Dataset) -> None:
    frames(dataset)[0].PlanePositionSequence[0].ImagePositionPatient = [1e6, 1e6, 1e6]


def _cut(dataset: Dataset) -> None:
    dataset.PixelData = dataset.PixelData[:20]


def _huge(dataset: Dataset) -> None:
    dataset.Rows = dataset.Columns = 60000


def _many(dataset: Dataset) -> None:
    dataset.NumberOfFrames = limits.MAX_SEGMENT_PIXELS


def _wide(dataset: Dataset) -> None:
    dataset.BitsAllocated = 32


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_no_kind, "does not say whether it is BINARY"),
        (_no_groups, "7 groups of frame attributes for 8 frames"),
        (_no_segment, "does not say which segment"),
        (_no_spacing, "without size"),
        (_skew, "not at right angles"),
        (_far_apart, "too many slices to fill between"),
        (_cut, "20 bytes of pixels where 35 were expected"),
        (_huge, "8 frames of 60,000 x 60,000 pixels"),
        (_many, "pixels (limit"),
        (_wide, "pixels of 32 bits"),
    ],
)
def test_what_contradicts_itself_is_damaged(tmp_path: Path, spoil: Any, sentence: str) -> None:
    dataset = segmentation(LABELS)
    spoil(dataset)
    with pytest.raises(DamagedFileError) as error:
        read(saved(tmp_path, dataset), None)
    assert sentence in str(error.value)
    assert "Canarius" not in str(error.value)


def test_cuts_and_lengths_that_lie_end_in_a_sentence(tmp_path: Path, plain: Path) -> None:
    """No cut is read as a whole mask; a flipped byte may move a frame, and never ends in another error."""
    whole = plain.read_bytes()
    path = tmp_path / "broken.dcm"
    for length in range(0, len(whole) - 1, 97):
        path.write_bytes(whole[:length])
        with pytest.raises((DamagedFileError, InputRefusedError)):
            read(path, series_grid())
    said = []
    for at in range(132, len(whole), 61):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            read(path, series_grid())
        except (DamagedFileError, InputRefusedError) as error:
            said.append(str(error))
    assert said
    assert "Canarius" not in " ".join(said)


def test_too_many_marked_voxels_are_refused_before_they_fill_the_memory(
    plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_MARKED_VOXELS", 10)
    with pytest.raises(DamagedFileError, match="more than 10 voxels"):
        read(plain, series_grid())


def test_a_case_takes_a_segmentation_as_its_reference(tmp_path: Path) -> None:
    image = tmp_path / "t1c.nii"
    nib.save(nib.Nifti1Image(np.ones((COLUMNS, ROWS, SLICES), np.int16), series_affine()), image)
    path = saved(tmp_path, segmentation((LABELS > 0).astype(np.uint8)))
    sources = {"t1c": Source((image,), "nifti")}
    loaded = load_case(Case("a", "a", "a", "patient", sources, Source((path,), "dicom-seg")), SCHEMES["binary"])
    assert loaded.reference is not None
    assert np.array_equal(loaded.reference, loaded.volume.native.to_ras(native(LABELS > 0)))


HIGHDICOM_AGREES = [
    "seg_dcmqi/data/segmentations/23x38x3/seg/label.seg",
    "seg_dcmqi/data/segmentations/24x38x3/seg/label.seg",
    "seg_dcmqi/data/segmentations/liver.dcm",
    "seg_dcmqi/data/sr-example/seg.dcm",
    "seg_highdicom/seg_image_ct_binary.dcm",
    "seg_highdicom/seg_image_ct_binary_fractional.dcm",
    "seg_highdicom/seg_image_ct_binary_overlap.dcm",
    "seg_highdicom/seg_image_ct_binary_single_frame.dcm",
    "seg_prostate_and_broken/examples/data/QIICR_Test3/tumor_User1_Manual_Trial1.dcm",
]


@pytest.mark.parametrize("name", HIGHDICOM_AGREES)
def test_real_segmentations_are_read_as_highdicom_reads_them(real_data: Path, name: str) -> None:
    import highdicom as hd

    path = real_data / "dicom" / name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about attributes of these files that it repairs
        volume = hd.seg.segread(path).get_volume(combine_segments=True, skip_overlap_checks=True)
    slices, rows, columns = volume.array.shape
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.affine
    image = read(path, grid_from_affine((slices, rows, columns), affine))
    assert np.array_equal(image.stored[0], volume.array)
    own = read(path, None)
    assert own.grid.affine is not None
    assert np.array_equal(
        own.stored[0], native(volume.array if own.grid.affine[2, 2] * affine[2, 0] > 0 else volume.array[::-1])
    )


@pytest.mark.parametrize("name", ["sparse-labelmap-noppv.dcm", "sparse-labelmap-ppv5.dcm"])
def test_missing_slices_of_a_label_map_are_background_whatever_their_padding(real_data: Path, name: str) -> None:
    """The second says 5 for what is missing; the NRRD beside it, written from the first, has 0 there."""
    folder = real_data / "dicom/seg_dcmqi/data/segmentations"
    header, _, raw = (folder / "sparse_labelmap_noppv_seg.nrrd").read_bytes().partition(b"\n\n")
    assert b"encoding: gzip" in header
    expected = np.frombuffer(gzip.decompress(raw), "<i2").reshape((24, 38, 3), order="F")
    assert np.array_equal(read(folder / name, None).stored[0], expected)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("seg_dcmqi/data/segmentations/partial_overlaps.dcm", "overlapping_masks"),
        ("seg_highdicom/seg_image_sm_dots.dcm", "no_position"),
        ("seg_highdicom/seg_image_sm_dots_tiled_full.dcm", "no_position"),
        ("seg_highdicom/seg_image_cr_binary.dcm", "no_position"),
        ("seg_highdicom/ct_image.dcm", "not_a_segmentation"),
        ("seg_prostate_and_broken/test/invalid-vr-length-test.dcm", "not_a_segmentation"),
        ("seg_prostate_and_broken/test/sample-sr.dcm", "not_a_segmentation"),
    ],
)
def test_what_cannot_be_a_mask_is_refused_by_its_reason(real_data: Path, name: str, code: str) -> None:
    with pytest.raises(InputRefusedError) as error:
        read(real_data / "dicom" / name, None)
    assert [finding.code for finding in error.value.findings] == [code]


def test_the_canary_is_in_the_file(plain: Path) -> None:
    assert CANARY.encode() in plain.read_bytes()
