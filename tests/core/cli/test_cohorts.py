"""check, import, split and audit as the contract says."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.workspace import Cohort, Workspace
from tests.cases import case_id, write_case
from tests.core.cli.conftest import Ask


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    folder = tmp_path / "mixed"
    write_case(folder, case_id(1), 1)
    write_case(folder, case_id(2), 2, without=("t2w",))
    return folder


def test_check_accepts_when_one_case_is_acceptable_and_lists_the_others(ask: Ask, mixed: Path) -> None:
    answer = ask("check", mixed, "--json")
    assert answer.code == 0
    document = answer.document
    (finding,) = document.pop("findings")
    assert document == {"accepted": True, "layout": "brats", "cases": 1}
    assert set(finding) == {"severity", "code", "case", "file", "found", "expected", "fix"}
    assert (finding["severity"], finding["case"]) == ("error", case_id(2))
    text = ask("check", mixed)
    assert text.out == (
        f"error  {case_id(2)}: found only t1n, t1c, t2f, seg; expected t2w as well; add the missing file(s) named "
        f"{case_id(2)}-t2w.nii.gz or leave the case out.\n"
        "layout brats: names end as in BraTS (-seg.nii.gz, -t1c.nii.gz, -t1n.nii.gz, -t2f.nii.gz, -t2w.nii.gz); "
        "t1n, t1c, t2w, t2f per case, labels as in brats-2023\n"
        "1 case(s) accepted, layout brats\n"
    )


def test_check_of_nothing_acceptable_says_so_in_the_same_shape(ask: Ask, tmp_path: Path) -> None:
    answer = ask("check", tmp_path, "--json")
    assert answer.code == 1
    assert (answer.document["accepted"], answer.document["layout"], answer.document["cases"]) == (False, None, 0)


def test_import_reports_in_the_agreed_shape(ask: Ask, workspace: Workspace, mixed: Path) -> None:
    answer = ask("import", mixed, "--json")
    assert answer.code == 0
    document = answer.document
    assert document["cohort"] == "mixed", "the folder's name"
    assert document["cases"]["accepted"] == 1
    assert [refused["case"] for refused in document["cases"]["refused"]] == [case_id(2)]
    assert (document["patients"], document["volumes"], document["slices"]) == (1, 4, 12)
    assert 0.4 < document["air_share"] < 0.5
    assert workspace.cohort_names() == ["mixed"]


def test_import_says_patients_volumes_slices_and_air_in_words(ask: Ask, workspace: Workspace, mixed: Path) -> None:
    answer = ask("import", mixed, "--cohort", "mine")
    assert "1 patients → 4 volumes → 12 slices; 47% of the voxels were air and cropped" in answer.out
    assert f"refused  {case_id(2)}: found only t1n, t1c, t2f, seg; expected t2w as well" in answer.out
    assert workspace.cohort_names() == ["mine"]


def test_split_prints_the_split_and_its_audit(ask: Ask, workspace: Workspace, small: Cohort) -> None:
    answer = ask("split", "small", "--folds", 3, "--name", "three", "--seed", 4, "--json")
    assert answer.code == 0
    document = answer.document
    assert document.pop("audit")["clean"] is True
    assert document == workspace.split("small", "three").to_json()
    assert (document["seed"], len(document["folds"]), document["group_kind"]) == (4, 3, "patient")
    text = ask("split", "small", "--folds", 3)
    assert text.out == (
        "fold 0: 3 train, 1 validation, 2 test\nfold 1: 3 train, 1 validation, 2 test\n"
        "fold 2: 3 train, 1 validation, 2 test\naudit: clean (6 groups by patient)\n"
    )


def test_a_plain_split_is_seventy_fifteen_fifteen(ask: Ask, small: Cohort) -> None:
    assert ask("split", "small").out == "4 train, 1 validation, 1 test\naudit: clean (6 groups by patient)\n"
    assert ask("split", "small", "--ratios", "50/0/50").out.startswith("3 train, 0 validation, 3 test\n")


def test_audit_of_a_clean_split_is_exit_code_0(ask: Ask, small: Cohort) -> None:
    answer = ask("audit", "small")
    assert answer.code == 0
    looked_for, verdict = answer.out.splitlines()[0], answer.out.splitlines()[-1]
    assert looked_for == "looked for:"
    assert verdict.startswith("clean: 6 cases, 6 groups by patient; report ")
