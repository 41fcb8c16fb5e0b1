"""Files of one case become one volume, or a refusal that names the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from core.case import Case, Source
from core.data.formats.nifti import read_nifti
from core.data.layouts import read_layout
from core.data.load import corner_distance_mm, load_case, load_label_file, same_grid, stack
from core.data.refusal import InputRefusedError
from core.labels import SCHEMES
from core.volume import Array, Grid
from tests.cases import AFFINES, SHAPE, channels, set_header, tumour_labels, write_case, write_nifti

BRATS = SCHEMES["brats-2023"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One whole case, uncompressed."""
    write_case(tmp_path, "a", 1, suffix=".nii")
    return tmp_path


def the_case(folder: Path) -> Case:
    (case,) = read_layout(folder).cases
    return case


def refusal(folder: Path) -> InputRefusedError:
    with pytest.raises(InputRefusedError) as refused:
        load_case(the_case(folder), BRATS)
    return refused.value


def test_channels_are_stacked_in_the_order_of_the_sources(folder: Path) -> None:
    loaded = load_case(the_case(folder), BRATS)
    written = channels(1, tumour_labels(1))
    assert loaded.volume.modalities == ("t1n", "t1c", "t2w", "t2f")
    assert loaded.volume.voxels.dtype == np.int16
    for index, name in enumerate(loaded.volume.modalities):
        assert np.array_equal(loaded.volume.voxels[index], written[name])
    assert loaded.reference is not None
    assert np.array_equal(loaded.reference, BRATS.to_regions(tumour_labels(1)))


def test_an_lps_case_is_the_ras_case_turned(tmp_path: Path) -> None:
    write_case(tmp_path / "ras", "a", 1)
    write_case(tmp_path / "lps", "a", 1, affine=AFFINES["LPS"])
    ras, lps = (load_case(the_case(tmp_path / name), BRATS) for name in ("ras", "lps"))
    assert lps.volume.native.axis_codes == "LPS"
    assert np.array_equal(lps.volume.voxels, ras.volume.voxels[:, ::-1, ::-1])
    assert lps.reference is not None
    assert ras.reference is not None
    assert np.array_equal(lps.reference, ras.reference[::-1, ::-1])


def test_without_a_scheme_the_reference_is_not_even_opened(folder: Path) -> None:
    (folder / "a" / "a-seg.nii").write_bytes(b"damaged")
    assert load_case(the_case(folder), None).reference is None


def test_another_shape_is_refused_naming_the_file(folder: Path) -> None:
    write_nifti(folder / "a" / "a-t2w.nii", np.ones((26, 24, 15), np.int16))
    error = refusal(folder)
    assert [finding.code for finding in error.findings] == ["grid_mismatch"]
    assert str(error) == (
        "a-t2w.nii: found shape 26 × 24 × 15; expected 26 × 24 × 16 as in the case's first file; "
        "bring them onto one grid with --harmonise resample, or register,resample=1 for series that moved."
    )


def test_a_grid_that_is_moved_by_half_a_millimetre_is_refused_with_the_distance(folder: Path) -> None:
    moved = AFFINES["RAS"].copy()
    moved[0, 3] += 0.5
    write_nifti(folder / "a" / "a-seg.nii", np.zeros(SHAPE, np.uint8), moved)
    (finding,) = refusal(folder).findings
    assert (finding.file, finding.found) == ("a-seg.nii", "a grid whose corners lie up to 0.50 mm away")


def test_a_grid_that_differs_by_rounding_is_the_same_grid(folder: Path) -> None:
    moved = AFFINES["RAS"].copy()
    moved[0, 3] += 0.005
    write_nifti(folder / "a" / "a-t2w.nii", channels(1, tumour_labels(1))["t2w"], moved)
    assert load_case(the_case(folder), BRATS).volume.shape == SHAPE


def test_corners_are_what_grids_are_compared_by() -> None:
    """Voxels longer by 0.001 mm move the far corner of 11 voxels by 0.01 mm, of 101 by 0.1 mm."""
    longer = np.diag([1.001, 1.0, 1.0, 1.0])
    small, large = (11, 2, 2), (101, 2, 2)
    assert corner_distance_mm(Grid(large, np.eye(4)), Grid(large, longer)) == pytest.approx(0.1)
    assert same_grid(Grid(small, np.eye(4)), Grid(small, np.diag([1.0009, 1.0, 1.0, 1.0])))
    assert not same_grid(Grid(large, np.eye(4)), Grid(large, longer))
    assert not same_grid(Grid(small, np.eye(4)), Grid(large, np.eye(4)))
    assert same_grid(Grid(small), Grid(small))
    assert not same_grid(Grid(small), Grid(small, np.eye(4)))


