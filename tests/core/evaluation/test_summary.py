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
    assert summary.pop("iqr") == pytest.approx([0.6, 0.8])
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
    assert tests["better", "twin"]["verdict"] == (
        "no difference shown (n = 7, difference +0.000, 95 % CI 0.000 to 0.000)"
    )


def test_a_smaller_distance_is_the_better_one() -> None:
    near = whole_tumour(*(found(0.9, hd95_mm=1.0 + step) for step in range(6)))
    far = whole_tumour(*(found(0.9, hd95_mm=5.0 + 2 * step) for step in range(6)))
    report = document({"far": far, "near": near})
    assert [test["verdict"].partition(" (")[0] for test in report["tests"]] == ["no difference shown", "near is better"]


def test_a_difference_that_is_not_significant_is_told_with_its_n_and_its_interval() -> None:
    first = dice_of(0.80, 0.85, 0.78, 0.91, 0.88, 0.70, 0.83, 0.79)
    second = dice_of(0.82, 0.83, 0.80, 0.90, 0.86, 0.74, 0.81, 0.80)
    (test, _) = document({"first": first, "second": second})["tests"]
    # differences -.02 .02 -.02 .01 .02 -.04 .02 -.01 sum to -.02
    low, high = test["ci95"]
    assert test["verdict"] == f"no difference shown (n = 8, difference -0.003, 95 % CI {low:.3f} to {high:.3f})"
    assert low < -0.0025 < high


def test_five_patients_are_said_to_be_too_few_to_show_any_difference() -> None:
    # all five signs agree, and 2 of 32 patterns is 0.0625 still
    (test, _) = document({"first": dice_of(0.1, 0.2, 0.3, 0.4, 0.5), "second": dice_of(0.5, 0.7, 0.9, 0.8, 0.8)})[
        "tests"
    ]
    assert test["p"] == test["smallest_p"] == 0.0625
    assert test["verdict"].startswith("no difference shown (n = 5, ")
    assert test["verdict"].endswith(", too few to show any)")


def test_equivalence_is_only_told_within_a_stated_margin() -> None:
    first = dice_of(0.80, 0.85, 0.78, 0.91, 0.88, 0.70)
    second = dice_of(0.81, 0.85, 0.77, 0.91, 0.88, 0.70)
    dice, hd95 = document({"first": first, "second": second}, margin=0.02)["tests"]
    assert (dice["margin"], dice["equivalent"]) == (0.02, True)
    low, high = dice["ci90"]
    assert dice["verdict"] == (f"equivalent within ±0.02 (n = 6, difference +0.000, 90 % CI {low:.3f} to {high:.3f})")
    assert (hd95["margin"], hd95["equivalent"]) == (None, None), "0.02 is no distance"
    report = document({"first": first, "second": second}, margin={"hd95_mm": 1.0})
    assert [test["equivalent"] for test in report["tests"]] == [None, True]
    assert report["tests"][1]["verdict"].startswith("equivalent within ±1 mm (n = 6")
    assert "Schuirmann 1987" in report["policy"]["equivalence"]
    plain = document({"first": first, "second": second})
    assert "equivalence" not in plain["policy"]
    assert plain["tests"][0]["verdict"].startswith("no difference shown")


def test_neither_difference_nor_equivalence_is_said_of_both() -> None:
    first = dice_of(0.80, 0.85, 0.78, 0.91, 0.88, 0.70)
    second = dice_of(0.70, 0.95, 0.70, 0.99, 0.80, 0.78)
    (test, _) = document({"first": first, "second": second}, margin=0.01)["tests"]
    assert test["equivalent"] is False
    assert ", nor equivalence within ±0.01, 90 % CI -" in test["verdict"]


def test_a_difference_may_be_shown_and_be_too_small_to_matter() -> None:
    values = (0.80, 0.85, 0.78, 0.91, 0.88, 0.70, 0.77, 0.66)
    better = [value + 0.001 + 0.0001 * number for number, value in enumerate(values)]
    (test, _) = document({"first": dice_of(*values), "second": dice_of(*better)}, margin=0.02)["tests"]
    assert test["verdict"] == "second is better, by less than matters: equivalent within ±0.02"


def test_the_permutation_test_can_be_chosen_and_is_named() -> None:
    first, second = dice_of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6), dice_of(0.2, 0.4, 0.6, 0.8, 0.9, 0.9)
    report = document({"first": first, "second": second}, test="permutation")
    assert (report["tests"][0]["test"], report["tests"][0]["p"]) == ("permutation", 2 / 64)
    assert report["tests"][0]["verdict"] == "second is better"
    assert "permutation test of the mean difference" in report["policy"]["test"]


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
