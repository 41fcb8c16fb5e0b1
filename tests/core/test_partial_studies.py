"""A case that lacks a sequence: an import refuses it, a study brings it along for the checkpoint to decide."""

from __future__ import annotations

from pathlib import Path

from core.data.layouts import read_layout
from core.importing import ImportChoices, read_cases, read_study
from tests.cases import case_id, write_case

ONE, TWO = case_id(1), case_id(2)


def test_an_import_refuses_it_and_a_study_has_it_after_the_whole_ones(tmp_path: Path) -> None:
    write_case(tmp_path, ONE, 1, without=("t2f",))
    write_case(tmp_path, TWO, 2)
    imported = read_cases(tmp_path, ImportChoices())
    assert [case.case_id for case in imported.cases] == [TWO]
    assert [(finding.case, finding.code) for finding in imported.findings] == [(ONE, "missing_modality")]
    study = read_study(tmp_path, ImportChoices())
    assert [(case.case_id, tuple(case.sources)) for case in study.cases] == [
        (TWO, ("t1n", "t1c", "t2w", "t2f")),
        (ONE, ("t1n", "t1c", "t2w")),
    ]
    assert study.findings == ()


def test_what_else_is_wrong_with_it_refuses_it_in_a_study_too(tmp_path: Path) -> None:
    folder = write_case(tmp_path, ONE, 1, without=("t2f",))
    (folder / f"{ONE}_t1.nii.gz").write_bytes((folder / f"{ONE}-t1n.nii.gz").read_bytes())
    assert read_layout(tmp_path).partial == ()
    study = read_study(tmp_path, ImportChoices())
    assert study.cases == ()
    assert {finding.code for finding in study.findings} == {"missing_modality", "duplicate_modality"}


def test_a_mask_alone_is_no_case(tmp_path: Path) -> None:
    write_case(tmp_path, ONE, 1, without=("t1n", "t1c", "t2w", "t2f"))
    assert read_layout(tmp_path).partial == ()


def test_its_name_stays_out_where_it_may_be_a_persons(tmp_path: Path) -> None:
    write_case(tmp_path, "BraTS-Jane-Miller", 1, without=("t2f",))
    (case,) = read_study(tmp_path, ImportChoices()).cases
    assert case.case_id == "case-001"
