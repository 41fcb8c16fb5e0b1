"""A cohort in one row of pictures, and its models in one small chart."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core.checkpoints import Checkpoint
from core.workspace import Cohort
from pages.parts import store
from pages.parts.cohort_index import index_of
from pages.parts.importing.findings import plain
from pages.parts.thumbnails import thumbnail
from pages.parts.words import plural

IN_A_ROW = 11
ROW_HEIGHT = 30
AXIS_WIDTH = 420
COLUMN_WIDTH = 64


def cohort_strip(cohort: Cohort) -> None:
    """Draw the cohort's first cases as pictures that open them in Browse."""
    index = index_of(cohort)
    refused = len({finding["case"] for finding in cohort.refused})
    said = [
        plural(index.group_count, cohort.group_word),
        plural(len(cohort.modalities), "sequence"),
        plural(index.spacing_count, "voxel size"),
        f"labels {cohort.scheme.name}",
    ]
    if cohort.licence:
        said.append(f"licence {plain(cohort.licence)}")
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
    unseen = plural(rows[0]["n"], "case")
    st.markdown(
        f"**Models** :gray[ {region} Dice per {cohort.group_word}, mean and 95 % interval, "
        f"{unseen} that no model has seen]"
    )
    st.altair_chart(interval_chart(rows, cohort.scheme.region_names), width="stretch")


def _rows(summary: dict[str, Any], models: dict[str, Checkpoint], region: str) -> list[dict[str, Any]]:
    rows = []
    for name, entry in summary["models"].items():
        cell = entry["summary"].get(region, {}).get("dice")
        if cell and cell["mean"] is not None:
            low, high = cell["ci95"] or (None, None)
            means = {each: entry["summary"][each]["dice"]["mean"] for each in entry["summary"]}
            rows.append(
                {
                    "model": store.model_title(name, models[name]),
                    "mean": cell["mean"],
                    "low": low,
                    "high": high,
                    "n": cell["n"],
                    "size": f"{models[name].card.parameters / 1e6:.1f} M",
                    **{each: "–" if mean is None else f"{mean:.3f}" for each, mean in means.items()},
                }
            )
    return sorted(rows, key=lambda row: -row["mean"])


def interval_chart(rows: list[dict[str, Any]], regions: tuple[str, ...]) -> Any:
    """Return dots with interval lines on a common axis, then each region's mean and the model's size as columns."""
    import altair as alt
    import pandas as pd

    lowest = min(row["low"] if row["low"] is not None else row["mean"] for row in rows)
    names = alt.Axis(labelLimit=220, ticks=False, domain=False, labelFontSize=12.5, labelColor="#e6ebf0", minExtent=150)
    base = alt.Chart(pd.DataFrame(rows)).encode(y=alt.Y("model:N", sort=None, title=None, axis=names))
    scale = alt.Scale(domain=[max(0.0, lowest - 0.05), 1.0], range=[0, AXIS_WIDTH], nice=False)
    axis = alt.Axis(title=None, tickCount=5, format=".2f", gridColor="#20262e", domain=False)
    across = alt.X("low:Q", scale=scale, axis=axis)
    line = base.mark_rule(color="#2f6f9a", strokeWidth=3).encode(x=across, x2="high:Q")
    dot = base.mark_circle(color="#e6ebf0", size=70, opacity=1).encode(
        x=alt.X("mean:Q", scale=scale, axis=axis), tooltip=["model", "mean", "low", "high", "n"]
    )
    columns = [line, dot]
    for place, field in enumerate((*regions, "size")):
        at = AXIS_WIDTH + 40 + COLUMN_WIDTH * place
        colour = "#8d98a6" if field == "size" else "#e6ebf0"
        columns.append(
            base.mark_text(align="left", fontSize=12.5, color=colour).encode(x=alt.value(at), text=f"{field}:N")
        )
        if field != "size":
            head = alt.Chart(pd.DataFrame([{"text": field}])).mark_text(align="left", color="#8d98a6", fontSize=11)
            columns.append(head.encode(x=alt.value(at), y=alt.value(-8), text="text:N"))
    chart = alt.layer(*columns).properties(height=ROW_HEIGHT * len(rows) + 46, width=AXIS_WIDTH)
    return chart.configure_view(stroke=None).configure(padding={"left": 0, "top": 18, "right": 330, "bottom": 4})
