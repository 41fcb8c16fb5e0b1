"""metrics and evaluate as the contract says, with values worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from core.metrics import METRICS
from core.workspace import Cohort, Workspace
from tests import narrow
from tests.cases import case_id, write_nifti
from tests.core.cli.conftest import Ask

AFFINE = np.diag([2.0, 1.0, 1.0, 1.0])  # voxels of 2 x 1 x 1 mm


def cube(start: int, label: int) -> npt.NDArray[np.uint8]:
    """A cube of 2 x 2 x 2 voxels whose first x is `start`."""
    labels = np.zeros((6, 5, 5), np.uint8)
    labels[start : start + 2, 1:3, 1:3] = label
    return labels


def test_metrics_of_two_cubes_one_voxel_apart(ask: Ask, tmp_path: Path) -> None:
    """Of 8 + 8 voxels 4 are shared: Dice 8/16, IoU 4/12; half of each surface lies one voxel, 2 mm, away."""
    prediction = write_nifti(tmp_path / "p.nii.gz", cube(2, 3), AFFINE)
    reference = write_nifti(tmp_path / "r.nii", cube(1, 3), AFFINE)
    answer = ask("metrics", prediction, reference, "--json")
    assert answer.code == 0
    assert set(answer.document) == {"regions", "case", "policy"}
    assert answer.document["case"]["mean_iou"] == pytest.approx(1 / 3)
    assert set(METRICS) <= set(answer.document["regions"]["WT"])
    for region in ("WT", "TC", "ET"):
        scores = answer.document["regions"][region]
        assert scores["dice"] == pytest.approx(0.5)
        assert scores["iou"] == pytest.approx(1 / 3)
        assert scores["hd95_mm"] == pytest.approx(2.0)
        assert scores["volume_error_ml"] == pytest.approx(0.0)
        assert (scores["prediction_voxels"], scores["reference_voxels"]) == (8, 8)
        assert scores["volume_ml"] == pytest.approx(0.016)


def test_a_label_counts_for_its_regions_only(ask: Ask, tmp_path: Path) -> None:
    """Oedema predicted where enhancing tumour is: the whole tumour is right, the rest is missed."""
    prediction = write_nifti(tmp_path / "p.nii", cube(1, 2), AFFINE)
    reference = write_nifti(tmp_path / "r.nii", cube(1, 3), AFFINE)
    regions = ask("metrics", prediction, reference, "--json").document["regions"]
    assert regions["WT"]["dice"] == 1.0
    assert regions["TC"]["dice"] == 0.0
    assert regions["TC"]["hd95_mm"] == pytest.approx(np.sqrt(12**2 + 5**2 + 5**2)), "the image's diagonal"
    assert "the prediction is empty" in regions["TC"]["hd95_mm_flag"]


def test_a_region_that_is_nowhere_is_null_with_the_reason_beside_it(ask: Ask, tmp_path: Path) -> None:
    mask = write_nifti(tmp_path / "m.nii", cube(1, 2), AFFINE)
    et = ask("metrics", mask, mask, "--json").document["regions"]["ET"]
    assert et["dice"] is None
    assert et["dice_reason"] == "reference and prediction are empty"
    assert et["false_positive_ml"] == 0
    text = ask("metrics", mask, mask)
    lines = [line.split() for line in text.out.splitlines()]
    assert lines[:3] == [["WT", "TC", "ET"], ["dice", "1.0000", "none", "none"], ["iou", "1.0000", "none", "none"]]
    assert "ET, dice, iou, precision" in text.out
    assert ": reference and prediction are empty" in text.out
    assert "NSD tolerates 1 mm" in text.out


def test_the_tolerance_of_nsd_and_the_policy_can_be_chosen(ask: Ask, tmp_path: Path) -> None:
    """Two cubes one voxel, 2 mm, apart: every surface point of one is 2 mm or less from the other's."""
    prediction = write_nifti(tmp_path / "p.nii.gz", cube(2, 3), AFFINE)
    reference = write_nifti(tmp_path / "r.nii", cube(1, 3), AFFINE)
    answer = ask("metrics", prediction, reference, "--nsd-tolerance", 2, "--policy", "brats", "--json").document
    assert answer["regions"]["WT"]["nsd"] == 1.0
    assert answer["policy"]["nsd_tolerance_mm"] == 2.0
    assert answer["policy"]["empty_masks"]["name"] == "brats"
    assert ask("metrics", prediction, reference, "--json").document["regions"]["WT"]["nsd"] < 1.0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--nsd-tolerance", "-1"), "found an NSD tolerance of -1.0 mm, expected a distance of 0 mm or more"),
        (("--policy", "kind"), "no empty-mask policy is called 'kind'; known: leave-out, brats"),
    ],
)
def test_a_tolerance_that_is_none_and_an_unknown_policy_are_refused(
    ask: Ask, tmp_path: Path, options: tuple[str, str], sentence: str
) -> None:
    mask = write_nifti(tmp_path / "m.nii", cube(1, 2), AFFINE)
    answer = ask("metrics", mask, mask, *options)
    assert answer.code == 1
    assert sentence in answer.err


