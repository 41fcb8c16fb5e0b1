"""The options of evaluate, and the verb predictions, as somebody types them."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from core.workspace import Cohort, Workspace
from tests import narrow
from tests.cases import case_id, write_nifti
from tests.core.cli.conftest import Ask

ONE = case_id(1)


@pytest.fixture
def masks(small: Cohort, tmp_path: Path) -> Path:
    """The references of five cases, one voxel aside, and a file of nobody."""
    for case in list(small.cases)[:5]:
        reference = small.cases[case].case.reference
        assert reference is not None
        labels = np.asarray(nib.load(reference.file).dataobj).astype(np.uint8)
        write_nifti(tmp_path / "masks" / f"{case}_seg.nii.gz", np.roll(labels, 1, axis=0))
    write_nifti(tmp_path / "masks" / "stranger.nii.gz", labels)
    return tmp_path / "masks"


def test_masks_are_scored_without_a_checkpoint_and_twice_alike(
    ask: Ask, workspace: Workspace, small: Cohort, masks: Path
) -> None:
    arguments = ("evaluate", "--predictions", f"nnunet={masks}", "--metrics", "dice,hd95_mm", "--json")
    answer = ask(*arguments)
    assert answer.code == 0
    assert set(answer.document["policy"]["metrics"]) == {"dice", "hd95_mm"}
    assert answer.document["made_elsewhere"][0]["unmatched_files"] == ["stranger.nii.gz"]
    assert "nnunet: 1 files of no case: stranger.nii.gz" in answer.err
    assert f"nnunet: 1 cases without a file: {case_id(6)}" in answer.err
    assert ask(*arguments).out == answer.out
    assert str(masks.parent) not in answer.out


def test_masks_that_were_brought_in_are_scored_by_name(
    ask: Ask, workspace: Workspace, small: Cohort, masks: Path
) -> None:
    brought = ask("predictions", "small", f"nnunet={masks}", "--json")
    assert (brought.code, brought.document["cases"]) == (0, 5)
    from_folder = ask("evaluate", "--predictions", f"nnunet={masks}", "--json").document
    from_workspace = ask("evaluate", "--predictions", "nnunet", "--json").document
    assert from_workspace["models"] == from_folder["models"]
    assert [entry["model"] for entry in ask("predictions", "small", "--json").document] == ["nnunet"]
    assert "nnunet: masks of 5 case(s), labels brats-2023" in ask("predictions", "small").out
    unknown = ask("evaluate", "--predictions", "other", "--json")
    assert unknown.code == 1
    assert "no masks called 'other' were brought in for cohort small (known: nnunet); give a folder" in unknown.err


def test_two_readers_are_printed_with_their_agreement(
    ask: Ask, workspace: Workspace, small: Cohort, masks: Path
) -> None:
    answer = ask("evaluate", "--predictions", f"A={masks}", "--predictions", f"B={masks}", "--failures", "1")
    assert answer.code == 0
    assert "A and B" in answer.out
    assert "worst case" in answer.out


def test_documents_and_scores_are_written(
    ask: Ask, workspace: Workspace, small: Cohort, masks: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    answer = ask("evaluate", "--predictions", f"A={masks}", "--metrics", "dice", "--out", out, "--json")
    assert json.loads((out / "evaluate.json").read_text()) == answer.document
    with (out / "scores.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 5 * 3
    found = {(row["case"], row["region"]): float(row["dice"]) for row in rows}
    assert found[ONE, "WT"] == answer.document["models"]["A"]["cases"][ONE]["WT"]["dice"]


def test_everything_that_can_be_asked_for_is_in_the_document(
    ask: Ask, workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    one, other = narrow.checkpoint(tmp_path / "one"), narrow.checkpoint(tmp_path / "other", seed=1)
    answer = ask(
        "evaluate", "--checkpoint", one.folder, "--checkpoint", other.folder, "--device", "cpu", "--policy", "brats",
        "--nsd-tolerance", "2", "--margin", "0.5", "--test", "permutation", "--subgroups", "--failures", "2",
        "--calibration", "--conventions", "--json",
    )  # fmt: skip
    document = answer.document
    assert {"subgroups", "failures", "calibration", "risk_coverage", "conventions"} <= set(document)
    assert document["policy"]["empty_masks"]["name"] == "brats"
    assert document["policy"]["nsd_tolerance_mm"] == 2
    assert "permutation" in document["policy"]["test"]
    assert {type(test["equivalent"]) for test in document["tests"] if test["metric"] == "dice"} == {bool}


def test_two_cohorts_make_a_table_of_where_models_come_from(
    ask: Ask, workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    workspace.write_cohort(replace(small, name="other"))
    checkpoint = narrow.checkpoint(tmp_path / "m")
    arguments = ("evaluate", "--checkpoint", checkpoint.folder, "--cohort", "small", "--cohort", "other")
    document = ask(*arguments, "--device", "cpu", "--json").document
    assert set(document["cohorts"]) == {"small", "other"}
    assert document["cross_cohort"]["rows"] == [{"model": "m", "trained_on": "small"}]
    assert "trained on" in ask(*arguments, "--device", "cpu").out


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ((), 2, "nothing to score; name a model with --checkpoint, or masks with --predictions NAME=DIR"),
        (("--predictions", "A=/nowhere"), 1, "A: no folder at '/nowhere'"),
        (("--predictions", "A={masks}", "--predictions", "A={masks}"), 1, "two models are called the same (A, A)"),
        (("--predictions", "A={masks}", "--predictions-scheme", "B=binary"), 2, "a NAME of --predictions (A)"),
        (("--predictions", "A={masks}", "--predictions-scheme", "A=strange"), 1, "no label scheme is called 'strange'"),
        (("--predictions", "A={masks}", "--predictions-scheme", "A=binary"), 1, "none of them alike"),
        (("--predictions", "A={masks}", "--metrics", "dice,beauty"), 1, "beauty"),
        (("--predictions", "A={masks}", "--metrics", ","), 2, "--metrics names none"),
        (("--predictions", "A={masks}", "--policy", "kind"), 1, "kind"),
        (("--predictions", "A={masks}", "--nsd-tolerance", "-1"), 1, "expected a distance of 0 mm or more"),
        (("--predictions", "A={masks}", "--margin", "0"), 2, "--margin '0'; expected a number above 0"),
        (("--predictions", "A={masks}", "--margin", "dice=x"), 2, "expected a number above 0"),
        (("--predictions", "A={masks}", "--failures", "-1"), 2, "--failures -1"),
        (("--predictions", "A={masks}", "--workers", "0"), 2, "--workers 0; expected at least 1"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    ask: Ask, workspace: Workspace, small: Cohort, masks: Path, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    answer = ask("evaluate", *(text.format(masks=masks) for text in arguments), "--json")
    assert answer.code == code
    assert sentence in answer.err
    assert "unexpected" not in answer.err


def test_where_no_mask_can_be_used_nothing_was_scored(
    ask: Ask, workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    write_nifti(tmp_path / "m" / f"{ONE}.nii", np.zeros((2, 2, 2), np.uint8))
    answer = ask("evaluate", "--predictions", f"A={tmp_path / 'm'}", "--json")
    assert answer.code == 1
    assert answer.document["made_elsewhere"][0]["refused"][0]["case"] == ONE
    assert "error: no mask could be used" in answer.err
    brought = ask("predictions", "small", f"A={tmp_path / 'm'}")
    assert brought.code == 1
    assert "none of 1 masks can be used" in brought.err
    assert ask("predictions", "small", "A").code == 2
