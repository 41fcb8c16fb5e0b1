"""The form of a new training: recipe, data, the settings that matter, and whether they fit together."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.errors import RefusedError
from core.jobs.machine import device_named, devices
from core.recipe import Recipe, RecipeError, load_recipe, recipe_names
from core.splitting import make_split
from core.training.foresight.duration import size
from core.training.start import Plan, plan_run
from core.workspace import Cohort
from pages.parts import state, store
from pages.parts.training.more import more_rows
from pages.parts.training.network import network_rows
from pages.parts.training.rows import Rows, field

FAVOURITES = {"phantoms": "phantom-unet"}  # cohort to the recipe that is made for it
DEFAULT = "segscope-default"
USUAL_STEPS = 1000  # where a recipe counts in epochs


@dataclass(frozen=True, slots=True)
class Wish:
    """What the form asks for.

    Attributes:
        recipe: with the form's changes, or None where a setting is not one.
        plan: the data, or None where they do not fit.
        device: as `train --device` takes it.
        problems: why it cannot start; what is said under a field already is not among them.
    """

    recipe: Recipe | None
    plan: Plan | None
    device: str
    problems: tuple[str, ...] = ()


def training_form() -> Wish:
    """Draw the form and return what it asks for."""
    names = store.workspace().cohort_names()
    cohort_name = state.chosen_cohort(names)
    reference, key = _reference(cohort_name)
    cohort = _cohort(names, cohort_name)
    split, fold = _split(cohort)
    try:
        shipped = load_recipe(reference)
    except RefusedError as error:
        return Wish(None, None, "auto", (str(error),))
    rows = Rows(shipped, key)
    network_rows(rows, cohort)
    _length(rows)
    rows.number("Batch", "train.batch_size", 1)
    device = _device()
    more_rows(rows, cohort)
    try:
        recipe = load_recipe(reference, rows.changes)
    except RecipeError as error:
        return Wish(None, None, device, tuple(rows.say(str(error))))
    if split is None:
        return Wish(recipe, None, device)
    try:
        return Wish(recipe, plan_run(store.workspace(), recipe, cohort.name, split, fold), device)
    except RefusedError as error:
        return Wish(recipe, None, device, (str(error),))


def _reference(cohort: str | None) -> tuple[str, str]:
    """Draw which recipe the form starts from; return it as `load_recipe` takes it, and what its widgets go by."""
    place = store.workspace()
    recipes = recipe_names()
    clones = [name for name in state.cloned_runs() if (place.runs / name / "recipe.yaml").exists()]
    favourite = FAVOURITES.get(cohort or "", DEFAULT if DEFAULT in recipes else recipes[0])
    titles = {name: name for name in recipes} | {f"run:{name}": f"as run {name}" for name in clones}
    options = list(titles)
    chosen = field("Recipe", "Where the settings below start from.").selectbox(
        "Recipe",
        options,
        options.index(favourite),
        format_func=lambda each: titles.get(each, each),
        key=state.RECIPE,
        label_visibility="collapsed",
        persist_state="session",
    )
    if chosen.startswith("run:"):
        return str(place.runs / chosen[4:] / "recipe.yaml"), chosen
    return chosen, chosen


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
    by_name = {name: len(place.split(cohort.name, name).folds) for name in names}
    kept = state.split_of(cohort.name)
    favourite = next((name for name in (kept, "default") if name in by_name), names[0])
    if max(by_name.values()) > 1:
        where, folds = where.columns([1.2, 1], gap="xxsmall")
    picked = where.selectbox(
        "Split", names, names.index(favourite), key=f"split of {cohort.name}", label_visibility="collapsed"
    )
    if by_name[picked] == 1:
        return picked, None
    fold = folds.selectbox(
        "Fold",
        range(by_name[picked]),
        format_func=lambda number: f"fold {number} of {by_name[picked]}",
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


def _length(rows: Rows) -> None:
    """Draw how long to train; whichever of the two was not asked for must not end the run first."""
    train, units = rows.recipe.train, ["steps", "epochs"]
    help_text = "An epoch is as many steps as there are batches of training slices."
    length, unit = rows.row("Length", help_text=help_text).columns([1, 1], gap="xxsmall")
    counted = unit.selectbox(
        "Length in",
        units,
        0 if train.max_steps else 1,
        key=f"unit {rows.key}",
        label_visibility="collapsed",
        persist_state="session",
    )
    first = train.epochs if counted == "epochs" else train.max_steps or USUAL_STEPS
    count = int(
        length.number_input(
            "Length",
            1,
            10_000_000,
            first,
            key=f"{counted} {rows.key}",
            label_visibility="collapsed",
            persist_state="session",
        )
    )
    rows.change("epochs", count if counted == "epochs" else max(count, train.epochs))
    rows.change("max_steps", None if counted == "epochs" else count)


def _device() -> str:
    titles = device_titles()
    # the free memory beside the list: a list whose words change forgets what was chosen
    where, free = field("Device", "One training runs on a device at a time; the others wait for it.").columns(
        [1.25, 1], gap="xsmall", vertical_alignment="center"
    )
    name = where.selectbox(
        "Device",
        list(titles),
        format_func=lambda name: titles.get(name, name),
        key=state.DEVICE,
        label_visibility="collapsed",
        persist_state="session",
    )
    left = device_named(name).free_bytes
    if left is not None:
        free.markdown(f":small[:gray[{size(left)} free]]")
    return name


def device_titles() -> dict[str, str]:
    """Return the devices to offer; what torch really finds is checked when the run starts."""
    here = devices()
    return {"auto": f"auto: {here[0].name}"} | {each.name: each.title for each in here}
