"""Contours become the voxels they hold, on images of any orientation, or the refusal says why not."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, RTStructureSetStorage, generate_uid

from core.case import Source
from core.data import limits
from core.data.formats import FORMATS
from core.data.formats.grid import grid_from_affine
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.formats.rtstruct import read_structures
from core.data.image import StoredImage
from core.data.refusal import Finding, InputRefusedError
from core.volume import Array, Grid
from tests.core.data.formats.segs import CANARY, OBLIQUE, saved, series

SHAPE = (9, 8, 5)
LPS = np.array([-1.0, -1.0, 1.0])
SQUARE = [[1.5, 2.5], [4.5, 2.5], [4.5, 5.5], [1.5, 5.5]]  # the voxels 2 to 4 by 3 to 5
TRIANGLE = [[1.5, 2.5], [4.5, 2.5], [4.5, 6.2]]  # no edge runs through a centre
SQUARE_VOXELS = {(i, j) for i in (2, 3, 4) for j in (3, 4, 5)}


def straight() -> Grid:
    affine = np.diag([0.8, 1.1, 2.5, 1.0])
    affine[:3, 3] = (-20, 30, 40)
    return grid_from_affine(SHAPE, affine)


def oblique() -> Grid:
    affine = straight().affine
    assert affine is not None
    turned = affine.copy()
    turned[:3, :3] = OBLIQUE @ affine[:3, :3]
    return grid_from_affine(SHAPE, turned)


def contour(grid: Grid, corners: Sequence[Sequence[float]], k: float, kind: str = "CLOSED_PLANAR") -> Dataset:
    """Return corners (i, j) in voxels of slice k as a contour in the patient."""
    assert grid.affine is not None
    voxels = np.array([[i, j, k] for i, j in corners])
    points = (voxels @ grid.affine[:3, :3].T + grid.affine[:3, 3]) * LPS
    item = Dataset()
    item.ContourGeometricType, item.NumberOfContourPoints = kind, len(voxels)
    item.ContourData = [round(float(number), 7) for number in points.ravel()]
    return item


def structures(rois: dict[int, list[Dataset]], names: dict[int, str] | None = None) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.Modality = RTStructureSetStorage, generate_uid(), "RTSTRUCT"
    dataset.PatientName, dataset.StructureSetLabel = CANARY, CANARY[:16]
    dataset.StructureSetROISequence, dataset.ROIContourSequence = [], []
    for number, contours in rois.items():
        roi, drawn = Dataset(), Dataset()
        roi.ROINumber, roi.ROIName = number, (names or {}).get(number, CANARY)
        drawn.ReferencedROINumber, drawn.ContourSequence = number, contours
        dataset.StructureSetROISequence.append(roi)
        dataset.ROIContourSequence.append(drawn)
    return dataset


def read(path: Path, onto: Grid | None) -> StoredImage:
    image = read_structures(Source((path,), "rtstruct"), onto)
    assert "Canarius" not in " ".join(finding.sentence for finding in image.findings)
    return image


def odd(image: StoredImage) -> list[Finding]:
    """Return the findings but the note that every structure set gets."""
    first, *others = image.findings
    assert (first.severity, first.code) == ("note", "roi_labels")
    return others


def refused(path: Path, onto: Grid | None) -> tuple[str, str]:
    with pytest.raises(InputRefusedError) as error:
        read(path, onto)
    assert "Canarius" not in str(error.value)
    (finding,) = error.value.findings
    return finding.code, finding.found


def voxels(labels: Array, label: int) -> set[tuple[int, ...]]:
    return {tuple(map(int, place)) for place in np.argwhere(labels == label)}


def test_a_square_holds_known_voxels_on_a_straight_and_on_an_oblique_grid(tmp_path: Path) -> None:
    for grid in (straight(), oblique()):
        image = read(saved(tmp_path, structures({1: [contour(grid, SQUARE, 3)]})), grid)
        assert image.stored.shape == (1, *SHAPE)
        assert image.stored.dtype == np.uint8
        assert voxels(image.stored[0], 1) == {(i, j, 3) for i, j in SQUARE_VOXELS}
        assert image.grid is grid
        assert odd(image) == []


def test_images_of_every_orientation_get_the_same_mask_in_the_patient(tmp_path: Path) -> None:
    grid = oblique()
    path = saved(tmp_path, structures({1: [contour(grid, SQUARE, 0), contour(grid, TRIANGLE, 4)]}))
    reference = read(path, grid).stored[0]
    assert 0 < reference[..., 4].sum() < reference[..., 0].sum() == 9
    assert grid.affine is not None
    for order in itertools.permutations(range(3)):
        for flips in itertools.product((False, True), repeat=3):
            change = np.zeros((4, 4))
            change[3, 3] = 1
            for axis, (into, flip) in enumerate(zip(order, flips, strict=True)):
                change[into, axis] = -1 if flip else 1
                change[into, 3] = SHAPE[into] - 1 if flip else 0
            expected = reference.transpose(order)[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]
            i, j, k = expected.shape
            got = read(path, grid_from_affine((i, j, k), grid.affine @ change)).stored[0]
            assert np.array_equal(got, expected), (order, flips)


def test_labels_count_the_structures_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """Numbers 30, 7 and 12, stored in that order, with nothing drawn for 7."""
    grid = straight()
    dataset = structures({30: [contour(grid, SQUARE, 1)], 7: [], 12: [contour(grid, SQUARE, 2)]}, {12: "GTV 1"})
    image = read(saved(tmp_path, dataset), grid)
    assert {place[2] for place in voxels(image.stored[0], 3)} == {1}
    assert {place[2] for place in voxels(image.stored[0], 2)} == {2}
    assert voxels(image.stored[0], 1) == set()
    assert image.findings[0].found == "structures numbered as labels: 1 ROI 1, 2 gtv 1, 3 ROI 3"
    (empty,) = odd(image)
    assert (empty.severity, empty.code, empty.found) == (
        "warning",
        "empty_rois",
        "structures that hold no voxel (ROI 1)",
    )


@pytest.mark.parametrize("kind", ["CLOSED_PLANAR", "CLOSEDPLANAR_XOR"])
def test_a_contour_within_a_contour_of_its_slice_is_a_hole(tmp_path: Path, kind: str) -> None:
    grid = oblique()
    hole = [[2.5, 3.5], [3.5, 3.5], [3.5, 4.5], [2.5, 4.5]]
    drawn = [contour(grid, SQUARE, 2, kind), contour(grid, hole, 2, kind), contour(grid, SQUARE, 3, kind)]
    labels = read(saved(tmp_path, structures({1: drawn})), grid).stored[0]
    expected = {(i, j, k) for i, j in SQUARE_VOXELS for k in (2, 3)} - {(3, 4, 2)}
    assert voxels(labels, 1) == expected


def test_a_structure_within_another_keeps_its_voxels(tmp_path: Path) -> None:
    grid = straight()
    inner = [[2.5, 3.5], [3.5, 3.5], [3.5, 4.5], [2.5, 4.5]]
    dataset = structures({1: [contour(grid, inner, 2)], 2: [contour(grid, SQUARE, 2)]})
    image = read(saved(tmp_path, dataset), grid)
    assert voxels(image.stored[0], 1) == {(3, 4, 2)}
    assert len(voxels(image.stored[0], 2)) == 8
    assert [finding.code for finding in odd(image)] == ["nested_masks"]


def test_structures_that_overlap_in_part_are_refused(tmp_path: Path) -> None:
    grid = straight()
    moved = [[i + 1, j] for i, j in SQUARE]
    dataset = structures({1: [contour(grid, SQUARE, 2)], 2: [contour(grid, moved, 2)]})
    code, found = refused(saved(tmp_path, dataset), grid)
    assert (code, found) == ("overlapping_masks", "ROIs that overlap: others cover up to 66.67% of one (ROI 1)")


def test_points_and_open_lines_are_left_out_and_counted(tmp_path: Path) -> None:
    grid = straight()
    others = [contour(grid, SQUARE[:1], 2, "POINT"), contour(grid, SQUARE, 2, "OPEN_PLANAR")]
    others.append(contour(grid, SQUARE[:2], 2))
    image = read(saved(tmp_path, structures({1: [contour(grid, SQUARE, 1), *others]})), grid)
    assert len(voxels(image.stored[0], 1)) == 9
    (skipped,) = odd(image)
    assert (skipped.severity, skipped.code) == ("note", "contours_skipped")
    assert skipped.found == "3 contours that are points or open lines"


def test_without_images_there_is_nothing_to_draw_on(tmp_path: Path) -> None:
    path = saved(tmp_path, structures({1: [contour(straight(), SQUARE, 1)]}))
    for onto in (None, Grid(SHAPE)):
        code, found = refused(path, onto)
        assert (code, found) == ("needs_images", "contours alone, which have no pixels of their own")


def test_a_tilted_contour_is_refused_with_how_far_it_leaves_its_slice(tmp_path: Path) -> None:
    """On the straight grid, drawn flat; seen from a grid turned by 30 degrees it crosses slices."""
    grid = straight()
    assert grid.affine is not None
    angle = np.radians(30)
    about_x = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    turned = grid.affine.copy()
    turned[:3, :3] = about_x @ np.diag([1.0, 1.0, 1.0])
    path = saved(tmp_path, structures({1: [contour(grid, [[0, 0], [8, 0], [8, 7], [0, 7]], 0)]}))
    code, found = refused(path, grid_from_affine(SHAPE, turned))
    assert code == "contours_off_slices"
    # 7 rows of 1.1 mm rise by 7.7 sin 30° = 3.85 mm across slices, about half to either side
    assert float(found.split()[-2]) == pytest.approx(3.85 / 2, abs=0.5)


def test_contours_between_slices_go_to_the_nearest_with_a_warning(tmp_path: Path) -> None:
    grid = straight()
    image = read(saved(tmp_path, structures({1: [contour(grid, SQUARE, 2.3)]})), grid)
    assert {place[2] for place in voxels(image.stored[0], 1)} == {2}
    (finding,) = odd(image)
    assert (finding.severity, finding.code) == ("warning", "contours_beside_slices")
    assert finding.found == "contours up to 0.75 mm beside the images' slices"


@pytest.mark.parametrize(("shift", "k"), [(0, 5), (0, -1), (20, 2), (-20, 2)])
def test_a_contour_of_another_place_is_refused(tmp_path: Path, shift: float, k: float) -> None:
    grid = straight()
    moved = [[i + shift, j] for i, j in SQUARE]
    dataset = structures({1: [contour(grid, SQUARE, 2), contour(grid, moved, k)]})
    assert refused(saved(tmp_path, dataset), grid) == ("mask_outside_images", "1 of 2 contours outside the images")


def test_a_contour_across_the_edge_is_cut_with_a_warning(tmp_path: Path) -> None:
    grid = straight()
    moved = [[i - 3, j] for i, j in SQUARE]
    image = read(saved(tmp_path, structures({1: [contour(grid, moved, 2)]})), grid)
    assert voxels(image.stored[0], 1) == {(i, j, 2) for i in (0, 1) for j in (3, 4, 5)}
    (finding,) = odd(image)
    assert (finding.code, finding.found) == ("contours_cut", "1 of 1 contours that reach beyond the images' edge")


def test_contours_on_every_second_slice_are_said_to_skip_some(tmp_path: Path) -> None:
    grid = straight()
    image = read(saved(tmp_path, structures({1: [contour(grid, SQUARE, k) for k in (0, 2, 4)]})), grid)
    (finding,) = odd(image)
    assert (finding.severity, finding.code) == ("warning", "contours_skip_slices")
    assert "(ROI 1)" in finding.found


def test_another_object_is_called_what_it_is(tmp_path: Path) -> None:
    assert refused(saved(tmp_path, series()[0]), straight()) == ("not_a_structure_set", "a DICOM image")


def test_a_structure_set_is_no_image(tmp_path: Path) -> None:
    path = saved(tmp_path, structures({1: []}))
    with pytest.raises(InputRefusedError, match="give this file as its reference mask"):
        FORMATS["rtstruct"].read((path,))


def _no_rois(dataset: Dataset) -> None:
    dataset.StructureSetROISequence = []


def _stranger(dataset: Dataset) -> None:
    dataset.ROIContourSequence[0].ReferencedROINumber = 9


def _uneven(dataset: Dataset) -> None:
    dataset.ROIContourSequence[0].ContourSequence[0].ContourData = [1, 2, 3, 4]


def _far(dataset: Dataset) -> None:
    dataset.ROIContourSequence[0].ContourSequence[0].ContourData = [1e30, 2, 3] * 3


def _words(dataset: Dataset) -> None:
    item = dataset.ROIContourSequence[0].ContourSequence[0]
    del item.ContourData
    item.add_new(0x30060050, "UT", f"1\\2\\{CANARY}")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_no_rois, "0 numbered structures"),
        (_stranger, "a structure that the file does not list"),
        (_uneven, "not three numbers each"),
        (_far, "kilometres away"),
        (_words, "not three numbers each"),
    ],
)
def test_what_contradicts_itself_is_damaged(tmp_path: Path, spoil: Any, sentence: str) -> None:
    dataset = structures({1: [contour(straight(), SQUARE, 1)]})
    spoil(dataset)
    with pytest.raises(DamagedFileError) as error:
        read(saved(tmp_path, dataset), straight())
    assert sentence in str(error.value)
    assert "Canarius" not in str(error.value)


def test_too_many_voxels_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_MARKED_VOXELS", 10)
    path = saved(tmp_path, structures({n: [contour(straight(), SQUARE, n)] for n in (1, 2)}))
    with pytest.raises(DamagedFileError, match="more than 10 voxels"):
        read(path, straight())


def real_contours(path: Path) -> dict[int, list[Array]]:
    """Return each structure's contours as pydicom finds them, (N, 3) LPS+ mm; its own numbers take seconds."""
    import pydicom

    def points(item: Dataset) -> Array:
        stored = item.get_item("ContourData")
        assert stored is not None
        raw = stored.value if isinstance(stored.value, bytes) else b""
        return np.array(raw.decode("ascii").split("\\"), np.float64).reshape(-1, 3)

    said = pydicom.dcmread(path).ROIContourSequence
    return {int(roi.ReferencedROINumber): [points(item) for item in roi.get("ContourSequence", [])] for roi in said}


