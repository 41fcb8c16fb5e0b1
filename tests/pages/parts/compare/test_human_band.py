"""The band of human agreement: cited, only where a study speaks of the region, never of another metric."""

from __future__ import annotations

from typing import Any

import pytest

from core.evaluation.human_agreement import HUMAN_DICE, human_agreement
from core.labels import SCHEMES
from pages.parts.compare.score_plots import Strip, domain_of, strip_rows, strip_spec

CELL = {"mean": 0.9, "median": 0.9, "ci95": [0.8, 1.0], "iqr": [0.85, 0.95]}
STRIPS = [Strip("A", {"one": 0.9, "two": 0.9}, CELL)]


def bands(spec: dict[str, Any]) -> list[Any]:
    return [layer["data"]["values"] for layer in spec["layer"] if layer["mark"]["type"] == "rect"]


def test_the_values_are_the_range_that_the_abstract_gives() -> None:
    for scheme, regions in HUMAN_DICE.items():
        assert set(regions) <= set(SCHEMES[scheme].region_names)
        for each in regions.values():
            assert (each.low, each.high) == (0.74, 0.85)
            assert "Menze" in each.citation


@pytest.mark.parametrize(
    ("scheme", "region", "metric"),
    [
        ("brats-2023", "WT", "hd95_mm"),
        ("brats-2024", "RC", "dice"),
        ("binary", "foreground", "dice"),
        ("x", "y", "dice"),
    ],
)
def test_where_no_study_speaks_there_is_no_band(scheme: str, region: str, metric: str) -> None:
    assert human_agreement(scheme, region, metric) is None
    assert bands(strip_spec(STRIPS, "dice", "#fff", (0.5, 1.0), None)) == []


def test_the_band_spans_what_raters_reach_and_stays_on_the_axis() -> None:
    human = human_agreement("brats-2023", "WT", "dice")
    assert bands(strip_spec(STRIPS, "dice", "#fff", (0.5, 1.0), human)) == [[{"from": 0.74, "to": 0.85}]]
    assert bands(strip_spec(STRIPS, "dice", "#fff", (0.8, 1.0), human)) == [[{"from": 0.8, "to": 0.85}]]
    assert bands(strip_spec(STRIPS, "dice", "#fff", (0.9, 1.0), human)) == []


def test_two_patients_of_equal_value_are_two_dots() -> None:
    rows = strip_rows(STRIPS)
    assert [row["case"] for row in rows] == ["one", "two"]
    assert rows[0]["apart"] != rows[1]["apart"]


def test_an_axis_of_shares_ends_at_one_and_of_lengths_begins_at_nought() -> None:
    assert domain_of([0.83, 0.95], "dice") == (0.7, 1.0)
    low, high = domain_of([4.0, 20.0], "hd95_mm")
    assert low == 0.0
    assert high > 20.0
