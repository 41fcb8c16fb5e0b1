"""The `evaluate` document as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.evaluation.metric_words import LEADING, leading_first, metric_title, metric_unit
from core.evaluation.rounding import in_digits, interval_in_digits
from core.evaluation.subgroup_table import subgroup_blocks
from core.evaluation.text_grid import grid, wrapped
from core.metrics import METRICS

_SUMMARY_HEAD = (
    "region", "metric", "model", "mean", "95 % CI", "median", "IQR", "n", "groups", "empty", "flagged",
)  # fmt: skip
_TESTS_HEAD = ("region", "metric", "models", "difference", "95 % CI", "p (Holm)", "effect", "n", "verdict")


def table(document: Mapping[str, Any], everything: bool = False) -> str:
    """Draw the summary, the tests, the subgroups and the conventions of an `evaluate` document.

    Dice, NSD and HD95 come first, in full and with their tests; the other metrics follow as means with intervals.

    Args:
        document: what `summarise` returned.
        everything: draw every metric in full, with its tests.

    Returns:
        Lines with aligned columns, without a final line break.
    """
    metrics = leading_first(_metrics_in(document))
    leading = metrics if everything else [name for name in metrics if name in LEADING] or metrics
    blocks = [grid(_SUMMARY_HEAD, _summary_rows(document, leading))]
    blocks += _others_block(document, [name for name in metrics if name not in leading])
    blocks += _tests_block(document, leading)
    blocks += subgroup_blocks(document, leading if everything else leading[:1])
    blocks += [*_conventions_block(document), _notes(document, everything)]
    return "\n\n".join(block for block in blocks if block)


def _metrics_in(document: Mapping[str, Any]) -> list[str]:
    return list(
        dict.fromkeys(
            metric
            for entry in document["models"].values()
            for cells in entry["summary"].values()
            for metric in cells
            if metric in METRICS
        )
    )


def _summary_rows(document: Mapping[str, Any], metrics: Sequence[str]) -> list[tuple[str, ...]]:
    rows = []
    summaries = {model: entry["summary"] for model, entry in document["models"].items()}
    for region in _regions(document):
        invented = [m for summary in summaries.values() for m in summary.get(region, {}) if m not in METRICS]
        for metric in dict.fromkeys((*metrics, *invented)):
            for model, summary in summaries.items():
                cell = summary.get(region, {}).get(metric)
                if cell is not None and (metric in METRICS or cell["n"]):
                    rows.append(_summary_row(region, metric, model, cell))
    return rows


def _summary_row(region: str, metric: str, model: str, cell: Mapping[str, Any]) -> tuple[str, ...]:
    unit = metric_unit(metric)
    return (
        region,
        metric_title(metric),
        model,
        in_digits(cell["mean"], unit),
        interval_in_digits(cell["ci95"], unit),
        in_digits(cell["median"], unit),
        interval_in_digits(cell.get("iqr"), unit),
        str(cell["n"]),
        str(cell["n_groups"]),
        str(cell["n_empty"]),
        str(cell["n_flagged"]),
    )


def _others_block(document: Mapping[str, Any], metrics: Sequence[str]) -> list[str]:
    """Draw the remaining metrics, a column per model."""
    rows = []
    for region in _regions(document):
        for metric in metrics:
            cells = [entry["summary"].get(region, {}).get(metric) for entry in document["models"].values()]
            if any(cell and cell["n"] for cell in cells):
                unit = metric_unit(metric)
                said = [f"{_mean(cell, unit)} {_interval(cell, unit)}".removesuffix(" -") for cell in cells]
                rows.append((region, metric_title(metric), *said))
    return [grid(("region", "mean, 95 % CI", *document["models"]), rows)] if rows else []


def _tests_block(document: Mapping[str, Any], metrics: Sequence[str]) -> list[str]:
    rows = []
    tests = [test for metric in metrics for test in document["tests"] if test["metric"] == metric]
    for test in tests:
        unit = metric_unit(test["metric"])
        # what the verdict adds in brackets stands in the columns beside it, but for the interval of equivalence
        said = test["verdict"].partition(" (")[0]
        if test["equivalent"]:
            said += f", 90 % CI {interval_in_digits(test['ci90'], unit, signed=True)}"
        rows.append(
            (
                test["region"],
                metric_title(test["metric"]),
                " - ".join(test["models"]),
                in_digits(test["mean_difference"], unit, signed=True),
                interval_in_digits(test["ci95"], unit, signed=True),
                in_digits(test["p_holm"], ""),
                in_digits(test["rank_biserial"], "", signed=True),
                str(test["n"]),
                said if test["reason"] is None else f"{said}: {test['reason']}",
            )
        )
    return [grid(_TESTS_HEAD, rows)] if rows else []


def _conventions_block(document: Mapping[str, Any]) -> list[str]:
    """Draw the same masks' Dice in every convention, one row per convention and region, a column per model."""
    if not document.get("conventions"):
        return []
    conventions, definitions = document["conventions"], document["convention_definitions"]
    # models that leak have rows of their own and stand nowhere else
    models = list(dict.fromkeys([*document["models"], *(model for row in conventions.values() for model in row)]))
    rows = []
    for region in dict.fromkeys(r for by_model in conventions.values() for cells in by_model.values() for r in cells):
        for name, by_model in conventions.items():
            cells = [by_model.get(model, {}).get(region) or {"mean": None, "n": 0} for model in models]
            means = [f"{in_digits(cell['mean'], '')} (n {cell['n']})" if cell["n"] else "-" for cell in cells]
            rows.append((region, definitions[name]["title"], *means))
    lines = [f"{each['title']}: {each['definition']}" for each in definitions.values()]
    return [grid(("region", "Dice of the same masks", *models), rows), wrapped(lines)]


