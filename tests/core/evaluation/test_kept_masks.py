"""Masks made elsewhere in the workspace: whole, kept by content, and listed beside checkpoints."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt
import pytest

from core.evaluation.contenders import MasksElsewhere
from core.evaluation.evaluate import evaluate
from core.evaluation.kept_masks import keep_masks, kept_masks
from core.evaluation.masks_elsewhere import MasksElsewhereError, find_masks
from core.evaluation.saved import saved_scores, saved_summary
from core.evaluation.saved_conventions import saved_convention_means, saved_conventions
from core.evaluation.saved_failures import saved_failures
from core.evaluation.saved_files import has_mask, saved_mask, saved_slice
from core.workspace import Cohort, CohortCase, NotInWorkspaceError, Workspace
from tests.cases import case_id, write_nifti

ONE, TWO, THREE = (case_id(n) for n in (1, 2, 3))


def shifted(cohort: Cohort, case: str, by: int = 1) -> npt.NDArray[np.uint8]:
    """The reference, moved by some voxels."""
    reference = cohort.cases[case].case.reference
    assert reference is not None
    return np.roll(np.asarray(nib.load(reference.file).dataobj).astype(np.uint8), by, axis=0)


@pytest.fixture
def folder(small: Cohort, tmp_path: Path) -> Path:
    """Masks of the first two cases, each one voxel aside."""
    for case in (ONE, TWO):
        write_nifti(tmp_path / "masks" / f"{case}_seg.nii.gz", shifted(small, case))
    return tmp_path / "masks"


def test_what_is_kept_is_what_was_read(workspace: Workspace, small: Cohort, folder: Path) -> None:
    found = find_masks(workspace, small, folder, "nnunet")
    kept = keep_masks(workspace, small, found)
    assert list(kept_masks(workspace, small.name)) == ["nnunet"]
    for case in (ONE, TWO):
        one, other = found.mask_of(small, case), kept.mask_of(small, case)
        assert one is not None
        assert other is not None
        assert np.array_equal(one.load().bits, other.load().bits)
        assert other.load().prediction is None, "a mask made elsewhere has no probabilities"
    assert kept.mask_of(small, THREE) is None
    assert kept.to_json()["cases"] == 2
    assert str(folder) not in str(kept.to_json())


def test_scores_are_those_of_evaluate_and_are_computed_once(
    workspace: Workspace, small: Cohort, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = find_masks(workspace, small, folder, "m")
    kept = keep_masks(workspace, small, found)
    document = evaluate(None, small, [MasksElsewhere(found)], None, None)
    assert document == evaluate(None, small, [MasksElsewhere(found)], None, None)
    cases = document["models"]["m"]["cases"]
    assert set(cases) == {ONE, TWO}
    assert {case: saved_scores(workspace, small, case, kept) for case in cases} == cases
    assert saved_summary(workspace, small, {"m": kept})["models"] == document["models"]
    assert saved_scores(workspace, small, THREE, kept) is None
    monkeypatch.setattr("core.evaluation.saved.score_case", lambda *_args, **_named: pytest.fail("computed twice"))
    assert saved_scores(workspace, small, ONE, kept) == cases[ONE]


def test_failures_and_conventions_of_a_set_are_kept_too(
    workspace: Workspace, small: Cohort, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = keep_masks(workspace, small, find_masks(workspace, small, folder, "m"))
    conventions = saved_conventions(workspace, small, ONE, kept)
    assert conventions is not None
    first = saved_failures(workspace, small, ONE, kept)
    assert first is not None
    wrong = first["WT"]["errors"]
    mask = saved_mask(workspace, small, ONE, kept)
    assert mask is not None
    truth = np.roll(mask.bits, -1, axis=0)
    assert wrong["voxels"] == np.count_nonzero((mask.bits & 1) != (truth & 1))
    monkeypatch.setattr("core.evaluation.saved_failures.find_failures", lambda *_args: pytest.fail("looked twice"))
    assert saved_failures(workspace, small, ONE, kept) == first


def test_a_slice_is_that_of_the_whole_mask_in_the_cohorts_order(
    workspace: Workspace, small: Cohort, folder: Path
) -> None:
    kept = keep_masks(workspace, small, find_masks(workspace, small, folder, "m"))
    whole = saved_mask(workspace, small, ONE, kept)
    assert whole is not None
    for z in range(whole.bits.shape[2]):
        found = saved_slice(workspace, small, ONE, kept, z)
        assert np.array_equal(found, whole.of(small.scheme.region_names)[:, :, z])
    assert saved_slice(workspace, small, THREE, kept, 0) is None


def test_a_budget_that_is_spent_leaves_the_rest_for_the_next_call(
    workspace: Workspace, small: Cohort, folder: Path
) -> None:
    kept = keep_masks(workspace, small, find_masks(workspace, small, folder, "m"))
    assert saved_convention_means(workspace, small, {"m": kept}, budget_s=-1).waiting == 2
    saved_conventions(workspace, small, ONE, kept)
    later = saved_convention_means(workspace, small, {"m": kept}, budget_s=-1)
    assert later.waiting == 1
    assert later.means["pooled-cohort"]["m"]["WT"]["n"] == 1


def test_a_set_that_is_brought_in_again_replaces_the_old_one(workspace: Workspace, small: Cohort, folder: Path) -> None:
    before = keep_masks(workspace, small, find_masks(workspace, small, folder, "m"))
    scores = saved_scores(workspace, small, ONE, before)
    (folder / f"{TWO}_seg.nii.gz").unlink()
    write_nifti(folder / f"{ONE}_seg.nii.gz", shifted(small, ONE, by=2))
    after = keep_masks(workspace, small, find_masks(workspace, small, folder, "m"))
    assert after.sha256 != before.sha256
    assert after.cases == (ONE,)
    assert saved_scores(workspace, small, ONE, after) != scores


def test_a_case_whose_voxels_are_others_by_now_has_no_mask(workspace: Workspace, small: Cohort, folder: Path) -> None:
    kept = keep_masks(workspace, small, find_masks(workspace, small, folder, "m"))
    entry = small.cases[ONE]
    other = small.cases[THREE].facts["content_hashes"]
    imported_again = CohortCase(entry.case, {**entry.facts, "content_hashes": other})
    changed = replace(small, cases={**small.cases, ONE: imported_again})
    assert has_mask(workspace, small, ONE, kept)
    assert not has_mask(workspace, changed, ONE, kept)
    assert saved_scores(workspace, changed, ONE, kept) is None


def test_a_file_that_cannot_be_used_is_left_out_and_named_and_the_others_are_kept(
    workspace: Workspace, small: Cohort, folder: Path
) -> None:
    write_nifti(folder / f"{ONE}_seg.nii.gz", np.zeros((3, 3, 3), np.uint8))
    kept = keep_masks(workspace, small, find_masks(workspace, small, folder, "m"))
    assert kept.cases == (TWO,)
    (refused,) = kept.to_json()["refused"]
    assert refused["case"] == ONE
    assert "found 3 × 3 × 3 voxels" in refused["reason"]


def test_a_set_of_which_nothing_can_be_used_is_refused_and_leaves_nothing(
    workspace: Workspace, small: Cohort, folder: Path
) -> None:
    for case in (ONE, TWO):
        write_nifti(folder / f"{case}_seg.nii.gz", np.zeros((3, 3, 3), np.uint8))
    with pytest.raises(MasksElsewhereError, match=r"m: none of 2 masks can be used: .* found 3 × 3 × 3 voxels"):
        keep_masks(workspace, small, find_masks(workspace, small, folder, "m"))
    assert kept_masks(workspace, small.name) == {}
    with pytest.raises(NotInWorkspaceError, match="is not a name"):
        keep_masks(workspace, small, find_masks(workspace, small, folder, "../m"))
