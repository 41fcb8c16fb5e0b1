"""Cases of one cohort share sequences: the others are left out by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.case import Case, Source
from core.data.layouts.spec import Layout
from core.data.refusal import InputRefusedError
from core.importing.modalities import called, of_one_kind


def layout(**cases: str) -> Layout:
    """Cases by name, each with its modalities."""
    made = [
        Case(name, name, name, "patient", {m: Source((Path(m),), "nifti") for m in modalities.split()})
        for name, modalities in cases.items()
    ]
    return Layout("brats", tuple(made))


def test_cases_that_share_a_sequence_all_stay() -> None:
    found = layout(a="t1c t2f", b="t2f", c="t2f t2w")
    assert of_one_kind(found, None) is found


def test_without_anything_in_common_the_kind_of_most_is_taken_and_the_others_are_named() -> None:
    made = of_one_kind(layout(a="image", b="red green blue", c="image"), None)
    assert [case.case_id for case in made.cases] == ["a", "c"]
    (finding,) = made.findings
    assert (finding.severity, finding.case, finding.code) == ("error", "b", "other_modalities")
    assert finding.found == "red, green, blue"
    assert finding.expected == "image, as in the cohort's other cases"
    assert finding.fix == "import it into a cohort of its own with --modalities red,green,blue"


def test_what_is_wanted_is_taken_in_its_order_from_the_cases_that_have_it() -> None:
    made = of_one_kind(layout(a="t1n t1c t2f", b="t1c", c="t2f t1c"), ("t2f", "t1c"))
    assert {case.case_id: list(case.sources) for case in made.cases} == {"a": ["t2f", "t1c"], "c": ["t2f", "t1c"]}
    assert [finding.case for finding in made.findings] == ["b"]


def test_wanting_what_nobody_has_is_refused_with_what_is_there() -> None:
    with pytest.raises(InputRefusedError, match="found cases with t1c, t2f; expected ct"):
        of_one_kind(layout(a="t1c", b="t2f"), ("ct",))


def test_what_the_user_says_a_sequence_is_it_is() -> None:
    (case,) = layout(a="mr1 image").cases
    assert list(called(case, {"mr1": "t1c", "image": "t2f", "other": "ct"}).sources) == ["t1c", "t2f"]
    swapped = called(case, {"mr1": "image", "image": "mr1"}).sources
    assert swapped["image"].file == Path("mr1")


def test_a_single_case_is_a_kind_of_its_own() -> None:
    found = layout(a="mr1")
    assert of_one_kind(found, None) is found
