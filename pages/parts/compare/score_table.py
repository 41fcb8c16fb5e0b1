"""The table of one metric: a row per region and model, with interval, quartiles and the number of patients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.evaluation.comparison import comparable, number, shared_cases
from pages.parts.compare.grid import Cell, Row, draw_grid
from pages.parts.compare.metric_words import best_of, interval, regions_of, title_of
from pages.parts.compare.metric_words import number as written
from pages.parts.viewer.spec import PALETTE
from pages.parts.words import plural

HEAD = ("Region", "Model", "Mean", "95 % CI", "Median", "IQR", "n")


def counted(document: Mapping[str, Any], model: str, region: str, metric: str) -> dict[str, float]:
    """Return a model's value on each case that counts for every model; empty where it has not the region."""
    scores = {name: entry["cases"] for name, entry in document["models"].items()}
    if region not in document["models"][model]["summary"]:
        return {}
    cases = comparable(scores, region, metric, shared_cases(scores))
    return {
        case: number(scores[model][case][region], metric) for case in cases if region in scores[model].get(case, {})
    }


def score_table(document: Mapping[str, Any], titles: Mapping[str, str], metric: str) -> None:
    """Draw the table, and under it what was invented where a reference is empty.

    Args:
        document: what `summarise` returned.
        titles: a model's name to what the page calls it.
        metric: one of `METRICS`.
    """
    rows, starts = score_rows(document, titles, metric)
    draw_grid(HEAD, rows, reads=2, new_group=starts)
    for sentence in _notes(document, titles, metric):
        st.caption(sentence)


def score_rows(document: Mapping[str, Any], titles: Mapping[str, str], metric: str) -> tuple[list[Row], list[int]]:
    """Return the rows, and the numbers of those that begin a region; a region's best mean is bold."""
    rows: list[Row] = []
    starts = []
    for at, region in enumerate(regions_of(document)):
        cells = {
            name: entry["summary"][region][metric]
            for name, entry in document["models"].items()
            if metric in entry["summary"].get(region, {})
        }
        best = best_of((cell["mean"] for cell in cells.values()), metric)
        starts.append(len(rows))
        for place, (name, cell) in enumerate(cells.items()):
            bold = best is not None and cell["mean"] == best
            first = Cell(region, colour=PALETTE[at % len(PALETTE)]) if place == 0 else Cell("")
            rows.append(
                (
                    first,
                    Cell(titles[name], bold=bold),
                    Cell(written(cell["mean"], metric), bold=bold),
                    Cell(interval(cell["ci95"], metric), grey=cell["ci95"] is None),
                    written(cell["median"], metric),
                    Cell(interval(cell.get("iqr"), metric), grey=True),
                    Cell(str(cell["n"]), grey=True),
                )
            )
    return rows, starts


def subgroup_table(document: Mapping[str, Any], titles: Mapping[str, str], metric: str) -> None:
    """Draw each subgroup's means along one axis, where the document has subgroups."""
    axes: Mapping[str, Any] = document.get("subgroups") or {}
    if not axes:
        return
    with st.expander("By subgroup: tumour size, site, scanner"):
        axis = st.segmented_control(
            "Axis", list(axes), default=next(iter(axes)), required=True, key="axis of subgroups",
            format_func=lambda name: str(name).replace("_", " ").capitalize(), label_visibility="collapsed",
        )  # fmt: skip
        rows, starts = subgroup_rows(axes[str(axis)], titles, metric, regions_of(document))
        draw_grid(("Subgroup", "Model", *regions_of(document), "n"), rows, reads=2, new_group=starts)
        st.caption(f"Mean {title_of(metric)} with its 95 % interval; none under five groups. Nothing is tested between "
                   "subgroups: they are small and overlap.")  # fmt: skip


def subgroup_rows(
    axis: Mapping[str, Any], titles: Mapping[str, str], metric: str, regions: list[str]
) -> tuple[list[Row], list[int]]:
    """Return a row per subgroup and model, a column per region, and the numbers of those that begin a subgroup."""
    rows: list[Row] = []
    starts = []
    for group, found in axis.items():
        starts.append(len(rows))
        for place, (model, by_region) in enumerate(found["models"].items()):
            cells = [by_region.get(region, {}).get(metric) or {"mean": None, "ci95": None} for region in regions]
            means = [
                written(cell["mean"], metric) + (f" ({interval(cell['ci95'], metric)})" if cell["ci95"] else "")
                for cell in cells
            ]
            count = Cell(str(found["n"]), grey=True)
            rows.append((group if place == 0 else "", titles.get(model, model), *means, count))
    return rows, starts


def _notes(document: Mapping[str, Any], titles: Mapping[str, str], metric: str) -> list[str]:
    group = document["group_kind"]
    sentences = []
    few: dict[str, int] = {}
    for region in regions_of(document):
        invented, left_out = [], 0
        for name, entry in document["models"].items():
            summary = entry["summary"].get(region, {})
            cell = summary.get(metric)
            if cell and cell.get("ci95_reason") and cell["n"]:
                few[region] = cell["n_groups"]
            false = summary.get("false_positive_ml") or {"n": 0}
            if false["n"]:
                left_out = false["n"]
                invented.append(f"{titles[name]} {false['mean']:.1f} ml")
        if invented:
            sentences.append(
                f"{region}: left out for every model in {plural(left_out, 'case')} with an empty reference; "
                f"invented there on average: {', '.join(invented)}."
            )
    flagged = {
        name: count
        for name, entry in document["models"].items()
        if (count := sum(summary[metric]["n_flagged"] for summary in entry["summary"].values() if metric in summary))
    }
    if flagged:
        listed = ", ".join(f"{titles[name]} {count}" for name, count in flagged.items())
        sentences.append(f"Missed regions, scored as the policy below says: {listed}.")
    if few:
        listed = ", ".join(f"{region} {count}" for region, count in few.items())
        least = document["policy"]["minimum_groups"]
        sentences.append(f"No interval and no test under {plural(least, group)}: {listed}.")
    return sentences
