"""Bad input ends in one sentence on stderr and the right exit code, never in a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.atomic import write_json
from core.cli import cohorts, lists, parser
from core.workspace import Cohort, Workspace
from tests import narrow
from tests.cases import AFFINES, SHAPE, case_id, tumour_labels, write_case, write_nifti
from tests.core.cli.conftest import Ask


@pytest.fixture
def place(tmp_path: Path, small: Cohort, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of things to ask about, which is the current one; the workspace holds the small cohort."""
    files = tmp_path / "files"
    write_case(files / "partial", case_id(1), 1, without=("t2w",))
    write_case(files / "nameless", "patient1", 1)
    write_case(files / "whole", case_id(1), 1)
    (files / "empty").mkdir()
    write_nifti(files / "mask.nii", tumour_labels(1))
    write_nifti(files / "lps.nii", tumour_labels(1), AFFINES["LPS"])
    write_nifti(files / "fours.nii", tumour_labels(1) * 4)
    write_nifti(files / "small.nii", np.zeros((3, 3, 3), np.uint8))
    (files / "garbage.nii").write_bytes(b"not an image")
    (files / "no.yaml").write_text("name: [")
    narrow.recipe_file(files / "r.yaml")
    narrow.recipe_file(files / "dwi.yaml", data={"modalities": ["dwi"]})
    narrow.checkpoint(files / "model")
    narrow.checkpoint(files / "reads-dwi", inference=narrow.spec(modalities=("dwi",)))
    content = {name: list(entry.content.values()) for name, entry in small.cases.items()}
    narrow.checkpoint(files / "seen", train=content)
    narrow.checkpoint(files / "broken")
    (files / "broken" / "card.json").write_text("{}")
    monkeypatch.chdir(files)
    return files


