"""The paired tests as sentences that a paper could carry, and as a table for the appendix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.export.report.formatting import ABSENT, JOINED, interval, number, p_value, plural
from core.export.report.scored import Document, metric_title, metric_unit, regions_of
from core.export.report.table import Table

SIGNIFICANCE = 0.05

Test = Mapping[str, Any]


def sentences(document: Document, metric: str) -> list[tuple[str, list[str]]]:
    """Return the tests of one metric: region, and a sentence per pair of models."""
    tests = [test for test in document["tests"] if test["metric"] == metric]
    return [
        (region, [_sentence(document, test) for test in tests if test["region"] == region])
        for region in dict.fromkeys(test["region"] for test in tests)
    ]


def _sentence(document: Document, test: Test) -> str:
    first, second = test["models"]
    if test["mean_difference"] is None or test["p_holm"] is None:
        reason = f", for {test['reason']}" if test["reason"] else ""
        return f"{first} and {second}: {_short_verdict(test)}{reason}."
    unit = metric_unit(document, test["metric"])
    shown_unit = f" {unit}" if unit else ""
    said = f"{first} minus {second}: mean difference {number(test['mean_difference'], unit, signed=True)}{shown_unit}"
    if test["ci95"] is not None:
        said += f", 95 % CI {interval(test['ci95'], unit, signed=True)}"
    effect = "" if test["rank_biserial"] is None else f", rank-biserial {number(test['rank_biserial'], signed=True)}"
    evidence = f"p{JOINED}{p_value(test['p_holm'])} after Holm over {plural(test['family_size'], 'test')}{effect}"
    counted = f"n{JOINED}={JOINED}{_counted(document, test)}"
    return f"{said}, {counted}; {_short_verdict(test)} ({evidence}){_equivalence(test, unit)}."


def _counted(document: Document, test: Test) -> str:
    kind = document["group_kind"]
    word = "case" if kind == "unknown" else kind
    if test["n"] == test["n_groups"]:
        return plural(test["n"], word)
    return f"{plural(test['n'], 'case')} of {plural(test['n_groups'], word)}"


def _short_verdict(test: Test) -> str:
    """Return the verdict without the numbers that the sentence gives itself."""
    verdict = str(test["verdict"])
    if verdict.startswith(("no difference shown (", "equivalent within ")):  # anything else may be a model's name
        verdict = verdict.partition(" (")[0]
    smallest = test.get("smallest_p")
    if verdict == "no difference shown" and smallest is not None and smallest * test["family_size"] >= SIGNIFICANCE:
        return f"{verdict}, and too few to show any"
    return verdict


def _equivalence(test: Test, unit: str) -> str:
    if test.get("margin") is None or test.get("ci90") is None:
        return ""
    within = f"±{test['margin']:g}{f' {unit}' if unit else ''}"
    bounds = interval(test["ci90"], unit, signed=True)
    if test["equivalent"]:
        return f"; the 90 % CI {bounds} lies inside the margin of {within}"
    return f"; equivalence within {within} is not shown, 90 % CI {bounds}"


def tests_table(document: Document) -> Table | None:
    """Return every test, by metric and region; None where models were not compared."""
    order = regions_of(document)
    metrics = list(dict.fromkeys(test["metric"] for test in document["tests"]))
    tests: Sequence[Test] = sorted(
        document["tests"], key=lambda test: (metrics.index(test["metric"]), order.index(test["region"]))
    )
    if not tests:
        return None
    head = ("Score", "Models", "Difference", "95 % CI", "p (Holm)", "Effect", "n", "Verdict")
    rows = tuple(_row(document, test) for test in tests)
    return Table("Every paired test between models.", head, rows, 2, wordy=(7,))


def _row(document: Document, test: Test) -> tuple[str, ...]:
    unit = metric_unit(document, test["metric"])
    verdict = _short_verdict(test) if test["reason"] is None else f"{_short_verdict(test)}: {test['reason']}"
    return (
        f"{metric_title(document, test['metric'])}, {test['region']}",
        " − ".join(test["models"]),
        number(test["mean_difference"], unit, signed=True),
        interval(test["ci95"], unit, signed=True),
        _bare(test["p_holm"]),
        number(test["rank_biserial"], signed=True),
        str(test["n"]),
        verdict,
    )


def _bare(p: float | None) -> str:
    return ABSENT if p is None else p_value(p).removeprefix(f"={JOINED}")
