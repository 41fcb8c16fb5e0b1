"""`evaluate` with masks made elsewhere, failures, calibration, and several processes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from core.checkpoints import Checkpoint
from core.data.splits import Fold, Split
from core.evaluation.contenders import Contender, EvaluationRefusedError, MasksElsewhere
from core.evaluation.evaluate import Wishes, evaluate
from core.evaluation.masks_elsewhere import find_masks
from core.evaluation.more_tables import more_tables
from core.evaluation.saved import saved_scores
from core.evaluation.saved_cases import masks_to_score
from core.evaluation.saved_trust import saved_trust
from core.evaluation.scoring import Scoring
from core.evaluation.trust import trust_of_models
from core.inference.device import Compute
from core.inference.segment import Segmenter
from core.metrics.empty_masks import POLICIES
from core.workspace import Cohort, CohortCase, Workspace
from tests import narrow
from tests.cases import case_id, write_nifti

CPU = Compute("cpu", bf16=False, channels_last=False)
ONE, TWO, THREE, FOUR, FIVE, SIX = CASES = tuple(case_id(n) for n in range(1, 7))
DICE = Scoring(("dice",))


@pytest.fixture
def checkpoint(small: Cohort, tmp_path: Path) -> Checkpoint:
    """A checkpoint that was trained on the second patient."""
    return narrow.checkpoint(tmp_path / "m", train={"else": list(small.cases[TWO].content.values())})


def reader(
    workspace: Workspace, cohort: Cohort, folder: Path, shift: int, cases: tuple[str, ...] = CASES
) -> MasksElsewhere:
    """The references, moved by some voxels, as a folder."""
    for case in cases:
        reference = cohort.cases[case].case.reference
        assert reference is not None
        labels = np.asarray(nib.load(reference.file).dataobj).astype(np.uint8)
        write_nifti(folder / f"{case}.nii.gz", np.roll(labels, shift, axis=0))
    return MasksElsewhere(find_masks(workspace, cohort, folder, folder.name))


def test_masks_made_elsewhere_join_as_a_model_of_which_no_patient_can_be_dropped(
    workspace: Workspace, small: Cohort, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    elsewhere = reader(workspace, small, tmp_path / "nnunet", 1)
    models = [Contender("m", (checkpoint,)), elsewhere]
    document = evaluate(Segmenter(workspace, CPU), small, models, None, None, wishes=Wishes(DICE))
    assert set(document["models"]["nnunet"]["cases"]) == set(CASES), "nobody knows what it was trained on"
    assert [entry["case"] for entry in document["dropped"]] == [TWO]
    assert {test["n"] for test in document["tests"]} == {5}, "compared on the patients that both may be scored on"
    assert document["checkpoints"] == {"m": [checkpoint.id], "nnunet": []}
    (about,) = document["made_elsewhere"]
    assert (about["model"], about["leakage"].partition(":")[0]) == ("nnunet", "unknown")
    assert "agreement" not in document, "there is one reader"
    assert "nnunet: leakage unknown" in more_tables(document)


def test_a_perfect_mask_made_elsewhere_scores_one(workspace: Workspace, small: Cohort, tmp_path: Path) -> None:
    document = evaluate(None, small, [reader(workspace, small, tmp_path / "same", 0)], None, None)
    for regions in document["models"]["same"]["cases"].values():
        assert {(scores["dice"], scores["hd95_mm"]) for scores in regions.values()} == {(1.0, 0.0)}


def test_two_readers_agree_without_checkpoint_and_without_reference(
    workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    sets = [reader(workspace, small, tmp_path / name, shift, CASES[:3]) for name, shift in (("A", 0), ("B", 1))]
    blind = {case: CohortCase(replace(e.case, reference=None), e.facts) for case, e in small.cases.items()}
    document = evaluate(None, replace(small, cases=blind), sets, None, None, wishes=Wishes(DICE))
    assert [entry["cases"] for entry in document["models"].values()] == [{}, {}]
    (pair,) = document["agreement"]
    against_truth = evaluate(None, small, sets, None, None, wishes=Wishes(DICE))
    assert pair["summary"]["WT"]["dice"]["mean"] == pytest.approx(
        against_truth["models"]["B"]["summary"]["WT"]["dice"]["mean"]
    ), "A is the reference itself"
    assert against_truth["agreement"][0]["cases"] == pair["cases"]
    assert "A and B" in more_tables(document)


def test_a_file_that_cannot_be_used_is_named_and_its_case_not_compared(
    workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    good = reader(workspace, small, tmp_path / "good", 0)
    write_nifti(tmp_path / "bad" / f"{ONE}.nii.gz", np.zeros((2, 2, 2), np.uint8))
    bad = reader(workspace, small, tmp_path / "bad", 1, CASES[1:5])
    document = evaluate(None, small, [good, bad], None, None, wishes=Wishes(DICE))
    about = next(entry for entry in document["made_elsewhere"] if entry["model"] == "bad")
    assert [entry["case"] for entry in about["refused"]] == [ONE]
    assert "found 2 × 2 × 2 voxels" in about["refused"][0]["reason"]
    assert about["cases_without_file"] == [SIX]
    assert document["not_compared"] == [{"case": case, "missing_from": ["bad"]} for case in (ONE, SIX)]


def test_failures_are_ranked_by_what_was_wished_for(workspace: Workspace, small: Cohort, tmp_path: Path) -> None:
    elsewhere = reader(workspace, small, tmp_path / "r", 2)
    wishes = Wishes(Scoring(("dice", "iou")), ranked=("iou",), failures=2)
    document = evaluate(None, small, [elsewhere], None, None, wishes=wishes)
    entries = [entry for entry in document["failures"]["r"] if entry["region"] == "WT"]
    kinds = [(entry["kind"], entry["metric"]) for entry in entries]
    assert kinds == [("worst-case", "iou")] * 2 + [("worst-slice", "dice")] * 2
    ious = {case: regions["WT"]["iou"] for case, regions in document["models"]["r"]["cases"].items()}
    assert [entry["case"] for entry in entries[:2]] == sorted(ious, key=lambda case: ious[case])[:2]
    assert entries[0]["voxel"][2] == entries[0]["slice"]
    assert "worst case" in more_tables(document)


def test_calibration_is_of_models_with_probabilities_and_the_saved_one_is_the_same(
    workspace: Workspace, small: Cohort, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    models = [Contender("m", (checkpoint,)), reader(workspace, small, tmp_path / "r", 1)]
    wishes = Wishes(DICE, calibration=True)
    document = evaluate(Segmenter(workspace, CPU), small, models, None, None, wishes=wishes)
    assert set(document["calibration"]) == set(document["risk_coverage"]) == {"m"}
    cell = document["calibration"]["m"]["WT"]
    assert sum(each["n"] for each in cell["bins"]) == cell["n_voxels"]
    assert document["risk_coverage"]["m"]["WT"]["n"] == 5
    assert "ECE" in more_tables(document)
    unseen = [case for _, _, case in masks_to_score(workspace, small, {"m": checkpoint})]
    assert len(unseen) == 5
    for _ in range(2):  # counted, then read as it was kept
        trust = {case: found for case in unseen if (found := saved_trust(workspace, small, case, checkpoint))}
        scores = {case: found for case in unseen if (found := saved_scores(workspace, small, case, checkpoint))}
        saved = trust_of_models({"m": trust}, {"m": scores})
        assert {key: saved[key] for key in ("calibration", "risk_coverage")} == {
            key: document[key] for key in ("calibration", "risk_coverage")
        }


@pytest.mark.slow
def test_several_processes_give_the_same_bytes_as_one(
    workspace: Workspace, small: Cohort, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    models = [
        Contender("m", (checkpoint,)),
        *(reader(workspace, small, tmp_path / n, s) for n, s in (("A", 1), ("B", 2))),
    ]
    wishes = Wishes(conventions=True, failures=3, calibration=True, subgroups=True, margin=0.02)
    texts = {
        json.dumps(evaluate(Segmenter(workspace, CPU), small, models, None, None, wishes=replace(wishes, workers=n)))
        for n in (1, 2)
    }
    assert len(texts) == 1
    assert str(tmp_path) not in texts.pop()


def test_the_policy_and_the_tolerance_that_were_asked_for_stand_in_the_document(
    workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    scoring = Scoring(("dice", "nsd"), POLICIES["brats"], tolerance_mm=2.0)
    document = evaluate(None, small, [reader(workspace, small, tmp_path / "r", 1)], None, None, wishes=Wishes(scoring))
    assert document["policy"]["empty_masks"]["name"] == "brats"
    assert document["policy"]["nsd_tolerance_mm"] == 2.0
    assert set(document["policy"]["metrics"]) == {"dice", "nsd"}


def test_names_and_parts_that_make_no_sense_are_refused(workspace: Workspace, small: Cohort, tmp_path: Path) -> None:
    one = reader(workspace, small, tmp_path / "r", 1)
    with pytest.raises(EvaluationRefusedError, match=r"two models are called the same \(r, r\)"):
        evaluate(None, small, [one, one], None, None)
    split = Split("patient", 0, (Fold((TWO,), (), (ONE,)), Fold((ONE,), (), (TWO,))))
    with pytest.raises(
        EvaluationRefusedError, match="masks made elsewhere belong to no fold; score them with --part out"
    ):
        evaluate(None, small, [one], split, "test")
    assert set(evaluate(None, small, [one], split, "out-of-fold")["models"]["r"]["cases"]) == {ONE, TWO}
