"""Scores: means with intervals, every patient a dot, model against model, and what the numbers mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.demo import COHORT as PHANTOMS
from core.evaluation.human_agreement import Agreement, human_agreement
from core.evaluation.saved_files import SavedModel
from core.metrics import METRICS
from core.workspace import Cohort
from pages.parts import state
from pages.parts.compare.contenders import Compared, compared, fair, say_what_is_compared
from pages.parts.compare.definitions import definitions, who_is_left_out
from pages.parts.compare.document import found_of, go_on
from pages.parts.compare.downloads import downloads
from pages.parts.compare.metric_words import BETTER, metrics_of, regions_of, title_of
from pages.parts.compare.missing import nothing_to_compare, offer_rest
from pages.parts.compare.opening import open_selected
from pages.parts.compare.pair import in_words, patients_of, pick_pair
from pages.parts.compare.score_plots import Strip, domain_of, strip_rows, strip_spec
from pages.parts.compare.score_table import counted, score_table, subgroup_table
from pages.parts.compare.tests_in_words import every_pair
from pages.parts.training.charts import heading
from pages.parts.viewer.spec import PALETTE

MOST_SEGMENTS = 12  # more metrics than this are listed


def scores(cohort: Cohort, models: dict[str, SavedModel]) -> None:
    """Draw the view."""
    contenders = compared(fair(models))
    found = found_of(cohort, contenders)
    document = found.document
    metrics = metrics_of(document)
    offer_rest(cohort, found.missing, found.wanted)
    go_on(cohort, found)
    if not metrics:
        say_what_is_compared(models, contenders)
        nothing_to_compare(models, found.missing, is_waiting=bool(found.waiting))
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        metric = _pick_metric(metrics)
        band = _pick_band(cohort, metric)
        st.space("stretch")
        downloads(cohort, document)
    titles = {each.name: each.title for each in contenders}
    table, against = st.columns([1.9, 1], gap="large")
    with against:
        chosen = pick_pair(document, contenders)
        if chosen is not None:
            patients_of(cohort, document, titles, metric, chosen)
    with table:
        heading(title_of(metric), after=f"{BETTER[METRICS[metric].direction]}; the same patients for every model")
        score_table(document, titles, metric)
        if chosen is not None:
            in_words(document, titles, metric, chosen)
    strips(cohort, document, contenders, metric, band)
    every_pair(document, titles, metric)
    subgroup_table(document, titles, metric)
    say_what_is_compared(models, contenders)
    who_is_left_out(document, titles)
    definitions(document, metric, _bands(cohort, document, metric) if band else {})


def strips(
    cohort: Cohort, document: Mapping[str, Any], contenders: Sequence[Compared], metric: str, band: bool
) -> None:
    """Draw one chart per region, side by side; a click on a dot opens its case in Look."""
    regions = regions_of(document)
    bands = _bands(cohort, document, metric) if band else {}
    for at, (column, region) in enumerate(zip(st.columns(len(regions), gap="small"), regions, strict=True)):
        drawn = [
            Strip(each.title, found, document["models"][each.name]["summary"][region][metric])
            for each in contenders
            if (found := counted(document, each.name, region, metric))
        ]
        if not drawn:
            continue
        values = [value for strip in drawn for value in strip.values.values()]
        human = bands.get(region)
        said = f"shaded: as raters agree, {human.low:.2f} – {human.high:.2f}" if human else ""
        colour = PALETTE[at % len(PALETTE)]
        key = f"strip {region} {metric}"
        with column, st.container(border=True, key=f"surface-strip-{at}", gap="xxsmall"):
            heading(region, [(title_of(metric), colour)], said)
            rows = pd.DataFrame(strip_rows(drawn))
            spec = strip_spec(drawn, metric, colour, domain_of(values, metric), human)
            st.vega_lite_chart(
                rows,
                spec,
                width="stretch",
                theme=None,
                key=key,
                on_select=lambda key=key: open_selected(cohort, key),
                alt=f"{title_of(metric)} of {region}: every patient a dot, box and mean per model",
            )
    st.caption("A dot is a patient: hover names it, a click opens it in Look. Box: quartiles and median. "
               "Diamond: mean with its 95 % interval.")  # fmt: skip


def _pick_metric(metrics: list[str]) -> str:
    present = state.chosen_metric(metrics)
    words: dict[str, Any] = {"format_func": title_of, "label_visibility": "collapsed", "key": "metric of scores"}
    if len(metrics) <= MOST_SEGMENTS:
        picked = st.segmented_control("Metric", metrics, default=present, required=True, **words)
    else:
        picked = st.selectbox("Metric", metrics, metrics.index(present), width=240, **words)
    state.choose_metric(str(picked))
    return str(picked)


def _pick_band(cohort: Cohort, metric: str) -> bool:
    if cohort.name == PHANTOMS or not any(
        human_agreement(cohort.scheme.name, each, metric) for each in cohort.scheme.region_names
    ):
        return False
    return st.toggle(
        "Human agreement", value=True, key="band of human agreement", help="Where raters agree with each other."
    )


def _bands(cohort: Cohort, document: Mapping[str, Any], metric: str) -> dict[str, Agreement]:
    found = {region: human_agreement(cohort.scheme.name, region, metric) for region in regions_of(document)}
    return {region: each for region, each in found.items() if each is not None}
