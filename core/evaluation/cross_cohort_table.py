"""What models trained on one cohort score on another, as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.evaluation.metric_words import LEADING, leading_first, metric_title, metric_unit
from core.evaluation.rounding import in_digits, interval_in_digits
from core.evaluation.text_grid import grid, wrapped


def cross_cohort_text(table: Mapping[str, Any], metrics: Sequence[str] = LEADING) -> str:
    """Draw what `cross_cohort` returned: rows trained on, columns scored on, cells mean, interval and n.

    Args:
        table: of `cross_cohort`.
        metrics: which of its metrics.

    Returns:
        Lines with aligned columns, without a final line break. A cohort that a model was trained on is marked `*`.
    """
    columns = [column["cohort"] for column in table["columns"]]
    present = {
        (region, metric): None
        for by_cohort in table["cells"].values()
        for regions in by_cohort.values()
        for region, cells in regions.items()
        for metric in cells
    }
    wanted = leading_first([name for name in metrics if any(metric == name for _, metric in present)])
    rows = [
        (
            region,
            metric_title(metric),
            f"{row['trained_on']} ({row['model']})",
            *(_said(table["cells"][row["model"]][column], region, metric, row, column) for column in columns),
        )
        for region in dict.fromkeys(region for region, _ in present)
        for metric in wanted
        for row in table["rows"]
    ]
    head = ("region", "metric", "trained on", *(f"on {column}" for column in columns))
    lines = [f"Each number is {table['words']}.", "*: the cohort that the model was trained on."]
    lines += [
        f"Dropped on {cohort}, as a model had seen the patient: {len(entries)} scores."
        for cohort, entries in table["dropped"].items()
        if entries
    ]
    return f"{grid(head, rows)}\n\n{wrapped(lines)}"


def _said(regions: Mapping[str, Any], region: str, metric: str, row: Mapping[str, str], column: str) -> str:
    cell = regions.get(region, {}).get(metric)
    if cell is None or not cell["n"]:
        return "-"
    unit = metric_unit(metric)
    interval = f" {interval_in_digits(cell['ci95'], unit)}" if cell["ci95"] else ""
    mark = " *" if row["trained_on"] == column else ""
    return f"{in_digits(cell['mean'], unit)}{interval} (n {cell['n']}){mark}"
