"""Masks made elsewhere: found by name, put on the case's grid, refused with a sentence."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt
import pytest

from core.data.load import load_regions
from core.evaluation.case_mask import CaseMask
from core.evaluation.mask_files import MaskRefusedError
from core.evaluation.masks_elsewhere import MasksElsewhereError, find_masks
from core.labels import SCHEMES
from core.workspace import Cohort, CohortCase, Workspace
from tests.cases import AFFINES, SHAPE, case_id, write_nifti

ONE, TWO, THREE = (case_id(n) for n in (1, 2, 3))


def labels_of(cohort: Cohort, case: str) -> npt.NDArray[np.uint8]:
    reference = cohort.cases[case].case.reference
    assert reference is not None
    return np.asarray(nib.load(reference.file).dataobj).astype(np.uint8)


def bits_of(cohort: Cohort, case: str) -> npt.NDArray[np.uint8]:
    entry = cohort.cases[case]
    assert entry.case.reference is not None
    return load_regions(entry.case.reference, cohort.scheme, entry.grid)[0]


def loaded(workspace: Workspace, cohort: Cohort, folder: Path, case: str = ONE) -> CaseMask:
    made = find_masks(workspace, cohort, folder, "m").mask_of(cohort, case)
    assert made is not None
    return made.load()


@pytest.mark.parametrize(
    "name",
    [
        f"{ONE}.nii.gz",  # nnU-Net
        f"{ONE}_seg.nii.gz",
        f"{ONE}-seg.nii",
        f"{ONE}.seg.nii.gz",
        f"{ONE}_0000.nii.gz",
        f"{ONE}_dseg.nii.gz",
        f"{ONE}_reader2.nii.gz",
        f"seg_{ONE}.nii.gz",
        f"{ONE.lower()}_prediction.nii.gz",
        f"{ONE}/segmentation.nii.gz",
        f"second/{ONE}_mask.nii",
    ],
)
def test_a_file_is_matched_by_the_usual_names(workspace: Workspace, small: Cohort, tmp_path: Path, name: str) -> None:
    write_nifti(tmp_path / "m" / name, labels_of(small, ONE))
    found = find_masks(workspace, small, tmp_path / "m", "m")
    assert list(found.files) == [ONE]
    assert found.unmatched == ()
    assert set(found.without_file) == set(small.cases) - {ONE}
    assert np.array_equal(loaded(workspace, small, tmp_path / "m").bits, bits_of(small, ONE))


def test_the_name_of_the_cases_own_file_will_do_where_the_case_was_called_otherwise(
    workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    """An import that hides names calls the case case-001; nnU-Net calls its answer after the scan."""
    entry = small.cases[ONE]
    hidden = replace(small, cases={"case-001": CohortCase(replace(entry.case, case_id="case-001"), entry.facts)})
    write_nifti(tmp_path / "m" / f"{ONE}-t1n_seg.nii", labels_of(small, ONE))
    write_nifti(tmp_path / "m" / "somebody.nii", labels_of(small, ONE))
    found = find_masks(workspace, hidden, tmp_path / "m", "m")
    assert list(found.files) == ["case-001"]
    assert found.unmatched == ("file 2",), "a name that may be a person's stays out"


def test_files_of_no_case_and_cases_without_a_file_are_named(
    workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    for name in (f"{TWO}.nii", "unknown_seg.nii"):
        write_nifti(tmp_path / "m" / name, labels_of(small, TWO))
    (tmp_path / "m" / "notes.txt").write_text("no mask")
    document = find_masks(workspace, small, tmp_path / "m", "m").to_json()
    assert document["unmatched_files"] == ["unknown_seg.nii"]
    assert document["cases_without_file"] == [case for case in small.cases if case != TWO]
    assert document["leakage"].startswith("unknown")
    assert str(tmp_path) not in str(document)


def test_any_order_of_axes_is_the_same_mask(workspace: Workspace, small: Cohort, tmp_path: Path) -> None:
    """The same labels written left to right and back to front."""
    turned = nib.Nifti1Image(labels_of(small, ONE), AFFINES["RAS"])
    orientation = nib.orientations.axcodes2ornt("PSL")
    turned = turned.as_reoriented(nib.orientations.ornt_transform(nib.io_orientation(AFFINES["RAS"]), orientation))
    assert turned.shape != SHAPE
    (tmp_path / "m").mkdir()
    nib.save(turned, tmp_path / "m" / f"{ONE}.nii.gz")
    assert np.array_equal(loaded(workspace, small, tmp_path / "m").bits, bits_of(small, ONE))


def test_another_scheme_gives_the_same_regions(workspace: Workspace, small: Cohort, tmp_path: Path) -> None:
    """Decathlon numbers: oedema 1, core 2, enhancing 3."""
    other = np.array([0, 2, 1, 3], np.uint8)[labels_of(small, ONE)]
    write_nifti(tmp_path / "m" / f"{ONE}.nii", other)
    found = find_masks(workspace, small, tmp_path / "m", "m", SCHEMES["msd-task01"])
    made = found.mask_of(small, ONE)
    assert made is not None
    assert np.array_equal(made.load().of(small.scheme.region_names), bits_of(small, ONE))


def test_a_set_changes_its_hash_with_its_masks(workspace: Workspace, small: Cohort, tmp_path: Path) -> None:
    labels = labels_of(small, ONE)
    file = write_nifti(tmp_path / "m" / f"{ONE}.nii", labels)
    before = find_masks(workspace, small, tmp_path / "m", "m").sha256()
    assert find_masks(workspace, small, tmp_path / "m", "other").sha256() == before
    labels[0, 0, 0] = 1
    write_nifti(file, labels)
    assert find_masks(workspace, small, tmp_path / "m", "m").sha256() != before


def test_a_folder_that_cannot_be_compared_is_refused(workspace: Workspace, small: Cohort, tmp_path: Path) -> None:
    def refused(folder: Path, match: str) -> None:
        with pytest.raises(MasksElsewhereError, match=match):
            find_masks(workspace, small, folder, "m")

    refused(tmp_path / "gone", r"m: no folder at '.*gone'; give the folder that holds its masks")
    (tmp_path / "empty").mkdir()
    refused(
        tmp_path / "empty", r"m: found no mask in the folder; expected label maps \(.nii, .nii.gz, .nrrd\) or DICOM"
    )
    write_nifti(tmp_path / "strange" / "a.nii", labels_of(small, ONE))
    refused(
        tmp_path / "strange", rf"m: none of 1 files \(a.nii\) is called like a case of cohort small .*{ONE}_seg.nii"
    )
    for name in (f"{ONE}.nii", f"{ONE}_seg.nii.gz"):
        write_nifti(tmp_path / "twice" / name, labels_of(small, ONE))
    refused(tmp_path / "twice", rf"m: found 2 files for case {ONE} \({ONE}.nii, {ONE}_seg.nii.gz\); keep one")
    with pytest.raises(MasksElsewhereError, match="scheme binary has the regions foreground and cohort small WT, TC"):
        find_masks(workspace, small, tmp_path / "twice", "m", SCHEMES["binary"])


def test_a_file_that_cannot_be_used_says_why(workspace: Workspace, small: Cohort, tmp_path: Path) -> None:
    labels, file = labels_of(small, ONE), tmp_path / "m" / f"{ONE}.nii"

    def refused(match: str) -> None:
        with pytest.raises(MaskRefusedError, match=match):
            loaded(workspace, small, tmp_path / "m")

    write_nifti(file, labels[:-1])
    refused(rf"{ONE}.nii: found 25 × 24 × 16 voxels; expected 26 × 24 × 16 voxels as its case has; write the mask on")
    moved = AFFINES["RAS"].copy()
    moved[0, 3] += 3
    write_nifti(file, labels, moved)
    refused("found a grid whose corners lie up to 3.00 mm away; expected the grid of its case")
    write_nifti(file, np.stack([labels, labels], -1))
    refused(r"found 2 volumes in one file; expected one label map \(X, Y, Z\)")
    write_nifti(file, np.where(labels == 3, 7, labels).astype(np.uint8))
    refused(r"found label value\(s\) 7; expected 0 background and the labels of brats-2023.*--predictions-scheme")
    write_nifti(file, labels * np.float32(0.3))
    refused("not whole")
    write_nifti(file, labels)
    file.write_bytes(file.read_bytes()[:-100])
    refused(rf"{ONE}.nii: found .*; expected a whole mask; export or copy the file again")
    file.write_bytes(b"")
    refused("expected a whole mask")


def test_a_mask_without_a_label_is_empty_and_not_an_error(workspace: Workspace, small: Cohort, tmp_path: Path) -> None:
    write_nifti(tmp_path / "m" / f"{ONE}.nii", np.zeros(SHAPE, np.uint8))
    assert not loaded(workspace, small, tmp_path / "m").bits.any()


def test_a_dicom_segmentation_is_matched_by_the_series_it_was_drawn_on(
    workspace: Workspace, real_data: Path, tmp_path: Path
) -> None:
    """dcmqi's three slices of a CT and the segmentation of them, called nothing like the case."""
    from core.importing import ImportChoices, import_folder

    folder = real_data / "dicom" / "seg_dcmqi" / "data" / "segmentations" / "24x38x3"
    binary = SCHEMES["binary"]
    cohort = import_folder(workspace, folder / "image", "ct", ImportChoices(scheme=binary, copy=True)).cohort
    (case,) = cohort.cases
    (tmp_path / "m").mkdir()
    shutil.copy(folder / "seg" / "label.seg", tmp_path / "m" / "IM0001")
    found = find_masks(workspace, cohort, tmp_path / "m", "m")
    assert list(found.files) == [case]
    made = found.mask_of(cohort, case)
    assert made is not None
    assert made.load().bits.shape == cohort.cases[case].grid.ras_shape
