from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from core.case import BRATS_MODALITIES
from core.data.phantom import Phantom, cohort_traits, make_phantom, write_cohort, write_phantom
from core.data.phantom import files as phantom_files
from core.volume import Geometry, Grid

CASE = "BraTS-PHM-00006-000"


@pytest.fixture(scope="module")
def quick() -> Phantom:
    traits = replace(cohort_traits(2)[1], spacing_mm=(2.0, 1.5, 2.5), orientation="LPS")
    return make_phantom(traits)


@pytest.mark.parametrize("orientation", ["RAS", "LPS", "LAS", "PIR"])
def test_a_written_case_reads_back_with_its_place_and_orientation(
    quick: Phantom, orientation: str, tmp_path: Path
) -> None:
    phantom = replace(quick, traits=replace(quick.traits, orientation=orientation))
    folder = write_phantom(phantom, tmp_path, CASE)
    assert folder == tmp_path / CASE
    names = [*BRATS_MODALITIES, "seg"]
    assert sorted(file.name for file in folder.iterdir()) == sorted(f"{CASE}-{name}.nii.gz" for name in names)
    for name, expected in zip(names, [*phantom.voxels, phantom.labels], strict=True):
        image = nib.Nifti1Image.from_filename(folder / f"{CASE}-{name}.nii.gz")
        assert "".join(nib.aff2axcodes(image.affine)) == orientation
        assert image.get_data_dtype() == expected.dtype
        assert (image.header["sform_code"], image.header["qform_code"]) == (1, 1)
        assert image.header.get_xyzt_units()[0] == "mm"
        np.testing.assert_allclose(image.get_qform(), image.affine, atol=1e-4)
        stored = np.asarray(image.dataobj)
        grid = Grid(stored.shape, image.affine)
        geometry = grid.geometry()
        assert geometry is not None
        np.testing.assert_array_equal(grid.to_ras(stored), expected)
        np.testing.assert_allclose(geometry.affine, phantom.affine, atol=1e-4)
        assert geometry.spacing_mm == pytest.approx(Geometry(phantom.affine).spacing_mm)


def test_writing_twice_gives_the_same_bytes(quick: Phantom, tmp_path: Path) -> None:
    one = write_phantom(quick, tmp_path / "one", CASE)
    other = write_phantom(quick, tmp_path / "other", CASE)
    for file in one.iterdir():
        assert file.read_bytes() == (other / file.name).read_bytes()
        # no time stamp and no file name in the gzip header
        assert file.read_bytes()[3:8] == bytes(5)


def test_a_half_written_case_never_has_its_name(
    quick: Phantom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_image = phantom_files._write_image

    def fail_at_the_last(path: Path, voxels: np.ndarray, phantom: Phantom) -> None:
        assert not (tmp_path / CASE).exists()
        if "seg" in path.name:
            raise OSError("no space left on device")
        write_image(path, voxels, phantom)

    monkeypatch.setattr(phantom_files, "_write_image", fail_at_the_last)
    with pytest.raises(OSError, match="no space"):
        write_phantom(quick, tmp_path, CASE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_two_workers_report_in_order_and_write_the_bytes_that_one_writes(quick: Phantom, tmp_path: Path) -> None:
    other = replace(cohort_traits(3)[2], spacing_mm=(2.0, 2.0, 2.0))
    reported: list[tuple[int, Path]] = []

    def note(place: int, folder: Path) -> None:
        assert folder.is_dir()
        reported.append((place, folder))

    folders = write_cohort(tmp_path, [quick.traits, other], workers=2, on_written=note)
    assert [folder.name for folder in folders] == ["BraTS-PHM-00002-000", "BraTS-PHM-00003-000"]
    assert reported == list(enumerate(folders))
    alone = write_phantom(quick, tmp_path / "alone", quick.traits.case_id)
    for file in alone.iterdir():
        assert file.read_bytes() == (folders[0] / file.name).read_bytes()


def test_one_worker_writes_in_this_process_in_order(
    quick: Phantom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phantom_files, "make_phantom", lambda traits: replace(quick, traits=traits))
    reported: list[tuple[int, Path]] = []
    folders = write_cohort(tmp_path, cohort_traits(3), 1, lambda place, folder: reported.append((place, folder)))
    assert [folder.name for folder in folders] == [f"BraTS-PHM-0000{i}-000" for i in (1, 2, 3)]
    assert reported == list(enumerate(folders))


def test_no_patients_are_no_files(tmp_path: Path) -> None:
    assert write_cohort(tmp_path, []) == []
