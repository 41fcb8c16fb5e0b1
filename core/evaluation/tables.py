"""The `evaluate` document as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

from core.metrics import METRICS

WIDTH = 100
_DECIMALS = {"": 3, "mm": 1, "voxels": 1, "ml": 1}


def table(document: Mapping[str, Any]) -> str:
    """Draw the summary, the tests and the conventions of an `evaluate` document.

    Args:
        document: what `summarise` returned.

    Returns:
        Lines with aligned columns, without a final line break.
    """
    blocks = [_grid(_SUMMARY_HEAD, _summary_rows(document)), *_tests_block(document), *_conventions_block(document)]
    blocks += _notes(document)
    return "\n\n".join(block for block in blocks if block)


_SUMMARY_HEAD = ("region", "metric", "model", "mean", "95 % CI", "median", "n", "groups", "empty", "flagged")
_TESTS_HEAD = ("region", "metric", "models", "difference", "95 % CI", "p (Holm)", "effect", "n", "verdict")


def _summary_rows(document: Mapping[str, Any]) -> list[tuple[str, ...]]:
    rows = []
    summaries = {model: entry["summary"] for model, entry in document["models"].items()}
    for region in dict.fromkeys(region for summary in summaries.values() for region in summary):
        metrics = dict.fromkeys(m for summary in summaries.values() for m in summary.get(region, {}))
        for metric in metrics:
            for model, summary in summaries.items():
                cell = summary.get(region, {}).get(metric)
                if cell is not None and (metric in METRICS or cell["n"]):
                    rows.append(_summary_row(region, metric, model, cell))
    return rows


def _summary_row(region: str, metric: str, model: str, cell: Mapping[str, Any]) -> tuple[str, ...]:
    unit = _unit(metric)
    return (
        region,
        _title(metric),
        model,
        _number(cell["mean"], unit),
        _interval(cell["ci95"], unit),
        _number(cell["median"], unit),
        str(cell["n"]),
        str(cell["n_groups"]),
        str(cell["n_empty"]),
        str(cell["n_flagged"]),
    )


def _tests_block(document: Mapping[str, Any]) -> list[str]:
    tests = document["tests"]
    if not tests:
        return []
    rows = []
    for test in tests:
        unit = _unit(test["metric"])
        rows.append(
            (
                test["region"],
                _title(test["metric"]),
                " - ".join(test["models"]),
                _number(test["mean_difference"], unit, signed=True),
                _interval(test["ci95"], unit, signed=True),
                _number(test["p_holm"], ""),
                _number(test["rank_biserial"], "", signed=True),
                str(test["n"]),
                test["verdict"] if test["reason"] is None else f"{test['verdict']}: {test['reason']}",
            )
        )
    return [_grid(_TESTS_HEAD, rows)]


def _conventions_block(document: Mapping[str, Any]) -> list[str]:
    """Draw the same masks' Dice in every convention, one row per convention and region, a column per model."""
    if not document.get("conventions"):
        return []
    conventions, definitions = document["conventions"], document["convention_definitions"]
    models = list(document["models"])
    rows = []
    for region in dict.fromkeys(r for by_model in conventions.values() for cells in by_model.values() for r in cells):
        for name, by_model in conventions.items():
            cells = [by_model[model].get(region) or {"mean": None, "n": 0} for model in models]
            means = [f"{_number(cell['mean'], '')} (n {cell['n']})" if cell["n"] else "-" for cell in cells]
            rows.append((region, definitions[name]["title"], *means))
    lines = [f"{each['title']}: {each['definition']}" for each in definitions.values()]
    return [_grid(("region", "Dice of the same masks", *models), rows), _wrapped(lines)]


def _notes(document: Mapping[str, Any]) -> list[str]:
    policy, empty = document["policy"], document["policy"]["empty_masks"]
    columns = "n counts cases that every model has, empty those without the region, flagged those scored by policy"
    lines = [
        f"Groups: {document['group_kind']}; {columns}.",
        f"Empty masks ({empty['name']}): {empty['words']}.",
        f"Interval: {policy['interval']}; none under {policy['minimum_groups']} groups.",
    ]
    if document["tests"]:
        lines.append(f"Test: {policy['test']}.")
    lines += [f"{_title(name)}: {metric['definition']}." for name, metric in policy["metrics"].items()]
    if left := document["not_compared"]:
        lines.append(f"Not compared, as a model lacks them: {', '.join(entry['case'] for entry in left)}.")
    if dropped := document["dropped"]:
        lines.append("Dropped: " + "; ".join(_dropped(entry) for entry in dropped) + ".")
    return [_wrapped(lines)]


def _wrapped(lines: Sequence[str]) -> str:
    return "\n".join("\n".join(wrap(line, WIDTH, subsequent_indent="  ", break_on_hyphens=False)) for line in lines)


def _dropped(entry: Mapping[str, Any]) -> str:
    part = entry.get("matches_part")
    seen = f" (in its {part} part)" if part else ""
    return f"{entry.get('case')} for {entry.get('model')}{seen}"


def _grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "No case was scored."
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    number = [all(row[i] and (row[i][0] in "-+0123456789[") for row in rows) for i in range(len(head))]
    lines = (
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, number, strict=True)
        )
        for row in (head, tuple("-" * width for width in widths), *rows)
    )
    return "\n".join(line.rstrip() for line in lines)


def _title(metric: str) -> str:
    if metric in METRICS:
        spec = METRICS[metric]
        return f"{spec.title} ({spec.unit})" if spec.unit else spec.title
    return {"false_positive_ml": "False pos. (ml)", "false_positive_rate": "False pos. rate"}[metric]


def _unit(metric: str) -> str:
    if metric in METRICS:
        return METRICS[metric].unit
    return "ml" if metric.endswith("_ml") else ""


def _number(value: float | None, unit: str, *, signed: bool = False) -> str:
    if value is None:
        return "-"
    return f"{value:{'+' if signed else ''}.{_DECIMALS.get(unit, 3)}f}"


def _interval(ci95: Sequence[float] | None, unit: str, *, signed: bool = False) -> str:
    if ci95 is None:
        return "-"
    low, high = (_number(value, unit, signed=signed) for value in ci95)
    return f"[{low}, {high}]"
