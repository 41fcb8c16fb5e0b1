"""One model against another: each patient a dot over the line where they are equal, and the tests in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from core.metrics import METRICS
from core.workspace import Cohort
from pages.parts.compare.contenders import Compared
from pages.parts.compare.metric_words import regions_of
from pages.parts.compare.opening import open_selected
from pages.parts.compare.scatter_plot import scatter_spec
from pages.parts.compare.score_plots import domain_of
from pages.parts.compare.score_table import counted
from pages.parts.compare.tests_in_words import sentence_of
from pages.parts.training.charts import heading
from pages.parts.viewer.spec import PALETTE


@dataclass(frozen=True, slots=True)
class Pair:
    """Two models and a region, as they were chosen."""

    first: str
    second: str
    region: str


def pick_pair(document: Mapping[str, Any], contenders: Sequence[Compared]) -> Pair | None:
    """Draw the choice of two models and a region; None where there are no two."""
    titles = {each.name: each.title for each in contenders if document["models"][each.name]["cases"]}
    heading("Model against model")
    if len(titles) < 2:
        st.caption("Choose a second model that has segmented the same patients, and the two are tested.")
        return None
    return _pick(titles, regions_of(document))


def in_words(document: Mapping[str, Any], titles: Mapping[str, str], metric: str, chosen: Pair) -> None:
    """Say what the paired tests of two models allow, region by region."""
    heading(f"{titles[chosen.first]} against {titles[chosen.second]}")
    st.markdown("  \n".join(sentence_of(test, titles) for test in _tests(document, metric, chosen)))


def patients_of(
    cohort: Cohort, document: Mapping[str, Any], titles: Mapping[str, str], metric: str, chosen: Pair
) -> None:
    """Draw each patient as a dot: one model's value across, the other's upwards."""
    first, second, region = chosen.first, chosen.second, chosen.region
    one, other = (counted(document, name, region, metric) for name in (first, second))
    rows = [{"case": case, "first": one[case], "second": other[case]} for case in one if case in other]
    if not rows:
        return
    ends = domain_of([*one.values(), *other.values()], metric)
    colour = PALETTE[regions_of(document).index(region) % len(PALETTE)]
    key = f"pair {first} {second} {region} {metric}"
    st.vega_lite_chart(
        pd.DataFrame(rows),
        scatter_spec((titles[first], titles[second]), metric, colour, ends),
        width="content",
        theme=None,
        key=key,
        on_select=lambda: open_selected(cohort, key),
        alt=f"{titles[second]} against {titles[first]}, {region}: every patient a dot",
    )
    better = second if METRICS[metric].direction == "higher" else first
    st.caption(f"Above the line: {titles[better]} is better on that patient. A click opens it in Look.")


def _pick(titles: Mapping[str, str], regions: list[str]) -> Pair:
    names = list(titles)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        first = st.selectbox(
            "First model", names, 0, format_func=lambda name: titles[name], label_visibility="collapsed", width=150,
            key=f"first of {' '.join(names)}",
        )  # fmt: skip
        others = [name for name in names if name != first]
        second = st.selectbox(
            "Second model", others, 0, format_func=lambda name: titles[name], label_visibility="collapsed", width=150,
            key=f"second of {first} {' '.join(names)}",
        )  # fmt: skip
        region = st.segmented_control(
            "Region", regions, default=regions[0], required=True, key="region of pair", label_visibility="collapsed"
        )
    return Pair(first, second, str(region))


def _tests(document: Mapping[str, Any], metric: str, chosen: Pair) -> list[Mapping[str, Any]]:
    both = {chosen.first, chosen.second}
    return [test for test in document["tests"] if test["metric"] == metric and set(test["models"]) == both]
