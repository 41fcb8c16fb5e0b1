"""Intervals and tests, against hand counts and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap, wilcoxon

from core.evaluation.statistics import bootstrap_ci95, compare_paired, holm

ELEVEN = np.array([0.91, 0.88, 0.95, 0.72, 0.93, 0.64, 0.90, 0.87, 0.94, 0.81, 0.92])


def patients(n: int) -> list[str]:
    return [f"patient-{number:02d}" for number in range(n)]


def test_the_interval_is_scipys_percentile_bootstrap_up_to_the_draw() -> None:
    found = bootstrap_ci95(ELEVEN, patients(11))
    oracle = bootstrap((ELEVEN,), np.mean, method="percentile", n_resamples=200_000, rng=0).confidence_interval
    assert found == pytest.approx((oracle.low, oracle.high), abs=0.002)


def test_the_interval_is_the_same_every_time() -> None:
    assert bootstrap_ci95(ELEVEN, patients(11)) == bootstrap_ci95(ELEVEN.copy(), patients(11))


def test_under_five_patients_there_is_none_however_many_cases() -> None:
    assert bootstrap_ci95(ELEVEN[:4], patients(4)) is None
    assert bootstrap_ci95(ELEVEN, ["a", "b", "c", "d"] * 2 + ["a", "b", "c"]) is None
    assert bootstrap_ci95(ELEVEN[:5], patients(5)) is not None


def test_nothing_scored_has_no_interval() -> None:
    assert bootstrap_ci95(np.zeros(0), []) is None


def test_repeating_each_patients_scan_adds_no_certainty() -> None:
    # ten copies of a patient are one patient: the interval stays, where a draw of cases would shrink it
    once = bootstrap_ci95(ELEVEN, patients(11))
    tenfold = bootstrap_ci95(np.repeat(ELEVEN, 10), list(np.repeat(patients(11), 10)))
    assert tenfold == pytest.approx(once)


def test_a_patient_with_many_scans_weighs_as_many_in_every_draw() -> None:
    # patients of 1 to 5 scans, all scored alike: whoever is drawn, the mean over scans is the same
    groups = [name for name, scans in zip(patients(5), range(1, 6), strict=True) for _ in range(scans)]
    assert bootstrap_ci95(np.full(15, 0.8), groups) == pytest.approx((0.8, 0.8))


def test_equal_values_have_an_interval_without_width() -> None:
    assert bootstrap_ci95(np.full(6, 0.5), patients(6)) == (0.5, 0.5)


def test_six_patients_that_all_favour_one_model() -> None:
    # all six signs agree: 2 of the 64 equally likely sign patterns are as extreme
    better = ELEVEN[:6] + np.array([0.01, 0.02, 0.03, 0.04, 0.05, 0.06])
    found = compare_paired(better, ELEVEN[:6], patients(6))
    assert found.p == pytest.approx(2 / 64)
    assert found.rank_biserial == 1.0
    assert found.mean_difference == pytest.approx(0.035)
    assert found.ci95 is not None
    assert found.ci95[0] > 0


def test_the_effect_is_the_share_of_ranks_for_minus_against() -> None:
    # ranks 1 to 5, the largest against: (1 + 2 + 3 + 4 - 5) / 15
    found = compare_paired(np.array([1.0, 2.0, 3.0, 4.0, -5.0]), np.zeros(5), patients(5))
    assert found.rank_biserial == pytest.approx(5 / 15)
    # sums of ranks as far from the middle as {1, ..., 4}: 2 * 10 of the 32 sign patterns
    assert found.p == pytest.approx(20 / 32)


def test_p_is_scipys_on_differences_without_ties() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.random((2, 20))
    assert compare_paired(first, second, patients(20)).p == pytest.approx(wilcoxon(first, second).pvalue)


def test_differences_equal_on_paper_tie_in_spite_of_rounding() -> None:
    # 0.3 - 0.2 and 0.4 - 0.3 differ by 1e-17; as ties, all five ranks are 3
    first, second = np.array([0.3, 0.4, 0.5, 0.6, 0.1]), np.array([0.2, 0.3, 0.4, 0.5, 0.2])
    assert compare_paired(first, second, patients(5)).rank_biserial == pytest.approx((4 * 3 - 3) / 15)


def test_models_that_never_differ_are_not_told_apart() -> None:
    found = compare_paired(ELEVEN, ELEVEN, patients(11))
    assert found.p == 1.0
    assert found.rank_biserial == 0.0


def test_under_five_patients_there_is_no_test_and_the_reason_says_so() -> None:
    found = compare_paired(ELEVEN[:4], ELEVEN[1:5], patients(4))
    assert (found.p, found.ci95, found.rank_biserial) == (None, None, None)
    assert found.reason == "4 independent groups, at least 5 are needed"


def test_the_test_sees_one_difference_per_patient() -> None:
    # twelve scans of six patients: the sample size is six
    first = np.repeat([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], 2)
    found = compare_paired(first, np.zeros(12), list(np.repeat(patients(6), 2)))
    assert (found.n, found.n_groups) == (12, 6)
    assert found.p == pytest.approx(2 / 64)


def test_holm_by_hand() -> None:
    # sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1: 0.04, 0.06, 0.06, 0.04, never falling
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_never_helps_and_keeps_the_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(p <= q <= 1 for p, q in zip(p_values, adjusted, strict=True))
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    assert [adjusted[i] for i in order] == sorted(adjusted)