def _notes(document: Mapping[str, Any], everything: bool) -> str:
    policy, empty = document["policy"], document["policy"]["empty_masks"]
    columns = "n counts cases that every model has, empty those without the region, flagged those scored by policy"
    lines = [
        f"Groups: {document['group_kind']}; {columns}.",
        f"Empty masks ({empty['name']}): {empty['words']}.",
        f"Interval: {policy['interval']}; none under {policy['minimum_groups']} groups. IQR: first to third quartile.",
    ]
    if document["tests"]:
        lines.append(f"Test: {policy['test']}.")
    lines += [
        f"{title}: {policy[key]}."
        for title, key in (("Equivalence", "equivalence"), ("Subgroups", "subgroups"))
        if key in policy
    ]
    lines += [f"{metric_title(name)}: {policy['metrics'][name]['definition']}." for name in _defined(policy)]
    if "nsd" in policy["metrics"] and "nsd_tolerance_mm" in policy:
        lines.append(f"NSD's tolerance here: {policy['nsd_tolerance_mm']:g} mm.")
    if not everything and any(test["metric"] not in LEADING for test in document["tests"]):
        lines.append("The tests of the other metrics: --all, or --json.")
    if left := document["not_compared"]:
        lines.append(f"Not compared, as a model lacks them: {', '.join(entry['case'] for entry in left)}.")
    for sentence in document.get("leaking", {}).values():
        lines.append(f"Scored in the table of conventions alone: {sentence}.")
    if dropped := document["dropped"]:
        lines.append("Dropped: " + "; ".join(_dropped(entry) for entry in dropped) + ".")
    return wrapped(lines)


def _defined(policy: Mapping[str, Any]) -> list[str]:
    return leading_first(list(policy["metrics"]))


def _regions(document: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(region for entry in document["models"].values() for region in entry["summary"]))


def _mean(cell: Mapping[str, Any] | None, unit: str) -> str:
    return in_digits(cell["mean"] if cell else None, unit)


def _interval(cell: Mapping[str, Any] | None, unit: str) -> str:
    return interval_in_digits(cell["ci95"] if cell else None, unit)


def _dropped(entry: Mapping[str, Any]) -> str:
    part = entry.get("matches_part")
    seen = f" (in its {part} part)" if part else ""
    return f"{entry.get('case')} for {entry.get('model')}{seen}"