def test_the_two_masks_may_speak_different_schemes(ask: Ask, tmp_path: Path) -> None:
    prediction = write_nifti(tmp_path / "p.nii", cube(1, 4), AFFINE)
    reference = write_nifti(tmp_path / "r.nii", cube(1, 3), AFFINE)
    answer = ask(
        "metrics", prediction, reference, "--scheme", "brats-2021", "--reference-scheme", "brats-2023", "--json"
    )
    assert answer.document["regions"]["ET"]["dice"] == 1.0


def test_evaluate_prints_one_document_with_every_model_by_name(
    ask: Ask, workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    seen = {"p": list(small.cases[case_id(1)].content.values())}
    one, other = narrow.checkpoint(tmp_path / "one", train=seen), narrow.checkpoint(tmp_path / "other", seed=1)
    answer = ask(
        "evaluate", "--checkpoint", one.folder, "--checkpoint", f"B={other.folder}", "--device", "cpu", "--json"
    )
    assert answer.code == 0
    document = answer.document
    assert set(document["models"]) == {"one", "B"}
    assert document["dropped"] == [{"model": "one", "case": case_id(1), "matches_part": "train"}]
    assert document["checkpoints"] == {"one": [one.id], "B": [other.id]}
    assert "6/12" in answer.err, "progress goes to stderr"
    table = ask("evaluate", "--checkpoint", one.folder, "--split", "default", "--device", "cpu")
    assert table.code == 0
    assert "Dice" in table.out


def test_evaluate_joins_the_members_of_folds_with_commas(
    ask: Ask, workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    ask("split", "small", "--folds", 3, "--name", "folds")
    split = workspace.split("small", "folds")
    folders = []
    for number, fold in enumerate(split.folds):
        seen = {name: list(small.cases[name].content.values()) for name in (*fold.train, *fold.validation)}
        folders.append(str(narrow.checkpoint(tmp_path / f"f{number}", seed=number, train=seen, fold=number).folder))
    refs = f"ours={','.join(folders)}"
    answer = ask("evaluate", "--checkpoint", refs, "--split", "folds", "--part", "out-of-fold", "--json")
    assert answer.code == 0
    assert set(answer.document["models"]["ours"]["cases"]) == set(small.cases)
    assert answer.document["dropped"] == []
    assert answer.document["part"] == "out-of-fold"


def test_when_every_case_is_dropped_the_document_is_printed_and_the_exit_code_is_1(
    ask: Ask, small: Cohort, tmp_path: Path
) -> None:
    seen = {name: list(entry.content.values()) for name, entry in small.cases.items()}
    answer = ask("evaluate", "--checkpoint", narrow.checkpoint(tmp_path / "m", train=seen).folder, "--json")
    assert answer.code == 1
    assert len(answer.document["dropped"]) == 6
    assert answer.document["models"]["m"]["cases"] == {}


def test_evaluate_shows_what_each_scoring_convention_makes_of_the_same_masks(
    ask: Ask, small: Cohort, tmp_path: Path
) -> None:
    checkpoint = narrow.checkpoint(tmp_path / "one").folder
    answer = ask("evaluate", "--checkpoint", checkpoint, "--device", "cpu", "--conventions", "--json")
    assert answer.code == 0
    patient = answer.document["conventions"]["patient"]["one"]["WT"]
    assert patient["n"] == 6
    assert patient["mean"] == pytest.approx(answer.document["models"]["one"]["summary"]["WT"]["dice"]["mean"])
    assert answer.document["convention_definitions"]["unbinarised"]["definition"].startswith("2 sum(m y)")
    printed = ask("evaluate", "--checkpoint", checkpoint, "--device", "cpu", "--conventions")
    assert "Per slice, empty = 1" in printed.out
