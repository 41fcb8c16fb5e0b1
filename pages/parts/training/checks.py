"""What is known before a training starts: who trains, who validates, that nothing leaks, and whether it fits."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.data.slicing import Plane
from core.jobs.preflights import foresee
from core.recipe import Recipe
from core.training.foresight.preflight import DataFacts, data_facts
from core.training.start import Plan
from core.workspace import Cohort, Workspace
from pages.parts import store

EVERY_S = 1.0
MARKS = {"fine": ":green[✓]", "warning": ":orange[!]", "refusal": ":red[✕]", "unknown": ":gray[·]"}

Said = list[tuple[str, str]]  # fine, warning, refusal or unknown, and the sentence


def show_checks(recipe: Recipe, plan: Plan, device: str) -> bool:
    """Draw the sentences about a training that can start.

    Returns:
        Whether it may start: not where it cannot fit.
    """
    facts = _facts(plan, recipe.data.plane)
    said = about_data(recipe, plan, facts)
    found = foresee(store.workspace(), recipe, plan, device, facts)
    if isinstance(found, str):
        said.append(("warning", found))
    elif found is not None:
        said += found.sentences
    with st.container(gap=None, key="checks"):
        for kind, sentence in said:
            st.markdown(f":small[{MARKS[kind]} :gray[{sentence}]]")
        if found is None:
            st.fragment(_measuring, run_every=EVERY_S)(recipe, plan, device, facts)
    return not any(kind == "refusal" for kind, _ in said)


def _measuring(recipe: Recipe, plan: Plan, device: str, facts: DataFacts) -> None:
    if foresee(store.workspace(), recipe, plan, device, facts) is not None:
        st.rerun(scope="app")
    st.markdown(f":small[{MARKS['unknown']} :gray[memory and time: trying two steps]]")


def about_data(recipe: Recipe, plan: Plan, facts: DataFacts) -> Said:
    """Return what can be said of the data.

    Args:
        recipe: what to train.
        plan: on which data; it has passed the audit.
        facts: how many slices there are.
    """
    cohort, fold = plan.cohort, plan.fold
    audit = plan.audit.to_json()
    trained, validated, tested = (_groups(cohort, part) for part in (fold.train, fold.validation, fold.test))
    plural = f"{cohort.group_word}s" if trained != 1 else cohort.group_word
    said = [
        ("fine", f"split leaks nothing (audit {audit['sha256'][:4]})"),
        ("fine", f"{trained} {plural} train, {validated} validate, {tested} test"),
    ]
    if not fold.validation:
        said[1] = ("warning", f"{trained} {plural} train; none validates: no Dice curve and no best checkpoint")
    return [*said, ("fine", _length(recipe, facts.train_slices))]


def _length(recipe: Recipe, slices: int) -> str:
    per_epoch = max(1, -(-slices // (recipe.train.batch_size * recipe.train.accumulate)))
    steps = min(recipe.train.epochs * per_epoch, recipe.train.max_steps or recipe.train.epochs * per_epoch)
    return f"{slices:,} slices: {steps:,} steps are {steps / per_epoch:.1f} epochs"


def _groups(cohort: Cohort, cases: tuple[str, ...]) -> int:
    return len({cohort.cases[case].case.group_id for case in cases})


def _facts(plan: Plan, plane: Plane) -> DataFacts:
    place = store.workspace()
    return _kept_facts(
        str(place.root), plan.cohort.name, store.changed(plan.cohort), plan.fold_number, plan.split_name, plane, plan
    )


@st.cache_data(max_entries=64, ttl=60, show_spinner=False)
def _kept_facts(root: str, cohort: str, changed: int, fold: int, split: str, plane: Plane, _plan: Plan) -> DataFacts:
    del cohort, changed, fold, split  # what the cache goes by
    return data_facts(Workspace(Path(root)), _plan.cohort, _plan.fold, plane)