REFUSED = [
    ("check nowhere", 1, "no case is accepted"),
    ("check partial", 1, "no case is accepted"),
    ("check whole --scheme brats", 1, "no label scheme is called 'brats'"),
    ("import nowhere", 1, "found no folder at 'nowhere'; expected a folder with cases; check the path."),
    ("import empty", 1, "found no case in 'empty'"),
    ("import partial", 1, "found only t1n, t1c, t2f, seg; expected t2w as well"),
    ("import nameless", 1, "name it with --scheme"),
    ("import whole --layout analyze", 1, "found the layout 'analyze'; expected one of"),
    ("import whole --layout dicom", 1, "expected"),
    ("import whole --harmonise turn", 2, "found 'turn' in what to harmonise"),
    ("import whole --harmonise resample=99", 2, "found a spacing of 99 mm"),
    ("import whole --call t1n", 2, "expected pairs such as mr1=t1n"),
    ("import whole --call t1n=t1c", 1, "two of t1n, t1c, t2w, t2f called the same"),
    ("fetch nothing", 1, "nothing"),
    ("import whole --cohort ../up", 1, "'../up' is not a name"),
    ("split big", 1, "no cohort is called 'big'; known: small"),
    ("split small --ratios 70/30", 1, "expected three numbers such as 70/15/15"),
    ("split small --ratios nan/1/1", 1, "expected shares"),
    ("split small --folds 7", 1, "6 group(s) for 7 folds; expected at least 7"),
    ("split small --folds 1", 1, "1 fold(s); expected 2 or more"),
    ("split small --seed -1", 1, "seed -1"),
    ("split small --name a/b", 1, "'a/b' is not a name"),
    ("audit big", 1, "no cohort is called 'big'"),
    ("audit small --split other", 1, "no split called 'other'; known: default"),
    ("train", 2, "train takes a RECIPE, --resume RUN or --clone RUN, one of the three"),
    ("train r.yaml --resume x", 2, "one of the three"),
    ("train --resume x --set epochs=3", 2, "a run that resumes keeps its recipe, cohort and fold"),
    ("train --resume nobody", 1, "no run is called 'nobody'; known: none"),
    ("train nobody", 1, "no recipe at 'nobody'; give a path, or one of:"),
    ("train no.yaml", 1, "no.yaml is not YAML"),
    ("train r.yaml --set epochs=0", 1, "train.epochs: Input should be greater than or equal to 1"),
    ("train r.yaml --set model.arguments.depth=3", 1, "model unet has no argument 'depth'"),
    ("train r.yaml --set train.batch_size=1 --set model.arguments.norm=batch", 1, "batch norm cannot train on a batch"),
    ("train r.yaml --cohort big", 1, "no cohort is called 'big'"),
    ("train r.yaml --split other", 1, "no split called 'other'"),
    ("train r.yaml --fold 3", 1, "fold 3 of a split with 1"),
    ("train dwi.yaml", 1, "recipe narrow reads dwi, which cohort small lacks"),
    ("train --clone nobody", 1, "no run is called 'nobody'; known: none"),
    ("study nobody", 1, "no study at 'nobody'; give a path, or one of:"),
    ("study skips --split other", 1, "no split called 'other'"),
    ("train r.yaml --device cuda:9", 1, "no device 'cuda:9' on this machine"),
    ("runs nobody", 1, "no run is called 'nobody'"),
    ("runs nobody --delete", 1, "no run is called 'nobody'"),
    ("runs --stop", 2, "--stop needs the name of a run"),
    ("segment whole --checkpoint nobody --out out", 1, "no checkpoint at 'nobody'"),
    ("segment whole --checkpoint broken --out out", 1, "broken: "),
    ("segment nowhere --checkpoint model --out out", 1, "no folder at 'nowhere'"),
    ("segment partial --checkpoint model --out out", 1, "the checkpoint also reads t2w: add the sequence"),
    ("segment whole --checkpoint reads-dwi --out out", 1, "the checkpoint reads dwi, so nothing of what it reads"),
    ("segment whole --checkpoint model --out out --scheme binary", 1, "choose another --scheme"),
    ("segment whole --checkpoint model --out out --device cuda:9", 1, "no device 'cuda:9'"),
    ("metrics nowhere.nii mask.nii", 1, "nowhere.nii: found a file that cannot be opened (No such file or directory)"),
    ("metrics garbage.nii mask.nii", 1, "garbage.nii: found a file that is not NIfTI"),
    ("metrics fours.nii mask.nii", 1, "fours.nii: found label value(s) 4, 8, 12"),
    ("metrics mask.nii small.nii", 1, "(shapes (26, 24, 16) and (3, 3, 3)); resample one onto the other first"),
    ("metrics mask.nii lps.nii", 1, "the two masks lie on different grids (corners up to"),
    ("metrics mask.nii mask.nii --scheme none", 1, "no label scheme is called 'none'"),
    ("metrics mask.nii mask.nii --reference-scheme binary", 1, "have different regions"),
    ("measure nowhere.nii", 1, "found a file that cannot be opened (No such file or directory)"),
    ("export nobody", 1, "no checkpoint at 'nobody'"),
    ("tune nobody", 1, "no checkpoint at 'nobody'"),
    ("serve --port 99999", 2, "found port 99999; expected 0 to 65535"),
    ("serve --host 203.0.113.7", 1, "nobody can listen on 203.0.113.7, port 8600"),
    ("calibrate nobody", 1, "no checkpoint at 'nobody'"),
    ("missing nobody", 1, "no checkpoint at 'nobody'"),
    ("missing model", 1, "narrow-0001 was trained with every sequence there, and refuses a study that lacks one"),
    ("ensemble pair nobody model", 1, "no checkpoint at 'nobody'"),
    ("ensemble alone model", 1, "found 1 checkpoints; an ensemble has 2 to 16"),
    ("facts big", 1, "no cohort is called 'big'"),
    ("facts small nowhere.csv", 1, "the table cannot be read (No such file or directory)"),
    ("predictions small nnunet=nowhere", 1, "nowhere"),
    ("predictions small nnunet=empty", 1, "found no mask in the folder; expected label maps"),
    ("evaluate", 2, "nothing to score; name a model with --checkpoint"),
    ("evaluate --predictions nnunet=nowhere", 1, "nowhere"),
    ("evaluate --checkpoint model --metrics dise", 1, "dise"),
    ("evaluate --checkpoint model --policy kind", 1, "kind"),
    ("metrics mask.nii mask.nii --nsd-tolerance -1", 1, "found an NSD tolerance of -1.0 mm"),
    ("evaluate --checkpoint nobody", 1, "no checkpoint at 'nobody'"),
    ("evaluate --checkpoint model --checkpoint model", 1, "two models are called the same (model, model)"),
    ("evaluate --checkpoint model --cohort big", 1, "no cohort is called 'big'"),
    ("evaluate --checkpoint model --split other", 1, "no split called 'other'"),
    ("evaluate --checkpoint reads-dwi", 1, "the checkpoint reads dwi, so nothing of what it reads"),
    ("evaluate --checkpoint model --device cuda:9", 1, "no device 'cuda:9'"),
    ("evaluate --checkpoint seen", 1, "every case was dropped"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "code", "sentence"), REFUSED, ids=[line for line, _, _ in REFUSED])
