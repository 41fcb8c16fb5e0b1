"""Intervals and tests over patients.

Cases of one group (a patient's visits, slices of one source image) are not independent: the bootstrap draws
whole groups and the test sees one difference per group. Everything is a function of the values alone: the
same scores give the same intervals, whatever the order of the cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

MINIMUM_GROUPS = 5
RESAMPLES = 5000
SEED = 20240229
CONFIDENCE = 0.95
SIGNIFICANCE = 0.05

# Differences that are equal on paper must tie in the ranks, and rounding errors are far below this.
_DECIMALS_OF_TIES = 12


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """Two models on the same cases.

    Attributes:
        n: cases.
        n_groups: independent groups, the sample size of the test.
        mean_difference: mean of first - second over cases.
        ci95: bootstrap interval of the mean difference, or None under five groups.
        p: two-sided p of the Wilcoxon signed-rank test, or None without a test.
        rank_biserial: effect size in -1..1, positive where the first is larger, or None without a test.
        reason: why there is no test.
    """

    n: int
    n_groups: int
    mean_difference: float | None
    ci95: tuple[float, float] | None
    p: float | None
    rank_biserial: float | None
    reason: str | None


def too_few(n_groups: int) -> str | None:
    """Say why so few groups get neither interval nor test; None where there are enough."""
    if n_groups >= MINIMUM_GROUPS:
        return None
    return f"{n_groups} independent groups, at least {MINIMUM_GROUPS} are needed"


def bootstrap_ci95(values: Values, groups: Sequence[str]) -> tuple[float, float] | None:
    """Return the percentile-bootstrap 95 % interval of the mean, drawing whole groups.

    Args:
        values: (N,) float64, one per case.
        groups: the group of each case.

    Returns:
        (low, high), or None under five groups.

    Reference:
        B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13 (percentile interval);
        A. C. Davison and D. V. Hinkley, Bootstrap Methods and their Application, 1997, 3.8 (whole groups).
    """
    sums, sizes = _per_group(values, groups)
    if too_few(sizes.size):
        return None
    draws = np.random.default_rng(SEED).integers(sizes.size, size=(RESAMPLES, sizes.size), dtype=np.int32)
    means = sums[draws].sum(axis=1) / sizes[draws].sum(axis=1)
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(means, [tail, 100 - tail])
    return float(low), float(high)


def compare_paired(first: Values, second: Values, groups: Sequence[str]) -> PairedComparison:
    """Compare two models on the same cases.

    The test is exact up to 50 groups without ties or zeros (13 with them), a normal approximation above.
    Groups without a difference are left out of it; without any difference p is 1 and the effect 0.

    Args:
        first: (N,) float64, one model's scores.
        second: (N,) float64, the other's, in the same order of cases.
        groups: the group of each case.

    Reference:
        F. Wilcoxon, Individual comparisons by ranking methods, Biometrics Bulletin 1, 1945;
        D. S. Kerby, The simple difference formula, Comprehensive Psychology 3, 2014 (rank-biserial).
    """
    differences = first - second
    sums, sizes = _per_group(differences, groups)
    mean = float(differences.mean()) if differences.size else None
    if reason := too_few(sizes.size):
        return PairedComparison(differences.size, sizes.size, mean, None, None, None, reason)
    p, effect = _signed_rank(np.round(sums / sizes, _DECIMALS_OF_TIES))
    ci95 = bootstrap_ci95(differences, groups)
    return PairedComparison(differences.size, sizes.size, mean, ci95, p, effect, None)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust the p-values of one family so that its chance of any false alarm stays below the level.

    Reference:
        S. Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statistics 6, 1979.
    """
    adjusted = [0.0] * len(p_values)
    running = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = running
    return adjusted


def _signed_rank(differences: Values) -> tuple[float, float]:
    differences = differences[differences != 0]
    if differences.size == 0:
        return 1.0, 0.0
    from scipy.stats import rankdata, wilcoxon

    ranks = rankdata(np.abs(differences))
    effect = float((ranks * np.sign(differences)).sum() / ranks.sum())
    return float(wilcoxon(differences).pvalue), effect


def _per_group(values: Values, groups: Sequence[str]) -> tuple[Values, Values]:
    names, index = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
    sums, sizes = (np.bincount(index, weights, names.size) for weights in (values, np.ones_like(values)))
    return sums.astype(np.float64), sizes.astype(np.float64)
