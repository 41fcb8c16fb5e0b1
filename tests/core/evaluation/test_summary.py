"""The `evaluate` document: who counts, for whom, and in which means."""

from __future__ import annotations

import json

import pytest

from core.evaluation.summary import summarise
from core.metrics.empty_masks import POLICIES
from tests.core.evaluation.documents import dice_of, document, found, left_out, missed, whole_tumour


def test_mean_median_and_n_are_over_cases() -> None:
    summary = document({"unet": dice_of(0.5, 0.7, 0.9, 0.8, 0.6)})["models"]["unet"]["summary"]["WT"]["dice"]
    low, high = summary.pop("ci95")
    assert 0.5 <= low < 0.7 < high <= 0.9
    assert summary == {"mean": pytest.approx(0.7), "median": 0.7, "n": 5, "n_groups": 5, "n_empty": 0, "n_flagged": 0}


def test_under_five_patients_the_interval_is_null_with_the_reason() -> None:
    summary = document({"unet": dice_of(0.5, 0.7)})["models"]["unet"]["summary"]["WT"]["dice"]
    assert summary["mean"] == pytest.approx(0.6)
    assert summary["ci95"] is None
    assert summary["ci95_reason"] == "2 independent groups, at least 5 are needed"


def test_an_empty_reference_is_in_no_mean_and_its_false_positives_stand_beside() -> None:
    cases = whole_tumour(found(0.8), left_out(3.0), left_out(0.0), found(0.6))
    summary = document({"unet": cases})["models"]["unet"]["summary"]["WT"]
    assert summary["dice"]["mean"] == pytest.approx(0.7)
    assert (summary["dice"]["n"], summary["dice"]["n_empty"]) == (2, 2)
    # 3 ml and 0 ml over two cases, one of them with any false positive
    assert summary["false_positive_ml"]["mean"] == 1.5
    assert summary["false_positive_rate"]["mean"] == 0.5
    assert summary["false_positive_rate"]["n"] == 2


def test_a_missed_region_counts_in_the_mean_and_is_counted_as_set_by_the_policy() -> None:
    summary = document({"unet": whole_tumour(found(0.8), missed())})["models"]["unet"]["summary"]["WT"]
    assert summary["dice"]["mean"] == pytest.approx(0.4)
    assert summary["dice"]["n_flagged"] == 1
    assert summary["hd95_mm"]["mean"] == pytest.approx((1.0 + 373.1) / 2)


def test_a_case_that_one_model_lacks_counts_for_none() -> None:
    report = document({"first": dice_of(0.5, 0.9), "second": dice_of(0.7)})
    assert [report["models"][name]["summary"]["WT"]["dice"]["n"] for name in ("first", "second")] == [1, 1]
    assert report["models"]["first"]["summary"]["WT"]["dice"]["mean"] == 0.5
    assert report["not_compared"] == [{"case": "c1", "missing_from": ["second"]}]
    assert "c1" in report["models"]["first"]["cases"], "its scores are still listed"


def test_a_region_without_a_number_for_one_model_counts_for_none() -> None:
    first = whole_tumour(found(0.5), found(0.9))
    second = whole_tumour(found(0.7), found(0.9) | {"hd95_mm": None})
    report = document({"first": first, "second": second})["models"]["first"]["summary"]["WT"]
    assert (report["dice"]["n"], report["hd95_mm"]["n"]) == (2, 1)


def test_a_model_whose_cases_were_all_dropped_does_not_empty_the_others() -> None:
    dropped = [{"model": "leaky", "case": "c0", "matches_part": "train"}]
    report = document({"fair": dice_of(0.8), "leaky": {}}, dropped=dropped)
    assert report["models"]["fair"]["summary"]["WT"]["dice"]["mean"] == 0.8
    assert report["models"]["leaky"] == {"cases": {}, "summary": {}}
    assert report["dropped"] == dropped
    assert report["tests"] == []