def grid_around(contours: dict[int, list[Array]], spacing_mm: float) -> Grid:
    """Return a straight grid of 1 mm pixels around contours whose series is not beside them."""
    points = np.concatenate([corners for several in contours.values() for corners in several])
    low, high = (points * LPS).min(axis=0), (points * LPS).max(axis=0)
    affine = np.diag([1.0, 1.0, spacing_mm, 1.0])
    affine[:3, 3] = low - np.array([2, 2, 0])
    x, y, z = np.ceil((high - low) / [1, 1, spacing_mm]).astype(int)
    return grid_from_affine((int(x) + 5, int(y) + 5, int(z) + 1), affine)


def test_ten_real_structures_hold_the_volume_of_their_contours(real_data: Path) -> None:
    """Of two that hold no other, by the shoelace formula: what edges cut from 1 mm pixels evens out."""
    path = real_data / "dicom/rtstruct_10_roi/example_data/rtss.dcm"
    contours = real_contours(path)
    image = read(path, grid_around(contours, 3.0))
    labels = image.stored[0]
    assert sorted(map(int, np.unique(labels))) == [0, 1, 3, 4, 5, 6, 7, 8, 9, 10]
    assert "5 heart, 6 lt lung, 7 nodes, 8 scar, 9 tumor bed" in image.findings[0].found
    assert {finding.code for finding in odd(image)} == {"empty_rois", "overlapping_masks", "nested_masks"}
    for number, tolerance in {5: 0.01, 9: 0.02}.items():
        area = 0.0
        for corners in contours[number]:
            x, y = corners[:, 0], corners[:, 1]
            area += abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2
        assert np.count_nonzero(labels == number) == pytest.approx(area, rel=tolerance)


@pytest.mark.parametrize("name", ["empty/dummy_rt.dcm", "mock_data/rt.dcm", "mock_data/invalid_reference_rt.dcm"])
def test_references_to_missing_images_do_not_matter_to_contours(real_data: Path, name: str) -> None:
    path = real_data / "dicom/rtstruct" / name
    image = read(path, grid_around(real_contours(path), 5.0))
    assert image.stored.any()
    assert odd(image) == []
