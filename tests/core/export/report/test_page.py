"""The report as HTML: what it says is the document's, and nothing in it is anyone else's."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from core.export.report import Comparison, page
from tests.core.export.report.sample import SHA256, card, case_id, comparison, document

HOSTILE = '<script>alert("x")</script>'


class Words(HTMLParser):
    """Collects the words of a page, and every tag."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.tags: list[str] = []
        self.asked: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.inside.append(tag)
        self.asked += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "data", "action")]

    def handle_endtag(self, tag: str) -> None:
        if tag in self.inside:
            self.inside = self.inside[: len(self.inside) - self.inside[::-1].index(tag) - 1]

    def handle_data(self, data: str) -> None:
        if "style" not in self.inside:
            self.said.append(data)


def read(made: Comparison) -> Words:
    words = Words()
    words.feed(page(made))
    return words


def text_of(made: Comparison) -> str:
    return " ".join(" ".join(read(made).said).split())


def test_the_summary_holds_the_document_s_numbers() -> None:
    """Mean Dice of 0.9, 0.8, 0.7, 0.6, 0.95 is 0.79, their median 0.8; of the case without tumour nothing counts."""
    said = text_of(comparison())
    cell = document()["models"]["first"]["summary"]["WT"]["dice"]
    low, high = cell["ci95"]
    assert f"first 0.790 {low:.3f} to {high:.3f} 0.800" in said
    assert "Dice per region and model; higher is better." in said
    assert "HD95 (mm) per region and model; lower is better." in said


def test_a_test_is_told_in_words_with_its_n_interval_p_and_family() -> None:
    """Every patient's difference is at least 0.35 in favour of the first; of five pairs no p can reach 0.05."""
    said = text_of(comparison())
    (found,) = [test for test in document()["tests"] if test["metric"] == "dice"]
    low, high = found["ci95"]
    sentence = f"first minus second: mean difference +0.390, 95 % CI +{low:.3f} to +{high:.3f}, n = 5 patients;"
    assert sentence in said
    assert f"(p = {found['p_holm']:.3f} after Holm over 1 test, rank-biserial +1.000)." in said


def test_whoever_was_dropped_is_named_with_the_reason() -> None:
    assert f"{case_id(9)} was not scored for first (seen in its train part)." in text_of(comparison())


def test_a_name_with_markup_in_it_stays_a_name() -> None:
    made = comparison((HOSTILE, "second"))
    words = read(made)
    assert "script" not in words.tags
    assert HOSTILE in " ".join(words.said)
    assert HOSTILE not in page(made)


def test_the_same_comparison_gives_the_same_page() -> None:
    assert page(comparison()) == page(comparison())


def test_a_page_holds_all_that_it_shows() -> None:
    words = read(comparison())
    assert words.asked
    assert [address[:22] for address in words.asked if not address.startswith("data:image/png;base64,")] == []
    html = page(comparison())
    assert re.findall(r"url\(|@import|<link|<script", html) == []
    assert set(re.findall(r"https?://[^\s\"'<]+", html)) == {"http://www.w3.org/2000/svg"}


def test_it_says_once_that_it_is_for_research() -> None:
    assert text_of(comparison()).count("For research, not for diagnosis.") == 1


@pytest.mark.parametrize(
    "heading", ["Calibration", "Failures", "Subgroups", "Agreement", "What each scoring convention makes"]
)
def test_what_the_document_lacks_has_no_heading(heading: str) -> None:
    assert heading not in text_of(comparison())


def test_hashes_ids_versions_and_licences_are_those_of_the_cards() -> None:
    said = text_of(comparison())
    assert f"Split default {SHA256}" in said
    assert f"{1:064x}" in said
    assert "Trained with torch 2.15.0." in said
    assert "Training data: licence not stated in the checkpoints' cards." in said


def test_an_attribution_in_the_cards_stands_by_the_pictures_and_the_licences() -> None:
    made = comparison()
    licence = "Some Scans (Somebody 2023), CC BY 4.0"
    (member,) = made.members["first"]
    attributed = type(member)(member.checkpoint_id, card(data_licence=licence))
    said = text_of(comparison(members=made.members | {"first": (attributed,)}))
    assert f"Images: {licence}." in said
    assert f"Training data of first: {licence}." in said


def test_the_cohorts_own_licence_stands_by_its_pictures() -> None:
    made = comparison()
    attributed = type(member := made.members["first"][0])(member.checkpoint_id, card(data_licence="CC0"))
    said = text_of(
        comparison(
            members=made.members | {"first": (attributed,)}, cohort=replace(made.cohort, licence="CC BY 4.0, Somebody")
        )
    )
    assert "Images: CC BY 4.0, Somebody." in said
    assert "Images: CC0." not in said


def test_without_a_scored_case_the_page_says_so() -> None:
    empty = document() | {"models": {"first": {"cases": {}, "summary": {}}}, "tests": [], "checkpoints": {"first": []}}
    said = text_of(comparison(document=empty, pictures=(), no_pictures="No case has a Dice."))
    assert "No case was scored: nothing can be compared." in said
    assert "No case has a Dice." in said


def test_what_a_document_may_hold_beyond_scores_is_shown() -> None:
    bins = [{"low": 0.0, "high": 0.5, "n": 10, "confidence": 0.25, "frequency": 0.125}]
    bins.append({"low": 0.5, "high": 1.0, "n": 0, "confidence": None, "frequency": None})  # type: ignore[dict-item]
    curve = {"n": 2, "aurc": 0.25, "optimal": 0.2, "excess": 0.05, "risk": 0.3}
    points = {"points": [{"coverage": 0.5, "risk": 0.2}, {"coverage": 1.0, "risk": 0.3}]}
    cell = {"mean": 0.75, "median": 0.8, "ci95": None, "n": 2}
    failure = {"case": case_id(2), "region": "WT", "kind": "missed-lesion", "metric": None, "value": None, "ml": 1.25}
    more = {
        "calibration": {"first": {"WT": {"ece": 0.125, "brier": 0.0625, "n_voxels": 10, "bins": bins}}},
        "risk_coverage": {"first": {"WT": curve | points}},
        "subgroups": {"scanner": {"A": {"n": 2, "models": {"first": {"WT": {"dice": cell}}}}}},
        "failures": {"first": [failure | {"voxels": 1250, "slice": 4, "voxel": [1, 2, 4]}]},
        "conventions": {"slice": {"first": {"WT": {"mean": 0.4321, "n": 5}}, "second": {"WT": {"mean": None, "n": 0}}}},
        "convention_definitions": {"slice": {"title": "Per slice", "definition": "Each slice.", "reference": ""}},
        "agreement": [{"models": ["ann", "bob"], "cases": {}, "summary": {"WT": {"dice": cell}}}],
    }
    said = text_of(comparison(document=document() | more))
    for row in (
        "WT first 0.125 0.062 10",
        "WT first 0.250 0.200 0.050 0.300 2",
        "A (2) WT first 0.750 – 0.800 2",
        f"first missed lesion WT {case_id(2)} – 1.2 5",
        "WT Per slice 0.432 (5) –",
        "Per slice : Each slice.",
        "ann and bob WT Dice 0.750 – 0.800 2",
    ):
        assert row in said
