"""Scores by subgroup: who is in which, on the cases that count for every model."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.evaluation.subgroups import NOT_KNOWN, case_facts, subgroups
from core.importing import ImportChoices, import_folder
from core.labels import scheme_named
from core.workspace import Cohort, Workspace
from tests.core.evaluation.documents import dice_of, document, found, left_out, whole_tumour


def groups(count: int) -> dict[str, str]:
    return {f"c{number}": f"p{number}" for number in range(count)}


def sites(letters: str) -> dict[str, dict[str, str | None]]:
    return {f"c{n}": {"site": None if letter == "-" else letter} for n, letter in enumerate(letters)}


def test_a_subgroup_has_the_agreed_shape_and_the_means_of_its_own_cases() -> None:
    made = subgroups({"unet": dice_of(0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9)}, sites("AAAAABB"), groups(7))
    assert list(made) == ["site"]
    assert {name: group["n"] for name, group in made["site"].items()} == {"A": 5, "B": 2}
    large, small = (made["site"][name]["models"]["unet"]["WT"]["dice"] for name in "AB")
    assert (large["mean"], large["median"], large["n"]) == (pytest.approx(0.3), 0.3, 5)
    assert large["ci95"][0] < 0.3 < large["ci95"][1]
    assert (small["mean"], small["n"], small["ci95"]) == (pytest.approx(0.8), 2, None)
    assert small["ci95_reason"] == "2 independent groups, at least 5 are needed"


def test_the_cases_are_those_of_the_means() -> None:
    # c1 has no score of the second model: it counts in no subgroup of either
    scores = {"first": dice_of(0.5, 0.9, 0.7), "second": {**dice_of(0.4), "c2": {"WT": found(0.6)}}}
    made = subgroups(scores, sites("AAB"), groups(3))["site"]
    assert made["A"]["n"] == 1
    assert made["A"]["models"]["first"]["WT"]["dice"]["mean"] == 0.5


def test_an_empty_reference_is_in_no_mean_of_a_subgroup() -> None:
    made = subgroups({"unet": whole_tumour(found(0.8), left_out(3.0), found(0.6))}, sites("AAB"), groups(3))["site"]
    assert (made["A"]["n"], made["A"]["models"]["unet"]["WT"]["dice"]["n"]) == (2, 1)


def test_cases_of_which_nothing_is_known_are_a_subgroup_and_come_last() -> None:
    made = subgroups({"unet": dice_of(0.1, 0.2, 0.3)}, sites("-ZA"), groups(3))
    assert list(made["site"]) == ["A", "Z", NOT_KNOWN]


@pytest.mark.parametrize("letters", ["AAA", "---"])
def test_an_axis_that_tells_nothing_apart_is_left_out(letters: str) -> None:
    assert subgroups({"unet": dice_of(0.1, 0.2, 0.3)}, sites(letters), groups(3)) == {}


def test_sizes_rise() -> None:
    names = ["large, over 90 ml", "medium, 10 to 90 ml", "small, up to 10 ml", "no tumour"]
    facts = {f"c{n}": {"tumour_size": name} for n, name in enumerate(names)}
    made = subgroups({"unet": dice_of(0.1, 0.2, 0.3, 0.4)}, facts, groups(4))
    assert list(made["tumour_size"]) == names[::-1]


def test_a_region_that_a_model_does_not_predict_has_no_cell() -> None:
    both = {case: {"WT": found(0.5), "ET": found(0.4)} for case in ("c0", "c1")}
    made = subgroups({"both": both, "one": dice_of(0.3, 0.6)}, sites("AB"), groups(2))["site"]["A"]["models"]
    assert set(made["both"]) == {"WT", "ET"}
    assert set(made["one"]) == {"WT"}


def test_a_model_without_cases_is_in_no_subgroup() -> None:
    made = subgroups({"fair": dice_of(0.1, 0.2), "leaky": {}}, sites("AB"), groups(2))
    assert set(made["site"]["A"]["models"]) == {"fair"}


def test_the_document_holds_subgroups_where_facts_are_given() -> None:
    report = document({"unet": dice_of(0.1, 0.2)}, facts=sites("AB"))
    assert list(report["subgroups"]["site"]) == ["A", "B"]
    assert "nothing is tested between them" in report["policy"]["subgroups"]
    assert "subgroups" not in document({"unet": dice_of(0.1, 0.2)})


def test_an_imported_cohort_knows_sizes_and_spacing(small: Cohort) -> None:
    facts = case_facts(small)
    assert set(facts) == set(small.cases)
    # the made-up cases have voxels of 1 x 1.5 x 2 mm
    assert {each["spacing"] for each in facts.values()} == {"1.5 to 3 mm"}
    volumes = {case: entry.facts["volumes_ml"]["WT"] for case, entry in small.cases.items()}
    middle = sorted(volumes.values())[2]
    named = case_facts(small, (middle,))
    assert {case for case, each in named.items() if str(each["tumour_size"]).startswith("up to")} == {
        case for case, volume in volumes.items() if volume <= middle
    }


@pytest.mark.slow  # two processes read the scans
def test_headers_of_real_scanners_tell_vendor_model_and_field(real_data: Path, workspace: Workspace) -> None:
    choices = ImportChoices(scheme=scheme_named("binary"))
    import_folder(workspace, real_data / "dicom" / "series_t1_and_enhanced", "scanned", choices)
    facts = case_facts(workspace.cohort("scanned"))
    found = sorted((each["vendor"], each["scanner"], each["field_strength"], each["site"]) for each in facts.values())
    assert found == [("Siemens", "Avanto", "1.5 T", None), ("Siemens", "MAGNETOM Vida", "3 T", None)]
