"""Two models on the same patients: is there a difference, how large is it, and is it small enough not to matter.

The tests see one difference per group, for a patient's visits are not independent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.evaluation.statistics import SEED, SIGNIFICANCE, Values, bootstrap_ci95, per_group, too_few

Test = Literal["wilcoxon", "permutation"]
TESTS: tuple[Test, ...] = ("wilcoxon", "permutation")

# up to so many groups that differ, every pattern of signs is counted: 2^14 of them
EXACT_GROUPS = 14
SIGN_DRAWS = 9999

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
        p: two-sided p of the test, or None without a test.
        rank_biserial: effect size in -1..1, positive where the first is larger, or None without a test.
        reason: why there is no test.
        test: which test gave p.
        ci90: Student's 90 % interval of the mean difference over groups, which decides equivalence.
        margin: the difference, in the metric's unit, that would matter; None where none was stated.
        p_equivalence: the larger p of the two one-sided tests, None without a margin or a test.
        equivalent: whether both one-sided tests reject at 5 %, so that ci90 lies inside ±margin; None likewise.
        smallest_p: the smallest p that so many groups can give, were all signs to agree.
    """

    n: int
    n_groups: int
    mean_difference: float | None
    ci95: tuple[float, float] | None
    p: float | None
    rank_biserial: float | None
    reason: str | None
    test: Test = "wilcoxon"
    ci90: tuple[float, float] | None = None
    margin: float | None = None
    p_equivalence: float | None = None
    equivalent: bool | None = None
    smallest_p: float | None = None


def compare_paired(
    first: Values, second: Values, groups: Sequence[str], test: Test = "wilcoxon", margin: float | None = None
) -> PairedComparison:
    """Compare two models on the same cases.

    Args:
        first: (N,) float64, one model's scores.
        second: (N,) float64, the other's, in the same order of cases.
        groups: the group of each case.
        test: `wilcoxon` is exact up to 50 groups without ties or zeros (14 with them), a normal approximation
            above; `permutation` flips the signs of the groups' differences, exact up to 14 groups that differ.
            Without any difference p is 1 and the effect 0.
        margin: the difference that would matter, above 0; asks whether the models are equivalent within it.

    Returns:
        Under five groups no interval and no test, with the reason.

    Raises:
        ValueError: the margin is no number above 0.

    Reference:
        F. Wilcoxon, Individual comparisons by ranking methods, Biometrics Bulletin 1, 1945;
        D. S. Kerby, The simple difference formula, Comprehensive Psychology 3, 2014 (rank-biserial).
    """
    if margin is not None and not (math.isfinite(margin) and margin > 0):
        raise ValueError(f"found a margin of {margin}; expected the smallest difference that matters, a number above 0")
    differences = first - second
    sums, sizes = per_group(differences, groups)
    n, n_groups = differences.size, sizes.size
    mean = float(differences.mean()) if n else None
    if reason := too_few(n_groups):
        return PairedComparison(n, n_groups, mean, None, None, None, reason, test, margin=margin)
    each = np.round(sums / sizes, _DECIMALS_OF_TIES)
    p = _signed_rank_p(each) if test == "wilcoxon" else sign_flip_p(np.round(sums, _DECIMALS_OF_TIES))
    ci90, p_equivalence = two_one_sided_tests(sums / sizes, margin)
    return PairedComparison(
        n,
        n_groups,
        mean,
        bootstrap_ci95(differences, groups),
        p,
        _rank_biserial(each),
        None,
        test,
        ci90,
        margin,
        p_equivalence,
        None if p_equivalence is None else p_equivalence < SIGNIFICANCE,
        _smallest_p(n_groups, test),
    )