def test_a_damaged_file_is_refused_by_name(folder: Path) -> None:
    path = folder / "a" / "a-t1c.nii"
    path.write_bytes(path.read_bytes()[:-1])
    (finding,) = refusal(folder).findings
    assert (finding.code, finding.case, finding.file) == ("damaged_file", "a", "a-t1c.nii")
    assert "a truncated file" in finding.found


def test_a_file_that_is_gone_is_refused_by_name(folder: Path) -> None:
    case = the_case(folder)
    case.sources["t1c"].file.unlink()
    with pytest.raises(InputRefusedError, match=r"a-t1c.nii: found a file that cannot be opened \(No such file"):
        load_case(case, BRATS)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_voxels_that_are_no_numbers_are_refused_with_their_share(folder: Path, bad: float) -> None:
    voxels = channels(1, tumour_labels(1))["t2f"].astype(np.float32)
    voxels[0, 0, : SHAPE[2] // 2] = bad
    write_nifti(folder / "a" / "a-t2f.nii", voxels)
    (finding,) = refusal(folder).findings
    assert (finding.code, finding.file) == ("not_finite", "a-t2f.nii")
    assert finding.found == f"{8 / voxels.size:.2%} of the voxels NaN or infinite"


def test_unknown_label_values_are_refused_naming_them_and_what_is_known(tmp_path: Path) -> None:
    write_case(tmp_path, "a", 1, relabel={3: 4, 2: 9})
    error = refusal(tmp_path)
    assert str(error) == (
        "a-seg.nii.gz: found label value(s) 4, 9; expected 0 background and the labels of brats-2023: 1 necrotic core, "
        "2 oedema, 3 enhancing tumour; name the scheme the mask was drawn in with --scheme, or a file that says what "
        "its values mean."
    )


def test_a_mask_of_whole_real_numbers_is_a_mask(folder: Path) -> None:
    write_nifti(folder / "a" / "a-seg.nii", tumour_labels(1).astype(np.float64))
    loaded = load_case(the_case(folder), BRATS)
    assert loaded.reference is not None
    assert np.array_equal(loaded.reference, BRATS.to_regions(tumour_labels(1)))


def real_mask(folder: Path, change: Callable[[Array], Array]) -> Path:
    return write_nifti(folder / "a" / "a-seg.nii", change(tumour_labels(1).astype(np.float32)))


def test_labels_at_0_9999_are_rounded_and_said_to_be(folder: Path) -> None:
    real_mask(folder, lambda labels: labels * np.float32(0.9999))
    loaded = load_case(the_case(folder), BRATS)
    assert loaded.reference is not None
    assert np.array_equal(loaded.reference, BRATS.to_regions(tumour_labels(1)))
    (finding,) = loaded.findings
    assert (finding.severity, finding.code, finding.file) == ("warning", "labels_rounded", "a-seg.nii")
    share = np.count_nonzero(tumour_labels(1)) / tumour_labels(1).size
    assert finding.found == f"labels stored as real numbers, off by up to 0.0003, in {share:.2%} of it"


def test_a_probability_map_is_refused_as_one_with_its_span_and_share(folder: Path) -> None:
    """Half of the first row of 16 voxels is 0.25, one voxel 0.9375, the others 0."""

    def probabilities(labels: Array) -> Array:
        labels[:] = 0
        labels[0, 0, :8], labels[1, 0, 0] = 0.25, 0.9375
        return labels

    real_mask(folder, probabilities)
    (finding,) = refusal(folder).findings
    assert (finding.code, finding.case, finding.file) == ("probability_map", "a", "a-seg.nii")
    share = 9 / tumour_labels(1).size
    assert finding.found == (
        f"values from 0 to 0.9375, of which {share:.2%} are not whole: probabilities, or an interpolated mask"
    )


def test_an_interpolated_mask_of_several_labels_is_no_mask_of_labels(folder: Path) -> None:
    def halfway(labels: Array) -> Array:
        labels[0, 0, 0] = 1.5
        return labels

    real_mask(folder, halfway)
    (finding,) = refusal(folder).findings
    assert finding.code == "not_labels"
    assert finding.found == f"values from 0 to 3, of which {1 / tumour_labels(1).size:.2%} are not whole"
    assert "nearest neighbour" in finding.fix


def test_numbers_too_large_for_any_label_are_refused_before_they_are_cast(folder: Path) -> None:
    real_mask(folder, lambda labels: labels * np.float32(1e30))
    assert [finding.code for finding in refusal(folder).findings] == ["not_labels"]


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_mask_of_no_numbers_is_refused_with_their_share(folder: Path, wrong: float) -> None:
    def spoil(labels: Array) -> Array:
        labels[0, 0] = wrong
        return labels

    real_mask(folder, spoil)
    (finding,) = refusal(folder).findings
    assert finding.code == "not_finite"
    assert finding.found == f"a mask of which {16 / tumour_labels(1).size:.2%} is NaN or infinite"


def test_a_scaled_mask_is_read_by_its_values(folder: Path) -> None:
    """Stored 0, 2, 4, 6 with slope 0.5 are the labels 0, 1, 2, 3."""
    path = write_nifti(folder / "a" / "a-seg.nii", tumour_labels(1) * 2)
    set_header(path, scl_slope=0.5)
    loaded = load_case(the_case(folder), BRATS)
    assert loaded.reference is not None
    assert np.array_equal(loaded.reference, BRATS.to_regions(tumour_labels(1)))


def test_each_channel_keeps_its_own_slope(folder: Path) -> None:
    set_header(folder / "a" / "a-t1c.nii", scl_slope=0.5, scl_inter=3)
    volume = load_case(the_case(folder), None).volume
    assert volume.slope == (1.0, 0.5, 1.0, 1.0)
    assert volume.intercept == (0.0, 3.0, 0.0, 0.0)
    assert np.array_equal(volume.values(1), np.float32(0.5) * channels(1, tumour_labels(1))["t1c"] + np.float32(3))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (np.array([0, 255], np.uint8), np.array([-5, 5], np.int8), np.int16),
        (np.array([0, 40_000], np.uint16), np.array([-5, 5], np.int8), np.int32),
        (np.array([-40_000, 0], np.int32), np.array([-5, 5], np.int8), np.int32),
        (np.array([0.0, 1500.0], np.float32), np.array([-5, 5], np.int16), np.int16),
        (np.array([0.0, 0.25], np.float32), np.array([-5, 5], np.int16), np.float32),
        (np.array([0, 2**40], np.int64), np.array([-5, 5], np.int16), np.float32),
        (np.array([0.0, np.nan]), np.array([-5, 5], np.int16), np.float32),
    ],
)
def test_channels_share_the_narrowest_type_that_holds_them_all(
    tmp_path: Path, first: Array, second: Array, expected: type
) -> None:
    paths = [tmp_path / "a.nii", tmp_path / "b.nii"]
    for path, values in zip(paths, (first, second), strict=True):
        nib.save(nib.Nifti1Image(values.reshape(2, 1, 1), np.eye(4), dtype=values.dtype), path)
    volume = stack([(path.stem, read_nifti(path), 0) for path in paths])
    assert volume.voxels.dtype == expected
    assert np.array_equal(volume.voxels[0].ravel(), first.astype(expected), equal_nan=True)


