"""The paired tests as sentences that a paper could carry, and as a table for the appendix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.export.report.formatting import ABSENT, interval, number, p_value, plural
from core.export.report.scored import Document, metric_title, metric_unit
from core.export.report.table import Table, without_repeats

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
    unit = metric_unit(document, test["metric"])
    if test["mean_difference"] is None:
        return f"{first} and {second}: {_verdict(test)}."
    shown_unit = f" {unit}" if unit else ""
    difference = f"{number(test['mean_difference'], unit, signed=True)}{shown_unit}"
    said = f"{first} minus {second}: mean difference {difference}"
    if test["ci95"] is not None:
        said += f", 95 % CI {interval(test['ci95'], unit, signed=True)}"
    return f"{said}, n = {test['n']}{_groups(document, test)}; {_verdict(test)}{_evidence(test)}."


def _groups(document: Document, test: Test) -> str:
    kind = document["group_kind"]
    word = "case" if kind == "unknown" else kind
    if test["n"] == test["n_groups"]:
        return f" {word}{'' if test['n'] == 1 else 's'}"
    return f" cases of {plural(test['n_groups'], word)}"


def _verdict(test: Test) -> str:
    return test["verdict"] if test["reason"] is None else f"{test['verdict']}, for {test['reason']}"


def _evidence(test: Test) -> str:
    if test["p_holm"] is None:
        return ""
    effect = number(test["rank_biserial"], signed=True)
    return f" (p {p_value(test['p_holm'])} after Holm over {test['family_size']} tests, rank-biserial {effect})"


def tests_table(tests: Sequence[Test], document: Document) -> Table:
    """Return every test, in the document's order."""
    rows = []
    for test in tests:
        unit = metric_unit(document, test["metric"])
        verdict = test["verdict"] if test["reason"] is None else f"{test['verdict']}: {test['reason']}"
        rows.append(
            (
                metric_title(document, test["metric"]),
                test["region"],
                " − ".join(test["models"]),
                number(test["mean_difference"], unit, signed=True),
                interval(test["ci95"], unit, signed=True),
                _bare(test["p"]),
                _bare(test["p_holm"]),
                number(test["rank_biserial"], signed=True),
                str(test["n"]),
                verdict,
            )
        )
    head = ("Metric", "Region", "Models", "Difference", "95 % CI", "p", "p (Holm)", "Effect", "n", "Verdict")
    return Table("Every paired test between models.", head, without_repeats(rows, 2), 3, wordy=(9,))


def _bare(p: float | None) -> str:
    return ABSENT if p is None else p_value(p).removeprefix("= ")
