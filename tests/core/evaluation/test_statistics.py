"""Summaries and intervals, against hand counts, SciPy and simulated cohorts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap, norm, t

from core.evaluation.statistics import bootstrap_ci95, describe, expanded_tail, holm

ELEVEN = np.array([0.91, 0.88, 0.95, 0.72, 0.93, 0.64, 0.90, 0.87, 0.94, 0.81, 0.92])


def patients(n: int) -> list[str]:
    return [f"patient-{number:02d}" for number in range(n)]


def test_a_summary_by_hand() -> None:
    # sorted 1, 2, 4, 8, 10: the quartiles of five values are the second and the fourth
    found = describe(np.array([10.0, 1.0, 4.0, 8.0, 2.0]), patients(5))
    low, high = found.pop("ci95")
    assert 1 <= low < 5 < high <= 10
    assert found == {"mean": 5.0, "median": 4.0, "iqr": [2.0, 8.0], "n": 5, "n_groups": 5}


def test_quartiles_lie_between_values_where_the_count_asks_for_it() -> None:
    # a quarter of the way through 0, 1, 2, 3 is 0.75
    assert describe(np.array([0.0, 1.0, 2.0, 3.0]), patients(4))["iqr"] == [0.75, 2.25]


def test_nothing_scored_is_summarised_as_nothing() -> None:
    reason = "0 independent groups, at least 5 are needed"
    numbers = dict.fromkeys(("mean", "median", "iqr", "ci95"))
    assert describe(np.zeros(0), []) == numbers | {"n": 0, "n_groups": 0, "ci95_reason": reason}


def test_the_interval_is_scipys_percentile_bootstrap_at_the_expanded_level_up_to_the_draw() -> None:
    found = bootstrap_ci95(ELEVEN, patients(11))
    level = 1 - 2 * expanded_tail(11)
    oracle = bootstrap((ELEVEN,), np.mean, method="percentile", n_resamples=200_000, confidence_level=level, rng=0)
    interval = oracle.confidence_interval
    assert found == pytest.approx((interval.low, interval.high), abs=0.003)


def test_the_expanded_tail_is_students_with_the_variance_of_a_sample() -> None:
    # 11 groups: t of 10 degrees of freedom is 2.228, times sqrt(11 / 10)
    assert t.ppf(0.975, 10) == pytest.approx(2.228, abs=5e-4)
    assert expanded_tail(11) == pytest.approx(norm.cdf(-2.228 * np.sqrt(1.1)), rel=1e-3)
    assert expanded_tail(100_000) == pytest.approx(0.025, rel=1e-3), "many groups need no widening"


def test_nineteen_of_twenty_cohorts_of_eleven_cover_the_truth() -> None:
    rng = np.random.default_rng(1)
    truth, trials = 0.8, 1500
    plain = covered = 0
    for _ in range(trials):
        dice = rng.beta(8, 2, 11)
        low, high = bootstrap_ci95(dice, patients(11)) or (1.0, 0.0)
        covered += low <= truth <= high
        low, high = np.percentile(rng.choice(dice, (2000, 11)).mean(axis=1), [2.5, 97.5])
        plain += low <= truth <= high
    # the spread of a share of 0.95 over 1500 trials is 0.006
    assert covered / trials == pytest.approx(0.94, abs=0.02)
    assert plain / trials < 0.92, "what the widening is for"


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