def test_a_refusal_is_a_sentence_and_an_exit_code(place: Path, ask: Ask, line: str, code: int, sentence: str) -> None:
    answer = ask(*line.split())
    assert answer.code == code
    assert sentence in answer.err
    assert "Traceback" not in answer.err + answer.out
    assert "unexpected" not in answer.err
    assert any(said.startswith("error") for said in answer.err.splitlines())

    again = ask(*line.split(), "--json")
    assert again.code == code
    assert isinstance(again.document, dict), "one document, and the refusal in it where there is nothing else to say"
    if "error" in again.document:
        assert again.document["exit"] == code
        assert f"error: {again.document['error']}" in again.err


USAGE = ["", "fly", "check", "split", "segment x", "metrics one", "evaluate --checkpoint x --part all",
         "split c --seed x", "split c --folds 2 --ratios 1/1/1", "train r --fold one", "runs r --stop --pause",
         "models --colour"]  # fmt: skip


@pytest.mark.parametrize("line", USAGE)
def test_wrong_usage_is_exit_code_2_with_the_usage(ask: Ask, line: str) -> None:
    answer = ask(*line.split())
    assert answer.code == 2
    assert answer.err.startswith("usage: python -m core")
    assert answer.out == ""


def test_every_verb_is_refused_something_here() -> None:
    """A new verb that takes input must say what it refuses."""
    verbs = set(parser()._subparsers._group_actions[0].choices)  # type: ignore[union-attr,arg-type,index]
    asked = {line.split()[0] for line, _, _ in REFUSED}
    assert verbs - asked == {"demo", "doctor", *lists.LISTS}


def test_an_error_that_nobody_foresaw_names_its_place_and_hides_its_traceback(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_options: object) -> int:
        raise KeyError("lost")

    monkeypatch.setattr(lists, "_list", broken)
    monkeypatch.delenv("SEGSCOPE_DEBUG", raising=False)
    answer = ask("losses", "--json")
    assert answer.code == 3
    assert answer.document["exit"] == 3
    assert answer.err.startswith("error: unexpected KeyError at test_refusals.py:")
    assert "Traceback" not in answer.err
    monkeypatch.setenv("SEGSCOPE_DEBUG", "1")
    assert "Traceback" in ask("losses").err


def test_an_interrupt_is_exit_code_3_without_a_traceback(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_options: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cohorts, "_check", interrupted)
    answer = ask("check", "x")
    assert (answer.code, answer.err) == (3, "interrupted\n")


def test_a_leaking_split_is_exit_code_1_with_the_leaks(workspace: Workspace, small: Cohort, ask: Ask) -> None:
    fold = {"train": [case_id(1)], "validation": [case_id(1)], "test": [case_id(2)]}
    split = {"schema_version": 1, "group_kind": "patient", "seed": 0, "folds": [fold]}
    write_json(workspace.split_path("small", "leaky"), split)
    answer = ask("audit", "small", "--split", "leaky", "--json")
    assert answer.code == 1
    assert answer.document["clean"] is False
    assert "are the same patient" in answer.document["leaks"][0]
    assert answer.document["findings"][0]["expected"] == "different patients in different parts"
    assert answer.document["findings"][0]["fix"].startswith("make the split again")
    assert answer.err.endswith("the split leaks\n")
    text = ask("train", "phantom-unet", "--cohort", "small", "--split", "leaky")
    assert text.code == 1
    assert "split leaky leaks" in text.err
    assert json.loads(ask("audit", "small", "--json").out)["clean"] is True


def test_masks_are_read_for_shape_not_for_what_they_are_called(place: Path, ask: Ask) -> None:
    assert ask("metrics", "mask.nii", "mask.nii", "--json").code == 0
    assert SHAPE == (26, 24, 16)
