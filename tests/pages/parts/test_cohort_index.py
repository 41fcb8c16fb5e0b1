"""Searching and sorting a cohort by what its cases' facts say."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.case import Case, Source
from core.labels import scheme_named
from core.workspace import Cohort, CohortCase
from pages.parts.cohort_index import ORDERS, CohortIndex, found, index_cohort, spacing_text
from pages.parts.cohort_table import PAGE, last_page
from pages.parts.pickers import around


def case(name: str, ml: float | None, spacing: list[float] | None, group: str = "", **more: Any) -> CohortCase:
    source = Source((Path("x.nii"),), "nifti")
    sources = dict.fromkeys(more.get("modalities", ("t1n",)), source)
    facts = {"volumes_ml": None if ml is None else {"WT": ml, "TC": 1000 - ml}, "spacing_mm": spacing}
    return CohortCase(Case(name, f"P-{name}", group or f"P-{name}", "patient", sources, None), facts)


COHORT = Cohort(
    name="c",
    layout="brats",
    scheme=scheme_named("brats-2023"),
    cases={
        entry.case.case_id: entry
        for entry in (
            case("b2", 10.0, [1.0, 1.0, 1.0], group="G2"),
            case("a1", None, [0.5, 0.5, 3.0], group="G1", modalities=("t1n", "t2f")),
            case("c3", 30.0, None, group="G1"),
            case("d4", 20.0, [2.0, 2.0, 2.0], group="G2"),
        )
    },
    refused=(),
    findings=({"case": "d4", "code": "thick_slices", "found": "slices of 6.5 mm"},),
    public=False,
)


@pytest.fixture(scope="module")
def index() -> CohortIndex:
    return index_cohort(COHORT)


def listed(index: CohortIndex, sought: str = "", order: str = "case") -> list[str]:
    return [index.cases[place] for place in found(index, sought, ORDERS[order])]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("case", ["a1", "b2", "c3", "d4"]),
        ("largest", ["c3", "d4", "b2", "a1"]),
        ("smallest", ["b2", "d4", "c3", "a1"]),
        ("finest", ["a1", "b2", "d4", "c3"]),  # 0.75, 1 and 8 mm3
        ("coarsest", ["d4", "b2", "a1", "c3"]),
        ("group", ["a1", "c3", "b2", "d4"]),
    ],
)
def test_orders_put_what_has_no_value_last(index: CohortIndex, order: str, expected: list[str]) -> None:
    assert listed(index, order=order) == expected


@pytest.mark.parametrize(
    ("sought", "expected"),
    [
        ("A1", ["a1"]),
        ("p-b", ["b2"]),
        ("g1", ["a1", "c3"]),
        ("flair", ["a1"]),
        ("t2f", ["a1"]),
        ("thick 6.5", ["d4"]),
        ("g1 flair", ["a1"]),
        ("g2 flair", []),
        ("  ", ["a1", "b2", "c3", "d4"]),
    ],
)
def test_every_sought_word_is_found_in_id_group_sequence_or_finding(
    index: CohortIndex, sought: str, expected: list[str]
) -> None:
    assert listed(index, sought) == expected


def test_counts_are_of_groups_and_of_known_voxel_sizes(index: CohortIndex) -> None:
    assert (index.group_count, index.spacing_count) == (2, 3)
    assert spacing_text([0.898, 0.898, 5.5]) == "0.9 × 0.9 × 5.5"
    assert spacing_text(None) == "unknown"


def test_pages_begin_at_0_and_the_last_holds_the_rest() -> None:
    assert [last_page(count) for count in (0, 1, PAGE, PAGE + 1, 10_000)] == [0, 0, 0, 1, 199]


@pytest.mark.parametrize(("place", "first"), [(0, 0), (4, 2), (9, 5)])
def test_the_cases_around_one_hold_it(place: int, first: int) -> None:
    cases = [f"c{number}" for number in range(10)]
    assert around(cases, place, 5) == cases[first : first + 5]
    assert around(cases[:3], 2, 5) == cases[:3]


def test_ten_thousand_cases_are_indexed_in_a_second_and_searched_in_a_tenth() -> None:
    entries = list(COHORT.cases.values())
    cases = {}
    for number in range(10_000):
        entry = entries[number % 4]
        cases[f"case-{number:05d}"] = CohortCase(replace(entry.case, case_id=f"case-{number:05d}"), entry.facts)
    started = time.process_time()
    large = index_cohort(replace(COHORT, cases=cases))
    indexed = time.process_time()
    places = found(large, "case-0999", ORDERS["largest"])
    searched = time.process_time()
    assert [large.cases[place] for place in places[:3]] == ["case-09990", "case-09994", "case-09998"]
    assert np.array_equal(large.ml[places[:3]], [30.0, 30.0, 30.0])
    assert indexed - started < 1
    assert searched - indexed < 0.1
