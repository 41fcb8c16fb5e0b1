"""What is taken away holds what is shown: a row per patient, a row per mean, and the document itself."""

from __future__ import annotations

import csv
import io
import json

from pages.parts.compare.downloads import document_json, patients_csv, summary_csv
from pages.parts.compare.tests_in_words import sentence_of

CELL = {
    "mean": 0.75,
    "median": 0.7,
    "iqr": [0.6, 0.8],
    "ci95": None,
    "n": 2,
    "n_groups": 2,
    "n_empty": 0,
    "n_flagged": 0,
}
DOCUMENT = {
    "models": {
        "a": {
            "cases": {"one": {"WT": {"dice": 0.5}}, "two": {"WT": {"dice": 1.0, "hd95_mm": None}}},
            "summary": {"WT": {"dice": CELL}},
        }
    }
}


def test_a_row_per_patient_and_region() -> None:
    rows = list(csv.DictReader(io.StringIO(patients_csv(DOCUMENT))))
    assert [(row["model"], row["case"], row["region"], row["dice"]) for row in rows] == [
        ("a", "one", "WT", "0.5"),
        ("a", "two", "WT", "1.0"),
    ]


def test_a_row_per_mean_with_its_quartiles_and_nothing_for_an_interval_that_is_none() -> None:
    (row,) = csv.DictReader(io.StringIO(summary_csv(DOCUMENT)))
    assert (row["mean"], row["q1"], row["q3"], row["ci95_low"], row["n"]) == ("0.75", "0.6", "0.8", "", "2")


def test_the_json_is_the_document_the_same_each_time() -> None:
    assert json.loads(document_json(DOCUMENT)) == DOCUMENT
    assert document_json(DOCUMENT) == document_json(dict(reversed(DOCUMENT.items())))


def test_a_test_in_words_has_difference_interval_n_and_p() -> None:
    test = {
        "metric": "dice", "region": "WT", "models": ["a", "b"], "mean_difference": -0.014, "ci95": [-0.056, 0.022],
        "n": 11, "p_holm": 0.4, "family_size": 3, "verdict": "no difference shown (n = 11, ...)", "reason": None,
    }  # fmt: skip
    assert sentence_of(test, {"a": "U-Net", "b": "TransUNet"}) == (
        "**WT**: U-Net \u2212 TransUNet \u22120.014 (95 % CI \u22120.056 to +0.022), n = 11, "
        "p = 0.400 after Holm over 3 tests: no difference shown."
    )


def test_a_winner_is_called_by_its_title() -> None:
    test = {
        "metric": "dice", "region": "TC", "models": ["a", "b"], "mean_difference": 0.1, "ci95": [0.05, 0.15],
        "n": 9, "p_holm": 0.0004, "family_size": 1, "verdict": "a is better", "reason": None,
    }  # fmt: skip
    assert sentence_of(test, {"a": "U-Net", "b": "TransUNet"}).endswith("p < 0.001 after Holm: U-Net is better.")
