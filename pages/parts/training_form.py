"""The form of a new training: recipe, data, the settings that matter, and whether they fit together."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import RefusedError
from core.recipe import Recipe, load_recipe, recipe_names
from core.splitting import make_split
from core.training.start import Plan, plan_run
from core.workspace import Cohort
from pages.parts import state, store
from pages.parts.recipe_facts import recipe_facts, weights_offered

FAVOURITES = {"phantoms": "phantom-unet"}  # cohort to the recipe that is made for it
MOST = 10_000_000
USUAL_STEPS = 1000  # where a recipe counts in epochs


@dataclass(frozen=True, slots=True)
class Wish:
    """What the form asks for.

    Attributes:
        recipe: with the form's changes, or None where a setting is not one.
        plan: the data, or None where they do not fit.
        device: as `train --device` takes it.
        problem: why it cannot start, or an empty text.
    """

    recipe: Recipe | None
    plan: Plan | None
    device: str
    problem: str


def training_form() -> Wish:
    """Draw the form and return what it asks for."""
    names = store.workspace().cohort_names()
    cohort_name = state.chosen_cohort(names)
    recipes = recipe_names()
    favourite = FAVOURITES.get(cohort_name or "", recipes[0])
    chosen = field("Recipe").selectbox(
        "Recipe", recipes, recipes.index(favourite), key="recipe", label_visibility="collapsed", persist_state="session"
    )
    cohort = _cohort(names, cohort_name)
    split, fold = _split(cohort)
    try:
        shipped = load_recipe(chosen)
    except RefusedError as error:
        return Wish(None, None, "auto", str(error))
    with st.container(gap="xxsmall"):
        for label, value in recipe_facts(shipped, cohort):
            field(label).markdown(value)
    changes = [*_pretraining(shipped), *_length(shipped), *_settings(shipped)]
    device = _device()
    try:
        recipe = load_recipe(chosen, changes)
    except RefusedError as error:
        return Wish(None, None, device, str(error))
    if split is None:
        return Wish(recipe, None, device, "")
    try:
        return Wish(recipe, plan_run(store.workspace(), recipe, cohort.name, split, fold), device, "")
    except RefusedError as error:
        return Wish(recipe, None, device, str(error))


def field(label: str) -> DeltaGenerator:
    """Draw a row's label and return where its value goes."""
    name, value = st.columns([1, 1.75], gap="xsmall", vertical_alignment="center")
    name.markdown(f":gray[{label}]")
    return value


def _cohort(names: list[str], current: str | None) -> Cohort:
    assert current is not None, "the page shows an empty state while there is no cohort"
    picked = field("Cohort").selectbox(
        "Cohort", names, names.index(current), format_func=_sized, label_visibility="collapsed"
    )
    state.choose_cohort(picked)
    return store.cohort(picked)


def _sized(name: str) -> str:
    cohort = store.cohort(name)
    count = len(cohort.groups)
    return f"{name} · {count} {cohort.group_word}{'s' if count != 1 else ''}"


def _split(cohort: Cohort) -> tuple[str | None, int | None]:
    place = store.workspace()
    names = place.split_names(cohort.name)
    where = field("Split")
    if not names:
        where.button("Make the 70/15/15 split", width="stretch", on_click=_make_split, args=(cohort.name,))
        return None, None
    favourite = names.index("default") if "default" in names else 0
    picked = where.selectbox("Split", names, favourite, key=f"split of {cohort.name}", label_visibility="collapsed")
    count = len(place.split(cohort.name, picked).folds)
    if count == 1:
        return picked, None
    fold = field("Fold").selectbox(
        "Fold",
        range(count),
        format_func=lambda number: f"fold {number} of {count}",
        key=f"fold of {cohort.name} {picked}",
        label_visibility="collapsed",
    )
    return picked, fold


def _make_split(cohort: str) -> None:
    """Answer the click before the page is drawn: a widget changed right after it would interrupt the drawing."""
    try:
        make_split(store.workspace(), cohort, "default", None, "70/15/15", 0)
    except (RefusedError, OSError) as error:
        st.error(str(error))


def _pretraining(recipe: Recipe) -> list[str]:
    offered = weights_offered(recipe)
    if not offered:
        return []
    picked = field("Pretraining").selectbox(
        "Pretraining",
        list(offered),
        list(offered).index(recipe.model.encoder_weights),
        format_func=lambda weights: offered.get(weights, weights),
        accept_new_options=True,
        placeholder="Choose, or give a file's path",
        key=f"weights {recipe.name}",
        label_visibility="collapsed",
        persist_state="session",
    )
    return [f"model.encoder_weights={json.dumps(picked)}"]


def _length(recipe: Recipe) -> list[str]:
    """Draw how long to train; whichever of the two was not asked for must not end the run first."""
    train, units = recipe.train, ["steps", "epochs"]
    length, unit = field("Length").columns([1, 1], gap="xxsmall")
    counted = unit.selectbox(
        "Length in",
        units,
        0 if train.max_steps else 1,
        key=f"unit {recipe.name}",
        label_visibility="collapsed",
        persist_state="session",
    )
    if counted == "epochs":
        count = _number(length, "Length", train.epochs, f"epochs {recipe.name}", 1)
        return [f"epochs={count}", "max_steps=null"]
    count = _number(length, "Length", train.max_steps or USUAL_STEPS, f"steps {recipe.name}", 1)
    return [f"max_steps={count}", f"epochs={max(count, train.epochs)}"]


def _settings(recipe: Recipe) -> list[str]:
    batch = _number(field("Batch"), "Batch", recipe.train.batch_size, f"batch {recipe.name}", 1)
    rate = field("Learning rate").text_input(
        "Learning rate",
        str(recipe.optim.lr),
        key=f"lr {recipe.name}",
        label_visibility="collapsed",
        persist_state="session",
    )
    seed = _number(field("Seed"), "Seed", recipe.train.seed, f"seed {recipe.name}", 0)
    return [f"train.batch_size={batch}", f"optim.lr={json.dumps(rate)}", f"train.seed={seed}"]


def _device() -> str:
    devices = device_titles()
    return field("Device").selectbox(
        "Device",
        list(devices),
        format_func=devices.__getitem__,
        key="device",
        label_visibility="collapsed",
        persist_state="session",
    )


def _number(where: DeltaGenerator, label: str, value: int, key: str, least: int) -> int:
    return where.number_input(label, least, MOST, value, key=key, label_visibility="collapsed", persist_state="session")


def device_titles() -> dict[str, str]:
    """Return the devices to offer; what torch really finds is checked when the run starts."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    titles = {"auto": "auto, the fastest here"}
    if shutil.which("nvidia-smi"):
        titles["cuda"] = "CUDA"
    if sys.platform == "darwin":
        titles["mps"] = "MPS"
    return titles | {"cpu": f"CPU, {cores} core{'s' if cores != 1 else ''}"}
