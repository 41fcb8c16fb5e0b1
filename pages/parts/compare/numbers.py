"""The numbers beside the compared masks: this case, its volumes, the cohort with intervals, the legend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from core.evaluation.conventions import CONVENTIONS, DEFAULT_CONVENTION, Convention
from core.evaluation.saved import saved_scores
from core.evaluation.saved_files import SavedModel
from core.evaluation.scoring import CaseScores
from core.workspace import Cohort
from pages.parts import store
from pages.parts.compare.contenders import compared
from pages.parts.compare.conventions import Dice, case_dice, cohort_in_convention, dice_of
from pages.parts.compare.document import found_of, go_on
from pages.parts.compare.tests_in_words import verdict_of
from pages.parts.viewer.spec import PALETTE
from pages.parts.volumes import GROUND_TRUTH
from pages.parts.words import plural

OURS = CONVENTIONS[DEFAULT_CONVENTION]
ERROR_COLOURS = {"False positive": "#d55e00", "Missed": "#cc79a7"}


def scores_of(
    cohort: Cohort, case_id: str, checkpoint: SavedModel, convention: Convention = OURS
) -> tuple[tuple[str, str], ...]:
    """Return (region, text) with the Dice of each region on a case, as the viewer writes it into a panel."""
    if convention.name == OURS.name:
        scores = saved_scores(store.workspace(), cohort, case_id, checkpoint) or {}
        return tuple((region, _number(entry["dice"])) for region, entry in scores.items())
    found = dice_of(cohort, case_id, checkpoint, convention)
    return tuple((region, _number(value)) for region, value in found.items())


def dice_table(cohort: Cohort, case_id: str, models: Mapping[str, SavedModel], convention: Convention = OURS) -> None:
    """Draw the case's Dice per region in a convention, one row per model; the best of each region is bold."""
    if convention.name == OURS.name:
        scored: Dice = {
            title: {region: _dice(scores, region) for region in scores}
            for title, scores in _scores(cohort, case_id, models).items()
        }
    else:
        scored = case_dice(cohort, case_id, models, convention)
    if not scored:
        return
    st.caption(f"DICE, THIS CASE: {convention.title.upper()}")
    columns = {
        region: {title: dice.get(region) for title, dice in scored.items()} for region in cohort.scheme.region_names
    }
    st.table(pd.DataFrame({region: _best_bold(column) for region, column in columns.items()}), border="horizontal")


def volume_table(cohort: Cohort, case_id: str, models: Mapping[str, SavedModel]) -> None:
    """Draw the case's volumes per region, the reference's and each model's."""
    regions = cohort.scheme.region_names
    volumes = {GROUND_TRUTH: cohort.cases[case_id].facts["volumes_ml"] or {}}
    volumes |= {
        title: {region: entry["volume_ml"] for region, entry in scores.items()}
        for title, scores in _scores(cohort, case_id, models).items()
    }
    st.caption("VOLUME, ML")
    rows = {region: {title: _number(ml.get(region), 1) for title, ml in volumes.items()} for region in regions}
    st.table(pd.DataFrame(rows), border="horizontal")


def cohort_scores(cohort: Cohort, models: Mapping[str, SavedModel], convention: Convention = OURS) -> None:
    """Draw each model's mean Dice of the first region, on patients that none has seen: ours with its interval."""
    if convention.name != OURS.name:
        cohort_in_convention(cohort, models, convention)
        return
    contenders = compared(models)
    found = found_of(cohort, contenders)
    titles = {each.name: each.title for each in contenders}
    region = cohort.scheme.region_names[0]
    cells = {
        titles[name]: entry["summary"][region]["dice"]
        for name, entry in found.document["models"].items()
        if region in entry["summary"] and entry["summary"][region]["dice"]["mean"] is not None
    }
    go_on(cohort, found)
    if not cells:
        return
    cell = next(iter(cells.values()))
    st.caption(f"COHORT, IN 3D, {plural(cell['n'], f'unseen {cohort.group_word}').upper()}")
    rows = {
        f"{region} Dice": {title: _number(cell["mean"]) for title, cell in cells.items()},
        "95 % CI": {title: _interval(cell["ci95"]) for title, cell in cells.items()},
    }
    st.table(pd.DataFrame(rows), border="horizontal")
    st.caption(
        f"Mean per {cohort.group_word}; {cell['n_empty']} with an empty reference left out for every model. "
        + _verdict(found.document, region, titles)
    )


def legend(cohort: Cohort) -> None:
    """Draw which colour is what."""
    names = [cohort.scheme.labels[label] for _, label in cohort.scheme.paint]
    colours = dict(zip(names, PALETTE, strict=False)) | ERROR_COLOURS
    st.caption("LEGEND")
    spots = "".join(
        f'<span style="white-space:nowrap;margin-right:14px"><span style="color:{colour}">■</span> '
        f"{name.capitalize()}</span> "
        for name, colour in colours.items()
    )
    st.html(f'<div style="font-size:12.5px;color:#8d98a6">{spots}</div>')


def _scores(cohort: Cohort, case_id: str, models: Mapping[str, SavedModel]) -> dict[str, CaseScores]:
    place = store.workspace()
    return {
        store.model_title(name, checkpoint): scores
        for name, checkpoint in models.items()
        if (scores := saved_scores(place, cohort, case_id, checkpoint))
    }


def _verdict(document: Mapping[str, Any], region: str, titles: Mapping[str, str]) -> str:
    for test in document["tests"]:
        if test["region"] == region and test["metric"] == "dice":
            return f"{' against '.join(titles[name] for name in test['models'])}: {verdict_of(test, titles)}."
    return ""


def _number(value: object, decimals: int = 3) -> str:
    return f"{value:.{decimals}f}" if isinstance(value, int | float) else "–"


def _dice(scores: CaseScores, region: str) -> float | None:
    value = scores[region]["dice"]
    return value if isinstance(value, float) else None


def _best_bold(column: Mapping[str, float | None]) -> dict[str, str]:
    best = max((value for value in column.values() if value is not None), default=None)
    bold = len(column) > 1
    return {
        title: f"**{_number(value)}**" if bold and value is not None and value == best else _number(value)
        for title, value in column.items()
    }


def _interval(ends: list[float] | None) -> str:
    return "–" if ends is None else f"{ends[0]:.2f} – {ends[1]:.2f}"
