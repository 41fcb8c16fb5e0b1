"""Which names may be a person's, and what a case is called instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.case import Case, Source
from core.data.layouts.spec import Layout
from core.data.refusal import Finding
from core.importing.naming import may_name_a_person, without_file_names, without_names, without_refused_names


@pytest.mark.parametrize(
    "name",
    ["BraTS-SSA-00002-000", "BraTS2021_01480", "TCGA_CS_4941_19960909", "TCGA-FG-6692", "patient-017", "sub-01_ses-2",
     "case_12", "la_003", "10001_66", "a", "s7"],
)  # fmt: skip
def test_public_numbering_is_nobodys_name(name: str) -> None:
    assert not may_name_a_person(name)


@pytest.mark.parametrize(
    "name",
    ["Smith_Jane", "smith", "patient_Smith", "JS_19440704", "4711471", "Müller", "王伟", "case-Иванов", "sub-Zilpzalp"],
)
def test_words_and_long_numbers_may_be_a_persons(name: str) -> None:
    assert may_name_a_person(name)


def case(name: str, patient: str) -> Case:
    return Case(name, patient, patient, "patient", {"t1c": Source((Path(f"{name}.nii"),), "nifti")})


def finding(about: str, found: str = "a problem") -> Finding:
    return Finding("error", "x", about, f"{about}.nii", found, "none", "mend it")


def test_cases_are_called_by_their_place_and_visits_stay_together() -> None:
    cases = (case("Jane-2", "Jane"), case("John", "John"), case("Jane-1", "Jane"))
    made = without_names(Layout("brats", cases, (finding("John"), finding("Ann", "the case name 'Ann'"), finding(""))))
    assert [entry.case_id for entry in made.cases] == ["case-001", "case-002", "case-003"]
    assert [entry.patient_id for entry in made.cases] == ["patient-001", "patient-002", "patient-001"]
    assert [entry.group_id for entry in made.cases] == ["patient-001", "patient-002", "patient-001"]
    assert [(f.case, f.file) for f in made.findings] == [("case-002", ""), ("refused-001", ""), ("", "")]
    assert made.findings[1].found == "a problem with its files' names"


def test_a_refused_case_with_a_name_is_numbered_though_the_others_have_none() -> None:
    made = without_refused_names(Layout("brats", (case("case_1", "1"),), (finding("Jane"), finding("case_2"))))
    assert [entry.case_id for entry in made.cases] == ["case_1"]
    assert [f.case for f in made.findings] == ["refused-001", "case_2"]
    assert [f.file for f in made.findings] == ["", "case_2.nii"]


def test_a_file_is_called_by_its_sequence() -> None:
    (told,) = without_file_names([finding("Jane")], case("Jane", "Jane"))
    assert told.file == "t1c"
    (other,) = without_file_names([finding("John")], case("Jane", "Jane"))
    assert other.file == ""
