"""Failures: the worst cases and slices, lesions missed and invented, each one click from the image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core.evaluation.saved_files import SavedModel
from core.metrics import METRICS
from core.workspace import Cohort
from pages.parts import state
from pages.parts.compare.contenders import Compared, compared, fair, say_what_is_compared
from pages.parts.compare.document import FAILURES, found_of, go_on
from pages.parts.compare.failure_pictures import failure_pictures
from pages.parts.compare.grid import Cell, Row, draw_grid
from pages.parts.compare.metric_words import NOTHING, number, title_of
from pages.parts.compare.missing import nothing_to_compare, offer_rest
from pages.parts.compare.opening import address_of
from pages.parts.training.charts import heading
from pages.parts.viewer.spec import PALETTE
from pages.parts.words import plural

KINDS = {
    "missed-lesion": "Missed lesions",
    "invented-lesion": "Invented lesions",
    "worst-case": "Worst cases",
    "worst-slice": "Worst slices",
}
MOST_ROWS = 60
EVERY = "every model"
HEAD = ("", "Case", "Region", "Model", "What", "Value", "ml", "Slice")

Entry = Mapping[str, Any]


def failures(cohort: Cohort, models: dict[str, SavedModel]) -> None:
    """Draw the view."""
    contenders = compared(fair(models))
    found = found_of(cohort, contenders, (FAILURES,))
    offer_rest(cohort, found.missing, found.wanted)
    go_on(cohort, found, (FAILURES,))
    by_model: Mapping[str, Sequence[Entry]] = found.document["failures"]
    if not any(by_model.values()):
        nothing_to_compare(models, found.missing, is_waiting=bool(found.waiting))
        return
    titles = {each.name: each.title for each in contenders}
    kind, row, region = _pick(contenders, cohort)
    metrics = _metrics(by_model, kind)
    metric = _pick_metric(metrics) if len(metrics) > 1 else next(iter(metrics), None)
    entries = failures_of(by_model, kind, row, region, metric)
    heading(KINDS[kind], after=_order(kind, metric))
    if not entries:
        st.caption(f"No {KINDS[kind].lower()} here: nothing of the kind in what has been segmented.")
    shown = entries[:MOST_ROWS]
    pictures = failure_pictures(cohort, contenders, shown)
    draw_grid(HEAD, failure_rows(shown, cohort, titles, list(models), pictures), reads=5)
    if len(entries) > MOST_ROWS:
        st.caption(f"The worst {MOST_ROWS} of {len(entries):,}; choose a model or a region for more of it.")
    st.caption(
        "A lesion is a connected part: missed where no voxel of it was predicted, invented where none is in the ground "
        "truth. ml of a case or a slice: how much of it is wrong. Pictures: the ground truth's outline in white, the "
        "model's in the region's colour. A click opens the case in Look, on that slice."
    )
    say_what_is_compared(models, contenders)


def failures_of(
    by_model: Mapping[str, Sequence[Entry]], kind: str, row: str | None, region: str | None, metric: str | None
) -> list[tuple[str, Entry]]:
    """Return model and entry of one kind, worst first.

    Args:
        by_model: as in the `evaluate` document.
        kind: one of `KINDS`.
        row: of one model; None of every.
        region: of one region; None of every.
        metric: by which cases are ranked.
    """
    found = [
        (model, entry)
        for model, entries in by_model.items()
        for entry in entries
        if entry["kind"] == kind
        and row in (None, model)
        and region in (None, entry["region"])
        and (kind != "worst-case" or entry["metric"] == metric)
    ]
    return sorted(found, key=lambda each: (-_badness(each[1]), -(each[1]["ml"] or 0.0), each[1]["case"], each[0]))


def failure_rows(
    entries: Sequence[tuple[str, Entry]],
    cohort: Cohort,
    titles: Mapping[str, str],
    models: Sequence[str],
    pictures: Sequence[str],
) -> list[Row]:
    """Return one row per failure, its picture and its case a link into Look."""
    regions = cohort.scheme.region_names
    rows: list[Row] = []
    for (model, entry), picture in zip(entries, pictures, strict=True):
        colour = PALETTE[regions.index(entry["region"]) % len(PALETTE)] if entry["region"] in regions else ""
        words = address_of(cohort, entry["case"], entry["slice"], entry["voxel"]) | {"models": ",".join(models)}
        link = f"?{urlencode(words, safe=',')}"
        rows.append(
            (
                Cell(f"{entry['case']}, {entry['region']}", href=link, picture=picture) if picture else "",
                Cell(entry["case"], href=link),
                Cell(entry["region"], colour=colour),
                titles.get(model, model),
                Cell(_what(entry), grey=True),
                _value(entry),
                NOTHING if entry["ml"] is None else f"{entry['ml']:.2f}",
                Cell(NOTHING if entry["slice"] is None else str(entry["slice"] + 1), grey=True),
            )
        )
    return rows


def _pick(contenders: Sequence[Compared], cohort: Cohort) -> tuple[str, str | None, str | None]:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        kind = st.segmented_control(
            "Kind", list(KINDS), default=next(iter(KINDS)), required=True, format_func=lambda name: KINDS[name],
            key="kind of failure", label_visibility="collapsed",
        )  # fmt: skip
        titles = {each.name: each.title for each in contenders}
        row = st.selectbox(
            "Model", [EVERY, *titles], format_func=lambda name: titles.get(name, name.capitalize()), width=240,
            key=f"model of failures {' '.join(titles)}", label_visibility="collapsed",
        )  # fmt: skip
        regions = ["All", *cohort.scheme.region_names]
        region = st.segmented_control(
            "Region", regions, default="All", required=True, key=f"region of failures {cohort.scheme.name}",
            label_visibility="collapsed",
        )  # fmt: skip
    return str(kind), None if row == EVERY else row, None if region == "All" else region


def _pick_metric(metrics: list[str]) -> str:
    present = state.chosen_metric(metrics)
    picked = st.segmented_control(
        "Ranked by", metrics, default=present, required=True, format_func=title_of, key="metric of failures"
    )
    return str(picked)


def _metrics(by_model: Mapping[str, Sequence[Entry]], kind: str) -> list[str]:
    """Return by which metrics cases were ranked."""
    if kind != "worst-case":
        return []
    return list(dict.fromkeys(e["metric"] for entries in by_model.values() for e in entries if e["kind"] == kind))


def _badness(entry: Entry) -> float:
    """Return a number that is larger the worse a failure is, among those of its kind and metric."""
    value = float(entry["value"])
    spec = METRICS.get(entry["metric"])
    return -value if spec is not None and spec.direction == "higher" else value


def _order(kind: str, metric: str | None) -> str:
    if kind == "worst-case":
        return f"by {title_of(metric or '')}, worst first"
    return "by the Dice of the slice, worst first" if kind == "worst-slice" else "largest first"


def _what(entry: Entry) -> str:
    if entry["kind"].endswith("lesion"):
        return "missed" if entry["kind"] == "missed-lesion" else "invented"
    return title_of(entry["metric"]) + (" of the slice" if entry["kind"] == "worst-slice" else "")


def _value(entry: Entry) -> str:
    if entry["kind"].endswith("lesion"):
        return plural(entry["voxels"], "voxel")
    return number(entry["value"], entry["metric"])