def test_a_label_map_alone_is_read_with_its_grid(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "mask.nii.gz", tumour_labels(1), AFFINES["LPS"])
    regions, grid = load_label_file(path, BRATS)
    assert grid.axis_codes == "LPS"
    assert np.array_equal(regions, BRATS.to_regions(tumour_labels(1))[::-1, ::-1])


def test_brats_2021_is_lps_and_its_4_is_enhancing_tumour(real_data: Path) -> None:
    cases = {case.case_id: case for case in read_layout(real_data / "brats_2021").cases}
    for case in cases.values():
        loaded = load_case(case, SCHEMES["brats-2021"])
        assert loaded.volume.native.axis_codes == "LPS"
        assert loaded.reference is not None
        assert case.reference is not None
        stored = read_nifti(case.reference.file).stored[0]
        enhancing = int(np.count_nonzero(loaded.reference >> 2 & 1))
        assert enhancing == int(np.count_nonzero(stored == 4))
        assert (enhancing == 0) == case.case_id.endswith("01480"), "only that one has no enhancing tumour"


def test_the_same_files_under_the_2023_scheme_are_refused_naming_4(real_data: Path) -> None:
    case = next(c for c in read_layout(real_data / "brats_2021").cases if not c.case_id.endswith("01480"))
    with pytest.raises(InputRefusedError, match=r"found label value\(s\) 4; expected 0 background"):
        load_case(
            Case("x", "x", "x", "patient", {"t1n": Source(case.sources["t1n"].files, "nifti")}, case.reference), BRATS
        )
