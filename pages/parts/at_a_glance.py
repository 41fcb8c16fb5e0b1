"""A cohort in one row of pictures, and its models in one small chart."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core.workspace import Cohort
from pages.parts import store
from pages.parts.thumbnails import thumbnail

IN_A_ROW = 11
ROW_HEIGHT = 34


def cohort_strip(cohort: Cohort) -> None:
    """Draw the cohort's first cases as pictures that open them in Browse."""
    spacing = {
        tuple(round(mm, 2) for mm in e.facts["spacing_mm"]) for e in cohort.cases.values() if e.facts["spacing_mm"]
    }
    refused = len({finding["case"] for finding in cohort.refused})
    said = [
        f"{len(cohort.groups)} {cohort.group_kind}s",
        f"{len(cohort.modalities)} sequences",
        f"{len(spacing)} voxel size{'s' if len(spacing) != 1 else ''}",
        f"labels {cohort.scheme.name}",
    ]
    if refused:
        said.append(f"{refused} refused")
    st.markdown(f"**{cohort.name}** :gray[ {' · '.join(said)}]")
    columns = st.columns(IN_A_ROW, gap="xxsmall")
    for column, case_id in zip(columns, cohort.cases, strict=False):
        picture = thumbnail(cohort, case_id)
        if picture:
            address = urlencode({"cohort": cohort.name, "case": case_id})
            column.image(picture, width="stretch", link=f"browse?{address}", alt=case_id)


def models_table(cohort: Cohort) -> None:
    """Draw each model's whole-tumour Dice with its interval, over the patients that none of them has seen."""
    models = store.fitting(store.checkpoints(), cohort)
    summary = store.summary(cohort, models)
    region = cohort.scheme.region_names[0]
    rows = _rows(summary, models, region)
    if not rows:
        return
    counted = rows[0]["n"]
    st.markdown(
        f"**Models** :gray[ {region} Dice per {cohort.group_kind}, mean and 95 % interval, {counted} cases "
        "that no model has seen]"
    )
    st.altair_chart(interval_chart(rows), width="stretch")


def _rows(summary: dict[str, Any], models: dict[str, Any], region: str) -> list[dict[str, Any]]:
    rows = []
    for name, entry in summary["models"].items():
        cell = entry["summary"].get(region, {}).get("dice")
        if cell and cell["mean"] is not None:
            low, high = cell["ci95"] or (None, None)
            means = [entry["summary"][r]["dice"]["mean"] for r in entry["summary"]]
            said = "   ".join("  –  " if mean is None else f"{mean:.3f}" for mean in means)
            millions = models[name].card.parameters / 1e6
            rows.append(
                {
                    "model": models[name].card.title,
                    "name": name,
                    "mean": cell["mean"],
                    "low": low,
                    "high": high,
                    "n": cell["n"],
                    "scores": said,
                    "size": f"{millions:.1f} M",
                }
            )
    return sorted(rows, key=lambda row: -row["mean"])


def interval_chart(rows: list[dict[str, Any]]) -> Any:
    """Return dots with interval lines on a common axis, model names to the left, numbers to the right."""
    import altair as alt
    import pandas as pd

    lowest = min(row["low"] if row["low"] is not None else row["mean"] for row in rows)
    base = alt.Chart(pd.DataFrame(rows)).encode(
        y=alt.Y("model:N", sort=None, title=None, axis=alt.Axis(labelLimit=220, ticks=False, domain=False))
    )
    scale = alt.Scale(domain=[max(0.0, lowest - 0.05), 1.0])
    axis = alt.Axis(title=None, tickCount=5, format=".2f", gridColor="#20262e")
    line = base.mark_rule(color="#2f6f9a", strokeWidth=3).encode(x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q")
    dot = base.mark_circle(color="#e6ebf0", size=70, opacity=1).encode(
        x=alt.X("mean:Q", scale=scale, axis=axis), tooltip=["model", "mean", "low", "high", "n"]
    )
    chart = (line + dot).properties(height=ROW_HEIGHT * len(rows) + 24)
    words = (
        base.mark_text(align="left", color="#e6ebf0", fontSize=12.5)
        .encode(y=alt.Y("model:N", sort=None, axis=None), text="scores:N")
        .properties(width=150, title=alt.Title("WT      TC      ET", fontSize=11, color="#8d98a6", anchor="start"))
    )
    sizes = (
        base.mark_text(align="left", color="#8d98a6", fontSize=12)
        .encode(y=alt.Y("model:N", sort=None, axis=None), text="size:N")
        .properties(width=50)
    )
    return (
        alt.hconcat(chart.properties(width=480), words, sizes).configure_view(stroke=None).configure_concat(spacing=18)
    )
