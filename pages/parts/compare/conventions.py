"""What does 96 % mean? The same masks in another scoring convention, at the choice of whoever looks."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core.evaluation.convention_table import convention_value
from core.evaluation.conventions import CONVENTIONS, DEFAULT_CONVENTION, NO_CLEAN_UP, Convention
from core.evaluation.kept_masks import KeptMasks
from core.evaluation.mask_pair import model_resolution
from core.evaluation.saved_conventions import saved_conventions
from core.evaluation.saved_files import SavedModel
from core.postprocess import clean_up_words
from core.workspace import Cohort
from pages.parts import state, store
from pages.parts.words import plural

BUDGET_S = 1.5  # a page waits no longer for scores that were never computed
QUESTION = "What does 96 % mean?"

# model title to region to Dice
Dice = Mapping[str, Mapping[str, float | None]]


def chosen() -> Convention:
    """Return the convention that this session reads scores in."""
    return CONVENTIONS[state.chosen_scores(CONVENTIONS, DEFAULT_CONVENTION)]


def in_address(convention: Convention) -> str:
    """Return what the page's address says of a convention: nothing of our own."""
    return "" if convention.name == DEFAULT_CONVENTION else convention.name


def pick_convention() -> Convention:
    """Draw the select, with the present convention's sentence under it, and return the convention."""
    names = list(CONVENTIONS)
    picked = st.selectbox(
        QUESTION,
        names,
        names.index(chosen().name),
        format_func=lambda name: CONVENTIONS[name].title,
        help="The same masks scored as papers, notebooks and libraries do. Nothing else on the page changes.",
        key="scoring convention",
    )
    state.choose_scores(picked)
    convention = CONVENTIONS[picked]
    st.caption(f"{convention.definition} :gray[Scored so by: {convention.reference}.]")
    return convention


def dice_of(cohort: Cohort, case_id: str, checkpoint: SavedModel, convention: Convention) -> dict[str, float | None]:
    """Return the Dice of each region on a case, None where the convention leaves it out; empty without a prediction."""
    found = saved_conventions(store.workspace(), cohort, case_id, checkpoint)
    if found is None:
        return {}
    return {region: convention_value(found, convention.name, region) for region in found[convention.name]}


def case_dice(cohort: Cohort, case_id: str, models: Mapping[str, SavedModel], convention: Convention) -> Dice:
    """Return each model's Dice on a case, for the models that have segmented it."""
    found = {
        store.model_title(name, checkpoint): dice_of(cohort, case_id, checkpoint, convention)
        for name, checkpoint in models.items()
    }
    return {title: dice for title, dice in found.items() if dice}


def what_it_is_worth(cohort: Cohort, case_id: str, models: Mapping[str, SavedModel], convention: Convention) -> None:
    """Say by how much the best model's Dice moves against our own convention, and what the masks were made of."""
    usual = case_dice(cohort, case_id, models, CONVENTIONS[DEFAULT_CONVENTION])
    if not usual or convention.name == DEFAULT_CONVENTION:
        return
    sentence = jump(usual, case_dice(cohort, case_id, models, convention), cohort.scheme.region_names[0])
    st.markdown("  \n".join([sentence, *_particulars(cohort, case_id, models, convention)]))


def every_convention(cohort: Cohort, case_id: str, models: Mapping[str, SavedModel]) -> None:
    """Draw the case's Dice in all conventions on request: one row each, one column per model."""
    by_convention = {spec.name: case_dice(cohort, case_id, models, spec) for spec in CONVENTIONS.values()}
    titles = list(by_convention[DEFAULT_CONVENTION])
    if not titles:
        return
    with st.expander(f"{QUESTION} This case in every convention"):
        regions = list(cohort.scheme.region_names)
        region = st.segmented_control("Region", regions, default=regions[0], key="every convention of", required=True)
        columns = {
            title: {CONVENTIONS[name].title: _text(dice[title].get(region)) for name, dice in by_convention.items()}
            for title in titles
        }
        st.table(pd.DataFrame(columns), border="horizontal")
        resized = _particulars(cohort, case_id, models, CONVENTIONS["model-resolution"])
        st.caption("  \n".join([*(f"Before clean-up: {said}" for said in _clean_ups(models)), *resized]))


