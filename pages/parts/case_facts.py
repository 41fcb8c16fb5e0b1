"""What is known about a case: its row in the table, its measures, findings and histogram."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.data.store import open_case
from core.workspace import Cohort
from pages.parts import store
from pages.parts.cohort_index import spacing_text
from pages.parts.volumes import TITLES

BINS = 96
SAMPLE = 4  # every fourth slice is enough for the shape of a histogram
COLOURS = ("#5aa9d6", "#e69f00", "#7fc97f", "#cc79a7", "#f0e442", "#d55e00", "#999999", "#e6ebf0")
UNITS = {"ct": " HU"}  # of MR a number has no unit


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """The intensities of one sequence inside the head: the share of voxels in each bin, and the bin's middle value."""

    share: npt.NDArray[np.float64]
    values: npt.NDArray[np.float64]


def measured(cohort: Cohort, case_id: str) -> None:
    """Draw a case's geometry and the volume of each region of its reference."""
    facts = cohort.cases[case_id].facts
    st.markdown(f"**{case_id}**")
    size = " × ".join(map(str, facts["shape"]))
    st.caption(
        f"{size} voxels of {spacing_text(facts['spacing_mm'])} mm, {facts['axis_codes']}; "
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

    counted = _histograms(cohort, case_id)
    if not counted:
        return
    st.caption("INTENSITIES INSIDE THE HEAD")
    figure = go.Figure()
    for (name, one), colour in zip(counted.items(), cycle(COLOURS), strict=False):
        figure.add_scatter(
            x=np.linspace(0, 100, len(one.share)),
            y=one.share,
            customdata=one.values,
            name=TITLES.get(name, name),
            mode="lines",
            line={"color": colour, "width": 1.5},
            hovertemplate=f"%{{customdata:,.0f}}{UNITS.get(name, '')}: %{{y:.1%}} of voxels",
        )
    figure.update_layout(
        height=250,
        margin={"l": 0, "r": 0, "t": 26, "b": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=True,
        legend={"orientation": "h", "y": 1.18, "x": 0},
        xaxis={"title": _intensity_axis(counted), "gridcolor": "#20262e", "zeroline": False, "hoverformat": ".0f"},
        yaxis={"title": "share of voxels", "tickformat": ".0%", "gridcolor": "#20262e", "nticks": 4, "zeroline": False},
        font={"size": 12, "color": "#8d98a6"},
        hovermode="x",
    )
    st.plotly_chart(figure, config={"displayModeBar": False}, key=f"histogram {case_id}")


def _intensity_axis(counted: Mapping[str, Histogram]) -> str:
    """Say what 0 and 100 % are; of a single sequence, in its own values."""
    if len(counted) == 1:
        name, one = next(iter(counted.items()))
        low, high = one.values[0], one.values[-1]
        return f"{TITLES.get(name, name)}: 0 % is {low:,.0f}, 100 % {high:,.0f}{UNITS.get(name, '')}"
    return "intensity: 0 and 100 % are each sequence's 0.5th and 99.5th percentile"


def _histograms(cohort: Cohort, case_id: str) -> dict[str, Histogram]:
    folder = store.workspace().store_folder(cohort.name, case_id)
    if not (folder / "prepared.json").exists():
        return {}
    return _counted(str(folder), (folder / "prepared.json").stat().st_mtime_ns)


@st.cache_data(max_entries=512, show_spinner=False)
def _counted(folder: str, changed: int) -> dict[str, Histogram]:
    from pathlib import Path

    del changed  # what the cache goes by
    case = open_case(Path(folder), "axial")
    counted = {}
    for index, name in enumerate(case.modalities):
        voxels = np.asarray(case.slices[::SAMPLE, index])
        constants = case.constants.channels[name]
        values = voxels[voxels != 0] * constants.slope + constants.intercept
        counts, edges = np.histogram(values, bins=BINS, range=(constants.low, max(constants.high, constants.low + 1)))
        counted[name] = Histogram(counts / max(1, counts.sum()), (edges[:-1] + edges[1:]) / 2)
    return counted
