"""Paired tests and equivalence, against hand counts and SciPy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import permutation_test, ttest_1samp, wilcoxon

from core.evaluation.paired import SIGN_DRAWS, TESTS, compare_paired, two_one_sided_tests

ELEVEN = np.array([0.91, 0.88, 0.95, 0.72, 0.93, 0.64, 0.90, 0.87, 0.94, 0.81, 0.92])


def patients(n: int) -> list[str]:
    return [f"patient-{number:02d}" for number in range(n)]


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


@pytest.mark.parametrize("n", [5, 8, 11])
def test_p_is_scipys_exact_one_where_differences_tie(n: int) -> None:
    rng = np.random.default_rng(n)
    first = rng.integers(-2, 4, n).astype(np.float64)
    first[0] = 0.0  # a patient without a difference, too
    assert compare_paired(first, np.zeros(n), patients(n)).p == pytest.approx(wilcoxon(first).pvalue)


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


def test_four_of_five_signs_by_hand() -> None:
    # 1 + 2 + 3 + 4 - 5 = 5: of the 32 patterns of signs, those that sum to 5 or more, or to -5 or less
    values = (1, 2, 3, 4, 5)
    extreme = sum(
        abs(sum(sign * value for sign, value in zip(signs, values, strict=True))) >= 5
        for signs in itertools.product((-1, 1), repeat=5)
    )
    found = compare_paired(np.array([1.0, 2.0, 3.0, 4.0, -5.0]), np.zeros(5), patients(5), "permutation")
    assert extreme == 20
    assert found.p == 20 / 32
    assert found.test == "permutation"
    assert found.rank_biserial == pytest.approx(5 / 15)


@pytest.mark.parametrize("n", [6, 11, 14])
def test_flipping_every_sign_is_scipys_permutation_of_pairs(n: int) -> None:
    rng = np.random.default_rng(n)
    first, second = rng.beta(8, 2, (2, n))
    oracle = permutation_test(
        (first, second), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=2**n
    )
    assert compare_paired(first, second, patients(n), "permutation").p == pytest.approx(oracle.pvalue, abs=1e-12)


def test_drawn_signs_come_close_to_every_sign_and_are_drawn_alike_each_time() -> None:
    rng = np.random.default_rng(7)
    first, second = rng.beta(8, 2, (2, 15))
    every = permutation_test(
        (first, second), lambda a, b, axis: np.mean(a - b, axis=axis), permutation_type="samples",
        n_resamples=2**15, vectorized=True,
    )  # fmt: skip
    found = compare_paired(first, second, patients(15), "permutation")
    assert found.p == pytest.approx(every.pvalue, abs=4 * np.sqrt(every.pvalue / SIGN_DRAWS))
    assert found == compare_paired(first.copy(), second.copy(), patients(15), "permutation")


def test_drawn_signs_never_give_a_p_of_nothing() -> None:
    assert compare_paired(ELEVEN.repeat(2) + 1, ELEVEN.repeat(2), patients(22), "permutation").p == 1 / 10_000


def test_patients_without_a_difference_change_no_p() -> None:
    first = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.0, 0.0, 0.0])
    assert compare_paired(first, np.zeros(9), patients(9), "permutation").p == 2 / 64


def test_flipped_patients_weigh_in_the_mean_as_they_do_in_the_table() -> None:
    # patient 0 has three scans: its sum, 3, outweighs the five others in no pattern but two of 64
    first = np.array([1.0, 1.0, 1.0, -0.1, -0.1, -0.1, -0.1, -0.1])
    found = compare_paired(first, np.zeros(8), ["a", "a", "a", "b", "c", "d", "e", "f"], "permutation")
    assert found.mean_difference == pytest.approx(2.5 / 8)
    # |±3 ± 0.1 ...| >= 2.5 in every pattern: nothing is shown
    assert found.p == 1.0


def test_false_alarms_come_as_often_as_promised() -> None:
    rng = np.random.default_rng(5)
    trials = 400
    alarms = dict.fromkeys(TESTS, 0)
    for test in TESTS:
        for _ in range(trials):
            first, second = rng.beta(8, 2, (2, 11))
            alarms[test] += (compare_paired(first, second, patients(11), test).p or 0) < 0.05
    # the spread of a share of 0.05 over 400 trials is 0.011
    assert all(0.02 < count / trials < 0.08 for count in alarms.values()), alarms


def test_two_one_sided_tests_are_scipys_and_agree_with_the_ninety_per_cent_interval() -> None:
    rng = np.random.default_rng(2)
    for margin in (0.01, 0.02, 0.03, 0.05):
        differences = rng.normal(0.005, 0.03, 11)
        interval, p = two_one_sided_tests(differences, margin)
        above = ttest_1samp(differences, -margin, alternative="greater").pvalue
        below = ttest_1samp(differences, margin, alternative="less").pvalue
        assert p == pytest.approx(max(above, below))
        oracle = ttest_1samp(differences, 0).confidence_interval(0.90)
        assert interval == pytest.approx((oracle.low, oracle.high))
        assert p is not None
        assert (p < 0.05) == (-margin < interval[0] and interval[1] < margin)


def test_equivalence_by_hand() -> None:
    # differences -0.01, 0, 0.01, 0, 0: mean 0, spread 0.00707, t of 4 degrees of freedom at 95 % is 2.132
    first = np.array([0.89, 0.90, 0.91, 0.90, 0.90])
    found = compare_paired(first, np.full(5, 0.90), patients(5), margin=0.01)
    reach = 2.132 * np.sqrt(0.0002 / 4) / np.sqrt(5)
    assert found.ci90 == pytest.approx((-reach, reach), rel=1e-3)
    assert found.equivalent is True
    assert compare_paired(first, np.full(5, 0.90), patients(5), margin=0.006).equivalent is False


def test_a_model_is_equivalent_to_itself_and_not_to_one_that_is_off_by_the_margin() -> None:
    assert compare_paired(ELEVEN, ELEVEN, patients(11), margin=0.001).equivalent is True
    assert two_one_sided_tests(np.full(6, 0.25), 0.25) == ((0.25, 0.25), 1.0)


def test_models_at_the_margin_are_rarely_called_equivalent_also_where_differences_are_skewed() -> None:
    rng = np.random.default_rng(4)
    trials, margin = 2000, 0.05
    for differences in (
        rng.normal(margin, 0.06, (trials, 11)),
        margin + rng.beta(8, 2, (trials, 11)) - 0.8,
        margin - rng.beta(8, 2, (trials, 11)) + 0.8,
    ):
        called = sum((two_one_sided_tests(each, margin)[1] or 0) < 0.05 for each in differences)
        assert called / trials < 0.08


def test_without_a_margin_nobody_is_equivalent() -> None:
    found = compare_paired(ELEVEN, ELEVEN, patients(11))
    assert (found.margin, found.equivalent, found.p_equivalence) == (None, None, None)


def test_under_five_patients_nothing_is_equivalent_either() -> None:
    found = compare_paired(ELEVEN[:4], ELEVEN[:4], patients(4), margin=0.5)
    assert (found.ci90, found.equivalent, found.p_equivalence) == (None, None, None)


@pytest.mark.parametrize("margin", [0.0, -0.1, float("nan"), float("inf")])
def test_a_margin_that_is_none_is_refused(margin: float) -> None:
    with pytest.raises(ValueError, match="expected the smallest difference that matters, a number above 0"):
        compare_paired(ELEVEN, ELEVEN, patients(11), margin=margin)
