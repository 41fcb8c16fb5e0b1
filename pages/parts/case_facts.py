"""What is known about a case: its row in the table, its measures, findings and histogram."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.data.store import open_case
from core.workspace import Cohort
from pages.parts import store
from pages.parts.thumbnails import thumbnail
from pages.parts.volumes import TITLES

PICTURES = 200  # beyond these a table row has no picture until it is searched for
BINS = 96
SAMPLE = 4  # every fourth slice is enough for the shape of a histogram
COLOURS = ("#5aa9d6", "#e69f00", "#7fc97f", "#cc79a7")


def case_table(cohort: Cohort, sought: str) -> pd.DataFrame:
    """Return one row per case whose id holds `sought`: picture, case, ml of the first region, voxel size."""
    names = [case_id for case_id in cohort.cases if sought.lower() in case_id.lower()]
    region = cohort.scheme.region_names[0]
    rows = []
    for number, case_id in enumerate(names):
        facts = cohort.cases[case_id].facts
        rows.append(
            {
                "picture": thumbnail(cohort, case_id) if number < PICTURES else None,
                "case": case_id,
                "ml": (facts["volumes_ml"] or {}).get(region),
                "spacing": _spacing(facts["spacing_mm"]),
            }
        )
    return pd.DataFrame(rows, columns=["picture", "case", "ml", "spacing"])


def measured(cohort: Cohort, case_id: str) -> None:
    """Draw a case's geometry and the volume of each region of its reference."""
    facts = cohort.cases[case_id].facts
    st.markdown(f"**{case_id}**")
    size = " × ".join(map(str, facts["shape"]))
    st.caption(
        f"{size} voxels of {_spacing(facts['spacing_mm'])} mm, {facts['axis_codes']}; "
        f"{facts['slices']['axial']} axial slices with head"
    )
    volumes = facts["volumes_ml"] or {}
    if volumes:
        titles = {region.name: region.title for region in cohort.scheme.regions}
        st.table({titles[name].capitalize(): f"{ml:.1f} ml" for name, ml in volumes.items()}, border="horizontal")
    else:
        st.caption("No reference mask.")


def findings(cohort: Cohort, case_id: str) -> None:
    """Draw what the gate said about a case."""
    said = [finding for finding in cohort.findings if finding["case"] == case_id]
    if not said:
        st.caption(":green[✓] nothing odd was found at import")
    for finding in said:
        st.caption(f":orange[!] found {finding['found']}; expected {finding['expected']}; {finding['fix']}")


def histogram(cohort: Cohort, case_id: str) -> None:
    """Draw the intensities inside the head, one line per sequence, each over its own 0.5-99.5 percentile range."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for (name, counts), colour in zip(_histograms(cohort, case_id).items(), COLOURS, strict=False):
        centres = np.linspace(0, 100, len(counts))
        figure.add_scatter(
            x=centres,
            y=counts,
            name=TITLES.get(name, name),
            mode="lines",
            line={"color": colour, "width": 1.5},
            hovertemplate="%{y:.1%}",
        )
    figure.update_layout(
        height=230,
        margin={"l": 0, "r": 0, "t": 26, "b": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "y": 1.18, "x": 0},
        xaxis={"title": "intensity, % of each sequence's range", "gridcolor": "#20262e", "zeroline": False},
        yaxis={"visible": False},
        font={"size": 12, "color": "#8d98a6"},
        hovermode="x",
    )
    st.plotly_chart(figure, config={"displayModeBar": False}, key=f"histogram {case_id}")


def _histograms(cohort: Cohort, case_id: str) -> dict[str, Any]:
    folder = store.workspace().store_folder(cohort.name, case_id)
    if not (folder / "prepared.json").exists():
        return {}
    return _counted(str(folder), (folder / "prepared.json").stat().st_mtime_ns)


@st.cache_data(max_entries=512, show_spinner=False)
def _counted(folder: str, changed: int) -> dict[str, Any]:
    from pathlib import Path

    del changed  # what the cache goes by
    case = open_case(Path(folder), "axial")
    counted = {}
    for index, name in enumerate(case.modalities):
        voxels = np.asarray(case.slices[::SAMPLE, index])
        constants = case.constants.channels[name]
        values = voxels[voxels != 0] * constants.slope + constants.intercept
        counts, _ = np.histogram(values, bins=BINS, range=(constants.low, max(constants.high, constants.low + 1)))
        counted[name] = counts / max(1, counts.sum())
    return counted


def _spacing(spacing_mm: list[float] | None) -> str:
    return "unknown" if spacing_mm is None else " × ".join(f"{mm:g}" for mm in np.round(spacing_mm, 2))
