"""calibrate, ensemble, and predictions that are means: from the command line to what they write."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from core.atomic import read_json
from core.checkpoints import resolve_checkpoint
from core.data.load import load_regions
from core.inference.prediction import Prediction
from core.inference.segment import prediction_folder
from core.volume import Box
from core.workspace import Cohort, Workspace
from tests import narrow
from tests.cases import case_id, write_case
from tests.core.cli.conftest import Ask


def test_a_run_is_calibrated_into_a_checkpoint_of_its_own_that_segments(
    ask: Ask, workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    recipe = narrow.recipe_file(tmp_path / "narrow.yaml", train={"max_steps": 24, "validate_every_steps": 24})
    assert ask("train", recipe, "--device", "cpu").code == 0
    answer = ask("calibrate", "narrow-0001", "--device", "cpu", "--json")
    assert answer.code == 0
    document = answer.document
    made = resolve_checkpoint(workspace, "narrow-0001-calibrated")
    assert document["checkpoint_id"] == made.id != resolve_checkpoint(workspace, "narrow-0001").id
    assert document["from_checkpoint"] == resolve_checkpoint(workspace, "narrow-0001").id
    assert document["temperature"] == made.spec.temperature
    assert document["nll"]["after"] < document["nll"]["before"]
    assert sum(document["ece"]["after"].values()) <= sum(document["ece"]["before"].values())
    assert (document["part"], document["cases"]) == ("validation", 1)
    again = ask("calibrate", "narrow-0001", "--device", "cpu")
    assert (again.code, again.err) == (
        1, "error: 'narrow-0001-calibrated' is taken by another checkpoint or run; choose another name\n",
    )  # fmt: skip
    twice = ask("calibrate", "narrow-0001-calibrated", "--name", "twice", "--device", "cpu")
    assert twice.code == 1
    assert twice.err.endswith("times the one it has: it is calibrated as it is\n")
    write_case(tmp_path / "scan", case_id(9), 9)
    out = tmp_path / "out"
    segmented = ask(
        "segment",
        tmp_path / "scan",
        "--checkpoint",
        "narrow-0001-calibrated",
        "--out",
        out,
        "--device",
        "cpu",
        "--json",
    )
    assert segmented.document["checkpoint_id"] == made.id


def test_a_checkpoint_is_tuned_into_one_of_its_own_that_cleans_up_what_it_segments(
    ask: Ask, workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    """It says 0.4 at the reference of patient five and nothing elsewhere, so that any lower threshold finds all."""
    five = case_id(5)
    before = narrow.checkpoint(tmp_path / "made", validation={five: list(small.cases[five].content.values())})
    entry = small.cases[five]
    assert entry.case.reference is not None
    bits, _ = load_regions(entry.case.reference, small.scheme, entry.grid)
    q = np.stack([(bits >> bit & 1) * np.uint8(102) for bit in range(3)])
    whole = Box.whole(bits.shape)
    found = Prediction(q, whole, bits.shape, before.spec.regions, before.spec.thresholds, before.id)
    found.save(prediction_folder(workspace, before, entry.content))
    answer = ask("tune", before.folder, "--name", "better", "--device", "cpu", "--json")
    made = resolve_checkpoint(workspace, "better")
    assert (answer.code, answer.document["checkpoint_id"]) == (0, made.id)
    assert answer.document["from_checkpoint"] == before.id
    assert made.spec.thresholds == (102, 102, 102)
    assert answer.document["regions"]["ET"]["dice"] == {"before": 0.0, "after": 1.0}
    again = ask("tune", before.folder, "--name", "better", "--device", "cpu")
    assert (again.code, again.err) == (
        1, "error: 'better' is taken by another checkpoint or run; choose another name\n",
    )  # fmt: skip
    said = ask("tune", before.folder, "--name", "words", "--device", "cpu").out
    assert said.startswith(
        "words: tuned on 1 validation case\n  WT: threshold 0.40; Dice 0.0000 before, 1.0000 after\n"
    )
    without = narrow.checkpoint(tmp_path / "without", seed=1)
    refused = ask("tune", without.folder, "--name", "none", "--device", "cpu")
    assert refused.code == 1
    assert "has no validation part, and thresholds and clean-up are fitted on nothing else" in refused.err


def test_what_a_missing_sequence_costs_is_measured_and_said_of_a_case_that_lacks_it(
    ask: Ask, workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    five = case_id(5)
    seen = {five: list(small.cases[five].content.values())}
    before = narrow.checkpoint(tmp_path / "made", validation=seen, recipe=narrow.DROPPING)
    write_case(tmp_path / "scan", case_id(9), 9, without=("t2f", "seg"))
    segment = ("segment", tmp_path / "scan", "--device", "cpu", "--json", "--out", tmp_path / "out", "--checkpoint")
    unknown = ask(*segment, before.folder)
    assert (unknown.code, len(unknown.document["files"])) == (0, 1)
    assert "without FLAIR: what that costs was not measured; python -m core missing measures it" in unknown.err

    answer = ask("missing", before.folder, "--name", "measured", "--at-once", 1, "--device", "cpu", "--json")
    document = answer.document
    assert (answer.code, document["part"], document["cases"]) == (0, "validation", 1)
    assert list(document["without"]) == ["t1n", "t1c", "t2w", "t2f"]
    less, whole = document["without"]["t2f"]["WT"], document["everything"]["WT"]
    sentence = f"ithout FLAIR: whole tumour Dice {less:.2f} instead of {whole:.2f}, tumour core Dice"
    known = ask(*segment, "measured")
    assert f"w{sentence}" in known.err
    assert "on 1 validation patient." in known.err
    (finding,) = (each for each in known.document["findings"] if each["code"] == "missing_modality")
    assert (finding["severity"], finding["case"]) == ("warning", case_id(9))
    said = ask("missing", before.folder, "--name", "again", "--at-once", 1, "--device", "cpu").out
    assert said.startswith("again: measured on 1 validation patient\n  Without T1: whole tumour Dice ")
    assert f"  W{sentence}" in said


def test_an_ensemble_is_made_and_segments_under_its_name(ask: Ask, workspace: Workspace, tmp_path: Path) -> None:
    one, other = (narrow.checkpoint(tmp_path / name, seed=seed) for seed, name in enumerate("ab"))
    answer = ask("ensemble", "both", one.folder, other.folder, "--json")
    made = resolve_checkpoint(workspace, "both")
    assert answer.document == {"name": "both", "checkpoint_id": made.id, "members": [one.id, other.id]}
    write_case(tmp_path / "scan", case_id(1), 1)
    out = tmp_path / "out"
    segmented = ask("segment", tmp_path / "scan", "--checkpoint", "both", "--out", out, "--device", "cpu", "--json")
    assert (segmented.code, segmented.document["checkpoint_id"]) == (0, made.id)


def test_members_that_do_not_fit_and_names_that_are_taken_are_sentences(
    ask: Ask, workspace: Workspace, tmp_path: Path
) -> None:
    one = narrow.checkpoint(tmp_path / "a")
    other = narrow.checkpoint(tmp_path / "b", inference=narrow.spec(modalities=("t1n", "t2f")))
    answer = ask("ensemble", "both", one.folder, other.folder)
    assert answer.code == 1
    assert "has other modalities than" in answer.err
    assert "(t1n, t2f; t1c, t1n, t2f, t2w); the members of an ensemble share them" in answer.err
    assert "is not a name" in ask("ensemble", "../both", one.folder, other.folder).err
    assert "no checkpoint at 'nobody'" in ask("ensemble", "both", one.folder, "nobody").err
    assert not workspace.made_checkpoints.exists()


@pytest.mark.parametrize(
    ("flags", "options"), [(("--tta",), {"tta": True}), (("--mc-dropout", 3), {"mc_dropout": 3, "seed": 0})]
)
def test_segment_takes_the_mean_of_several_passes(
    ask: Ask, tmp_path: Path, flags: tuple[object, ...], options: dict[str, object]
) -> None:
    checkpoint = narrow.checkpoint(tmp_path / "made")
    write_case(tmp_path / "scan", case_id(1), 1)
    command = ("segment", tmp_path / "scan", "--checkpoint", checkpoint.folder, "--device", "cpu")
    written = ("--format", "nifti-probabilities,json", "--out")
    assert ask(*command, *written, tmp_path / "plain").code == 0
    assert ask(*command, *flags, *written, tmp_path / "several").code == 0
    plain, several = (
        np.asarray(nib.load(tmp_path / name / f"{case_id(1)}_probabilities.nii.gz").dataobj)
        for name in ("plain", "several")
    )
    assert not np.array_equal(plain, several)
    said = read_json(tmp_path / "several" / f"{case_id(1)}_measurements.json")["provenance"]
    assert said["options"] == options


def test_evaluate_scores_the_mean_says_so_and_drops_what_any_member_saw(
    ask: Ask, workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    saw = {number: {case_id(number): list(small.cases[case_id(number)].content.values())} for number in (1, 2)}
    one, other = (narrow.checkpoint(tmp_path / str(n), seed=n, train=saw[n]) for n in (1, 2))
    assert ask("ensemble", "both", one.folder, other.folder).code == 0
    command = ("evaluate", "--checkpoint", "both", "--checkpoint", f"alone={one.folder}", "--device", "cpu", "--json")
    plain, turned = ask(*command).document, ask(*command, "--tta").document
    assert [(entry["model"], entry["case"]) for entry in plain["dropped"]] == [
        ("both", case_id(1)), ("alone", case_id(1)), ("both", case_id(2)),
    ]  # fmt: skip
    assert "passes" not in plain
    assert turned["passes"] == {"tta": True}
    assert turned["models"]["both"]["cases"].keys() == plain["models"]["both"]["cases"].keys()
    assert turned["models"]["both"]["cases"] != plain["models"]["both"]["cases"]


def test_passes_that_cannot_be_are_refused(ask: Ask, workspace: Workspace, tmp_path: Path) -> None:
    dry = narrow.checkpoint(
        tmp_path / "dry", inference=narrow.spec(arguments={"channels": [4, 8], "norm": "instance", "dropout": 0.0})
    )
    write_case(tmp_path / "scan", case_id(1), 1)
    command = ("segment", tmp_path / "scan", "--checkpoint", dry.folder, "--out", tmp_path / "out", "--device", "cpu")
    none = ask(*command, "--mc-dropout", 4)
    assert none.code == 1
    assert "this unet has no dropout, so every pass would be the same; use test-time augmentation" in none.err
    few = ask(*command, "--mc-dropout", 1)
    assert (few.code, few.err) == (2, "error: found 1 passes with dropout; expected 2 to 100, or 0 for none\n")
    assert ask(*command, "--mc-dropout", 4, "--tta").code == 2
    assert not (tmp_path / "out").exists()