def test_nothing_scored_is_a_document_too() -> None:
    report = document({"unet": {}})
    assert report["models"] == {"unet": {"cases": {}, "summary": {}}}
    assert report["policy"]["metrics"] == {}


def test_only_shared_regions_are_tested() -> None:
    first = {case: {"WT": found(0.8), "ET": found(0.6)} for case in "abcdef"}
    second = {case: {"WT": found(0.7)} for case in "abcdef"}
    report = document({"first": first, "second": second})
    assert {test["region"] for test in report["tests"]} == {"WT"}
    assert report["models"]["first"]["summary"]["ET"]["dice"]["n"] == 6


def test_models_are_tested_pair_by_pair_and_adjusted_within_a_metric() -> None:
    worse = dice_of(0.50, 0.60, 0.55, 0.65, 0.45, 0.40, 0.62)
    better = dice_of(0.61, 0.72, 0.68, 0.79, 0.60, 0.56, 0.79)
    report = document({"worse": worse, "better": better, "twin": better})
    tests = {tuple(test["models"]): test for test in report["tests"] if test["metric"] == "dice"}
    assert set(tests) == {("worse", "better"), ("worse", "twin"), ("better", "twin")}
    clear = tests["worse", "better"]
    # seven signs agree: p = 2 / 128, times the three tests of the family
    assert clear["p"] == pytest.approx(2 / 128)
    assert clear["p_holm"] == pytest.approx(3 * 2 / 128)
    assert (clear["family_size"], clear["rank_biserial"], clear["verdict"]) == (3, -1.0, "better is better")
    assert tests["better", "twin"]["verdict"] == "no difference shown"


def test_a_smaller_distance_is_the_better_one() -> None:
    near = whole_tumour(*(found(0.9, hd95_mm=1.0 + step) for step in range(6)))
    far = whole_tumour(*(found(0.9, hd95_mm=5.0 + 2 * step) for step in range(6)))
    report = document({"far": far, "near": near})
    assert [test["verdict"] for test in report["tests"]] == ["no difference shown", "near is better"]


def test_under_five_patients_nothing_is_tested_and_the_reason_is_given() -> None:
    (test, _) = document({"first": dice_of(0.5, 0.6), "second": dice_of(0.7, 0.8)})["tests"]
    assert (test["p"], test["p_holm"], test["ci95"], test["verdict"]) == (None, None, None, "not tested")
    assert test["reason"] == "2 independent groups, at least 5 are needed"
    assert test["mean_difference"] == pytest.approx(-0.2)


def test_visits_of_one_patient_are_one_group() -> None:
    report = summarise({"unet": dice_of(0.5, 0.6, 0.7)}, dict.fromkeys(("c0", "c1", "c2"), "one"), "patient")
    summary = report["models"]["unet"]["summary"]["WT"]["dice"]
    assert (summary["n"], summary["n_groups"]) == (3, 1)


def test_a_scored_case_without_a_group_is_refused() -> None:
    with pytest.raises(ValueError, match="found scores of c1, which belong to no group"):
        summarise({"unet": dice_of(0.5, 0.6)}, {"c0": "p"}, "patient")


def test_the_document_says_what_its_numbers_mean() -> None:
    policy = document({"unet": dice_of(0.5)}, policy=POLICIES["brats"], audit={"leaks": 0})["policy"]
    assert policy["empty_masks"]["name"] == "brats"
    assert list(policy["metrics"]) == ["dice", "hd95_mm"]
    assert "draws of whole groups" in policy["interval"]


def test_the_document_is_the_same_bytes_whatever_the_order_of_the_cases() -> None:
    cases = dice_of(0.51, 0.72, 0.93, 0.84, 0.65, 0.77)
    turned = dict(reversed(list(cases.items())))
    one = document({"a": cases, "b": cases})
    assert json.dumps(one, allow_nan=False) == json.dumps(document({"a": turned, "b": turned}), allow_nan=False)
