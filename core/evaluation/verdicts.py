"""What a paired comparison allows one to say, as a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from core.evaluation.paired import PairedComparison
from core.evaluation.rounding import in_digits
from core.evaluation.statistics import SIGNIFICANCE
from core.metrics import METRICS

NOT_TESTED = "not tested"


def verdict(
    metric: str, models: Sequence[str], comparison: PairedComparison, p_holm: float | None, family_size: int = 1
) -> str:
    """Say which model is better, that no difference was shown, or that they are equivalent.

    A difference that is not significant is not an equivalence: that takes two one-sided tests and a margin.

    Args:
        metric: a name out of `METRICS`.
        models: the first and the second.
        comparison: of the first with the second.
        p_holm: the adjusted p, or None without a test.
        family_size: how many tests it was adjusted for.
    """
    if p_holm is None or comparison.mean_difference is None:
        return NOT_TESTED
    unit = METRICS[metric].unit
    within = "" if comparison.margin is None else f"within ±{comparison.margin:g}{f' {unit}' if unit else ''}"
    if p_holm < SIGNIFICANCE:
        said = f"{models[0 if _first_is_better(metric, comparison) else 1]} is better"
        return f"{said}, by less than matters: equivalent {within}" if comparison.equivalent else said
    counted = _counted(comparison)
    difference = f"difference {in_digits(comparison.mean_difference, unit, signed=True)}{f' {unit}' if unit else ''}"
    if comparison.equivalent:
        return f"equivalent {within} ({counted}, {difference}, 90 % CI {_span(comparison.ci90, unit)})"
    found = [counted, difference, f"95 % CI {_span(comparison.ci95, unit)}"]
    if comparison.equivalent is False:
        found.append(f"nor equivalence {within}, 90 % CI {_span(comparison.ci90, unit)}")
    if comparison.smallest_p is not None and comparison.smallest_p * family_size >= SIGNIFICANCE:
        found.append("too few to show any")
    return f"no difference shown ({', '.join(found)})"


def _first_is_better(metric: str, comparison: PairedComparison) -> bool:
    larger = comparison.rank_biserial if comparison.test == "wilcoxon" else comparison.mean_difference
    return ((larger or 0.0) > 0) == (METRICS[metric].direction == "higher")


def _counted(comparison: PairedComparison) -> str:
    n, groups = comparison.n, comparison.n_groups
    return f"n = {n}" if n == groups else f"n = {n} in {groups} groups"


def _span(interval: tuple[float, float] | None, unit: str) -> str:
    assert interval is not None  # whatever is tested has one
    low, high = (in_digits(end, unit) for end in interval)
    return f"{low} to {high}"