def jump(usual: Dice, other: Dice, region: str) -> str:
    """Return by how much the best model's Dice differs between two conventions, in one sentence.

    Args:
        usual: Dice in 3D per patient; decides which model is best.
        other: Dice of the same masks in the other convention.
        region: whose Dice.
    """
    scored = {title: value for title, dice in usual.items() if (value := dice.get(region)) is not None}
    if not scored:
        return f"{region} is left out here: its reference is empty."
    best = max(scored, key=lambda title: scored[title])
    before, after = scored[best], other.get(best, {}).get(region)
    if after is None:
        return f"{best}, {region}: {before:.3f} in 3D, no number in this convention."
    # the difference of what is shown, so that a reader's subtraction comes out
    moved = round(after, 3) - round(before, 3)
    return f"{best}, {region}: {before:.3f} → **{after:.3f}**, {moved:+.3f}, the same masks."


def cohort_in_convention(cohort: Cohort, models: Mapping[str, SavedModel], convention: Convention) -> None:
    """Draw each model's mean of the first region in a convention beside ours, on patients that none has seen."""
    found = store.convention_means(cohort, dict(models), BUDGET_S)
    region = cohort.scheme.region_names[0]
    cells = {name: by_region[region] for name, by_region in found.means[convention.name].items() if region in by_region}
    counted = {name: cell for name, cell in cells.items() if cell["mean"] is not None}
    if not counted:
        return
    ours = found.means[DEFAULT_CONVENTION]
    rows = {
        f"{region} Dice": {
            store.model_title(name, models[name]): f"{cell['mean']:.3f}" for name, cell in counted.items()
        },
        "in 3D": {store.model_title(name, models[name]): _text(ours[name][region]["mean"]) for name in counted},
    }
    n = next(iter(counted.values()))["n"]
    st.caption(f"COHORT, {convention.title.upper()}, {plural(n, f'unseen {cohort.group_word}').upper()}")
    st.table(pd.DataFrame(rows), border="horizontal")
    how = "All their voxels together" if convention.pools else f"Mean per {cohort.group_word}"
    st.caption(f"{how}; in 3D: per patient on the native grid, empty references left out. No interval: not ours.")
    if found.waiting:
        _score_on(cohort, dict(models), found.waiting)


@st.fragment(run_every=1.0)
def _score_on(cohort: Cohort, models: dict[str, SavedModel], at_first: int) -> None:
    """Score what has not been scored in every way yet, a little at a time, then draw the page anew."""
    waiting = store.convention_means(cohort, models, BUDGET_S).waiting
    if not waiting:
        st.rerun(scope="app")
    st.progress(1 - waiting / max(waiting, at_first), text=f"{plural(waiting, 'prediction')} still to be scored so")


def _clean_ups(models: Mapping[str, SavedModel]) -> list[str]:
    """Say of each model what follows its thresholds, or of all that nothing does."""
    said = {
        store.model_title(name, model): "" if isinstance(model, KeptMasks) else clean_up_words(model.spec.post)
        for name, model in models.items()
    }
    if not any(said.values()):
        return [f"{NO_CLEAN_UP}."]
    return [f"{title}: {words or NO_CLEAN_UP}." for title, words in said.items()]


def _particulars(cohort: Cohort, case_id: str, models: Mapping[str, SavedModel], convention: Convention) -> list[str]:
    """Return what a convention's sentence leaves open for these models."""
    if convention.name == "before-clean-up":
        return [f"{said[:1].upper()}{said[1:]}" for said in _clean_ups(models)]
    if convention.name != "model-resolution":
        return []
    x, y, z = cohort.cases[case_id].facts["shape"]
    sizes: dict[str, list[str]] = {}
    for name, checkpoint in models.items():
        if isinstance(checkpoint, KeptMasks):  # whose resolution nobody here knows
            continue
        _, why = model_resolution((x, y, z), checkpoint.spec.plane, checkpoint.spec.input_size)
        sizes.setdefault(why, []).append(store.model_title(name, checkpoint))
    if len(sizes) == 1 and len(next(iter(sizes.values()))) == len(models):
        return [f"Resized to {next(iter(sizes))}."]
    return [f"{', '.join(titles)}: resized to {why}." for why, titles in sizes.items()]


def _text(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
