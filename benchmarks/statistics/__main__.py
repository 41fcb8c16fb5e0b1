"""How often intervals cover the truth and tests raise a false alarm, on simulated cohorts.

`python -m benchmarks.statistics` writes results.json and results.md.

Scores are drawn from distributions whose mean is known: Dice as beta(8, 2), HD95 as a log-normal, and differences
between two models, also with one patient in ten far off.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.machine import describe_machine, machine_line
from core.evaluation.paired import TESTS, compare_paired, two_one_sided_tests
from core.evaluation.statistics import RESAMPLES, SIGNIFICANCE, expanded_tail

HERE = Path(__file__).parent
COHORTS = 2000
TESTED = 500  # cohorts for each number of false alarms
SIZES = (5, 8, 11, 20, 50)
MARGIN = 0.05

Values = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Values]


def _mixed(rng: np.random.Generator, n: int) -> Values:
    return rng.normal(0, 0.02, n) + np.where(rng.random(n) < 0.1, rng.normal(0, 0.2, n), 0)


DRAWN: dict[str, tuple[Draw, float]] = {
    "Dice": (lambda rng, n: rng.beta(8, 2, n), 0.8),
    "HD95": (lambda rng, n: rng.lognormal(1.5, 0.8, n), float(np.exp(1.5 + 0.8**2 / 2))),
    "difference, normal": (lambda rng, n: rng.normal(0, 0.05, n), 0.0),
    "difference, one in ten far off": (_mixed, 0.0),
}


def main() -> None:
    """Simulate, and write results.json and results.md."""
    results: dict[str, Any] = {
        "cohorts": COHORTS,
        "cohorts_tested": TESTED,
        "coverage": {name: [_coverage(draw, truth, n) for n in SIZES] for name, (draw, truth) in DRAWN.items()},
        "alarms": [_alarms(n) for n in SIZES],
        "machine": describe_machine(("numpy", "scipy")),
    }
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (HERE / "results.md").write_text(_page(results), encoding="utf-8")


def _coverage(draw: Draw, truth: float, n: int) -> dict[str, Any]:
    rng = np.random.default_rng(n)
    scores = np.stack([draw(rng, n) for _ in range(COHORTS)])
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=RESAMPLES)
    means = scores @ drawn.T / n
    tails = {"plain": 0.025, "expanded": expanded_tail(n)}
    found: dict[str, Any] = {"n": n}
    for name, tail in tails.items():
        low, high = np.quantile(means, (tail, 1 - tail), axis=1)
        found[name] = float(((low <= truth) & (truth <= high)).mean())
    return found


def _alarms(n: int) -> dict[str, Any]:
    """Count differences shown between models that are alike, and equivalence shown of two that are a margin apart."""
    rng = np.random.default_rng([n, 1])
    groups = [f"{number:03d}" for number in range(n)]
    shown = dict.fromkeys(TESTS, 0)
    equivalent = 0
    for _ in range(TESTED):
        first, second = rng.beta(8, 2, (2, n))
        for test in TESTS:
            shown[test] += (compare_paired(first, second, groups, test).p or 0.0) < SIGNIFICANCE
        p = two_one_sided_tests(MARGIN + rng.beta(8, 2, n) - 0.8, MARGIN)[1]
        equivalent += p is not None and p < SIGNIFICANCE
    return {"n": n, **{test: count / TESTED for test, count in shown.items()}, "tost": equivalent / TESTED}


COVERS = """Share of cohorts whose 95 % interval of the mean holds the true mean: plain percentiles of the bootstrap,
and the expanded ones (Hesterberg 2015) that every table here shows. HD95 is drawn with a long tail: under 50 patients
no interval of its mean holds what it promises."""
ERRS = """Share of cohorts in which a test at 5 % is wrong: a difference shown between models that are alike, and
equivalence shown between models that are exactly the margin apart."""


def _page(results: dict[str, Any]) -> str:
    head = " | ".join(f"n = {n}, plain | expanded" for n in SIZES)
    covered = [
        f"| {name} | " + " | ".join(f"{cell['plain']:.3f} | {cell['expanded']:.3f}" for cell in cells) + " |"
        for name, cells in results["coverage"].items()
    ]
    wrong = [
        f"| {cell['n']} | {cell['wilcoxon']:.3f} | {cell['permutation']:.3f} | {cell['tost']:.3f} |"
        for cell in results["alarms"]
    ]
    made = f"Made by `python -m benchmarks.statistics`: {results['cohorts']:,} simulated cohorts for each coverage, "
    made += f"{results['cohorts_tested']:,} for each false alarm."
    blocks = [
        "# What the intervals cover, and how often the tests are wrong",
        f"{made}\n{COVERS}",
        "\n".join([f"| scores | {head} |", f"|---|{'---:|' * 2 * len(SIZES)}", *covered]),
        ERRS,
        "\n".join(["| n | Wilcoxon | permutation | two one-sided tests |", "|---:|---:|---:|---:|", *wrong]),
        f"On {machine_line(results['machine'])}.",
    ]
    return "\n\n".join(blocks) + "\n"


if __name__ == "__main__":
    main()
