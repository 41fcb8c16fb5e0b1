"""Trained on one cohort, scored on another, from whole `evaluate` documents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.evaluation.cross_cohort import CrossCohortError, cross_cohort
from core.evaluation.cross_cohort_table import cross_cohort_text
from core.metrics.empty_masks import POLICIES
from tests.core.evaluation.documents import dice_of, document

TRAINED_ON = {"ours": "africa", "theirs": "glioma"}


def scored_on(cohort: str, ours: tuple[float, ...], theirs: tuple[float, ...], **options: Any) -> dict[str, Any]:
    scores = {"theirs": dice_of(*theirs), "ours": dice_of(*ours)}
    return document(scores, **options) | {"cohort": cohort, "part": "all"}


@pytest.fixture
def documents() -> list[dict[str, Any]]:
    return [
        scored_on("africa", (0.9, 0.8, 0.9, 0.8, 0.85), (0.5, 0.6, 0.7, 0.6, 0.6)),
        scored_on("glioma", (0.4, 0.6), (0.7, 0.9)),
    ]


def test_rows_are_trained_on_columns_are_scored_on(documents: list[dict[str, Any]]) -> None:
    made = cross_cohort(documents, TRAINED_ON)
    assert made["rows"] == [{"model": "ours", "trained_on": "africa"}, {"model": "theirs", "trained_on": "glioma"}]
    assert [column["cohort"] for column in made["columns"]] == ["africa", "glioma"]
    means = [
        [made["cells"][row["model"]][c]["WT"]["dice"]["mean"] for c in TRAINED_ON.values()] for row in made["rows"]
    ]
    assert means == [pytest.approx([0.85, 0.5]), pytest.approx([0.6, 0.8])]
    own, other = (made["cells"]["ours"][cohort]["WT"]["dice"] for cohort in ("africa", "glioma"))
    assert own == {key: documents[0]["models"]["ours"]["summary"]["WT"]["dice"][key] for key in own}
    assert (own["n"], other["n"], other["ci95"]) == (5, 2, None)
    json.dumps(made, allow_nan=False)


def test_the_table_names_both_cohorts_and_marks_a_model_at_home(documents: list[dict[str, Any]]) -> None:
    text = cross_cohort_text(cross_cohort(documents, TRAINED_ON), ("dice",))
    head, _, ours, theirs = text.splitlines()[:4]
    assert head.split() == ["region", "metric", "trained", "on", "on", "africa", "on", "glioma"]
    assert ours.split()[:5] == ["WT", "Dice", "africa", "(ours)", "0.850"]
    assert ours.endswith("0.500 (n 2)")
    assert theirs.endswith("0.800 (n 2) *")
    assert "(n 5) *" in ours


def test_a_model_that_was_not_scored_on_a_cohort_has_no_number_there(documents: list[dict[str, Any]]) -> None:
    del documents[1]["models"]["ours"]
    documents[1]["dropped"] = [{"model": "ours", "case": "c0", "matches_part": "train"}]
    made = cross_cohort(documents, TRAINED_ON)
    assert made["cells"]["ours"]["glioma"] == {}
    text = cross_cohort_text(made)
    assert text.splitlines()[2].endswith(" -")
    assert "Dropped on glioma, as a model had seen the patient: 1 scores." in text


def test_what_cannot_be_set_side_by_side_is_refused(documents: list[dict[str, Any]]) -> None:
    with pytest.raises(CrossCohortError, match="found documents of africa; expected two or more cohorts"):
        cross_cohort(documents[:1], TRAINED_ON)
    with pytest.raises(CrossCohortError, match="found documents of africa, africa"):
        cross_cohort([documents[0], documents[0]], TRAINED_ON)
    with pytest.raises(CrossCohortError, match="nothing says what theirs was trained on"):
        cross_cohort(documents, {"ours": "africa"})
    other = scored_on("glioma", (0.4,), (0.7,), policy=POLICIES["brats"])
    with pytest.raises(CrossCohortError, match="scored under another policy for empty masks"):
        cross_cohort([documents[0], other], TRAINED_ON)