def sign_flip_p(sums: Values) -> float:
    """Return the two-sided p of the mean difference when each group's sign might as well be the other.

    Args:
        sums: (G,) float64, each group's summed difference, so that their total over all cases is the mean difference
            that is reported. Groups without a difference change nothing and are left out.

    Returns:
        Up to 14 groups the share of all 2^G sign patterns that are as extreme, else (1 + extreme) / (1 + 9999) over
        seeded draws of signs; 1 without any difference.

    Reference:
        R. A. Fisher, The Design of Experiments, 1935, ch. 3; B. Phipson and G. K. Smyth, Permutation p-values should
        never be zero, Statistical Applications in Genetics and Molecular Biology 9, 2010 (drawn patterns).
    """
    sums = sums[sums != 0]
    if sums.size == 0:
        return 1.0
    exact = sums.size <= EXACT_GROUPS
    signs = _every_sign(sums.size) if exact else _drawn_signs(sums.size)
    totals = np.abs(np.einsum("dg,g->d", signs.astype(np.float64), sums))
    rounding = np.abs(sums).sum() * 10.0**-_DECIMALS_OF_TIES
    extreme = int((totals >= abs(sums.sum()) - rounding).sum())
    return extreme / len(totals) if exact else (extreme + 1) / (len(totals) + 1)


def two_one_sided_tests(differences: Values, margin: float | None = None) -> tuple[tuple[float, float], float | None]:
    """Ask whether a mean difference is shown to lie inside ±margin.

    Two one-sided paired t-tests at 5 % both reject exactly when Student's 90 % interval lies inside ±margin. The t form
    is taken because it keeps its level at a dozen patients, where a bootstrap interval is too narrow, and because one
    outlying difference widens it.

    Args:
        differences: (G,) float64, one mean difference per group, two or more.
        margin: the difference that would matter, or None.

    Returns:
        The 90 % interval, and the larger p of the two tests (None without a margin). Differences that are all the same
        have an interval without width, and p is 0 inside the margin and 1 outside.

    Reference:
        D. J. Schuirmann, A comparison of the two one-sided tests procedure and the power approach for assessing the
        equivalence of average bioavailability, J. Pharmacokinetics and Biopharmaceutics 15, 1987;
        D. Lakens, Equivalence tests, Social Psychological and Personality Science 8, 2017 (paired form).
    """
    from scipy.special import stdtr, stdtrit

    mean = float(differences.mean())
    freedom = differences.size - 1
    error = float(differences.std(ddof=1)) / math.sqrt(differences.size)
    reach = float(stdtrit(freedom, 1 - SIGNIFICANCE)) * error
    interval = (mean - reach, mean + reach)
    if margin is None:
        return interval, None
    room = margin - abs(mean)
    if error == 0:
        return interval, 0.0 if room > 0 else 1.0
    return interval, float(stdtr(freedom, -room / error))


def _smallest_p(n_groups: int, test: Test) -> float:
    """Return the p of signs that all agree: 2 of 2^n patterns, or the least that drawn patterns can give."""
    drawn = test == "permutation" and n_groups > EXACT_GROUPS
    return 1 / (SIGN_DRAWS + 1) if drawn else float(2.0 ** (1 - n_groups))


def _signed_rank_p(differences: Values) -> float:
    differences = differences[differences != 0]
    if differences.size == 0:
        return 1.0
    if differences.size <= EXACT_GROUPS:
        # what SciPy gives too, which takes a second for each test with ties
        return sign_flip_p(_ranks(differences) * np.sign(differences))
    from scipy.stats import wilcoxon

    return float(wilcoxon(differences).pvalue)


def _rank_biserial(differences: Values) -> float:
    differences = differences[differences != 0]
    if differences.size == 0:
        return 0.0
    ranks = _ranks(differences)
    return float((ranks * np.sign(differences)).sum() / ranks.sum())


def _ranks(differences: Values) -> Values:
    """Return the rank of each size from 1, ties sharing their mean."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(np.abs(differences)), np.float64)


@lru_cache(maxsize=EXACT_GROUPS)
def _every_sign(n_groups: int) -> npt.NDArray[np.int8]:
    """Return all patterns of signs, (2^n, n) of -1 and 1."""
    patterns = np.arange(2**n_groups)[:, np.newaxis] >> np.arange(n_groups) & 1
    return (1 - 2 * patterns).astype(np.int8)


@lru_cache(maxsize=EXACT_GROUPS)
def _drawn_signs(n_groups: int) -> npt.NDArray[np.int8]:
    """Return drawn patterns of signs, (SIGN_DRAWS, n) of -1 and 1."""
    drawn = np.random.default_rng(SEED).integers(2, size=(SIGN_DRAWS, n_groups), dtype=np.int8)
    return np.asarray(1 - 2 * drawn, np.int8)
