"""The form's rows about the clean-up that follows the thresholds: steps in order, each with its settings in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import streamlit as st
from pydantic.fields import FieldInfo

from core.postprocess import POSTPROCESS, StepSpec
from core.workspace import Cohort
from pages.parts.training.rows import Rows

PATH = "post.steps"
NONE = "none"
MOST = 20  # steps that the form offers; a recipe that has more shows them all
# what a step does, for somebody who has not read its definition
HELP = {
    "smallest_component": "Takes away specks: pieces of a region that are smaller than a lesion would be.",
    "largest_component": "Keeps the largest piece of a region alone: other lesions of a patient are lost.",
    "fill_holes": "Fills gaps that a region surrounds on all sides.",
    "opening": "Takes away thin bridges and whiskers: all that is narrower than a ball of this radius.",
    "closing": "Closes cracks and notches that are narrower than a ball of this radius.",
    "region_consistency": "Makes each region lie inside the one before it, as the core does in the whole tumour.",
}
# where a step begins that needs a size
FIRST: dict[str, dict[str, Any]] = {
    "smallest_component": {"ml": 0.1, "voxels": 50},
    "opening": {"mm": 1.0, "voxels": 1.0},
    "closing": {"mm": 1.0, "voxels": 1.0},
}
LABELS = {"ml": "Least, ml", "mm": "Radius, mm", "per_slice": "Slice by slice"}


def clean_up_rows(rows: Rows, cohort: Cohort) -> None:
    """Draw a row for each step and one more that is free; choosing `none` takes a step out."""
    own: list[dict[str, Any]] = rows.value(PATH)
    rows.number("Threshold", "post.threshold", 1)
    rows.row("Steps", PATH).markdown(":small[:gray[in this order]]")
    steps = []
    for place in range(_places(rows, own)):
        given = own[place] if place < len(own) else {}
        name = _which(rows, place, given)
        if name != NONE:
            steps.append(_step(rows, place, POSTPROCESS[name], given if given.get("name") == name else {}, cohort))
    rows.change(PATH, steps)


def _places(rows: Rows, own: Sequence[Mapping[str, Any]]) -> int:
    """Return how many steps are drawn: up to the last that is chosen, and a free one."""
    first = [str(step["name"]) for step in own]
    first += [NONE] * (MOST - len(own))
    chosen = [st.session_state.get(_key(rows, place), name) for place, name in enumerate(first)]
    return min(len(first), max((place for place, name in enumerate(chosen) if name != NONE), default=-1) + 2)


def _key(rows: Rows, place: int) -> str:
    return f"{PATH}.{place} {rows.key}"


def _which(rows: Rows, place: int, given: Mapping[str, Any]) -> str:
    names = [NONE, *POSTPROCESS]
    about = "Steps work one after the other on the mask, in validation too. " + " ".join(
        f"{POSTPROCESS[name].title}: {HELP.get(name, POSTPROCESS[name].definition)}" for name in POSTPROCESS
    )
    picked = rows.row(f"Step {place + 1}", help_text=about).selectbox(
        f"Step {place + 1}",
        names,
        names.index(given.get("name", NONE)),
        format_func=lambda name: NONE if name == NONE else POSTPROCESS[name].title,
        key=_key(rows, place),
        label_visibility="collapsed",
        persist_state="session",
    )
    return str(picked)


def _step(rows: Rows, place: int, spec: StepSpec, given: Mapping[str, Any], cohort: Cohort) -> dict[str, Any]:
    """Draw a step's settings; return it as a recipe writes it."""
    st.caption(HELP.get(spec.name, spec.definition), help=spec.definition)
    key = f"{PATH}.{place} {spec.name} {rows.key}"
    own = tuple(given.get("regions", ()))
    known = [*own, *(name for name in cohort.scheme.region_names if name not in own)]
    about = "None chosen means all. Where regions have to lie inside each other the outermost comes first."
    regions = rows.row("Regions", help_text=about).multiselect(
        "Regions",
        known,
        list(own),
        placeholder="all",
        key=f"regions {key} {' '.join(known)}",
        label_visibility="collapsed",
        persist_state="session",
    )
    first = dict(given["arguments"]) if given else FIRST.get(spec.name, {})
    arguments = {
        name: _argument(rows, name, field, first.get(name, field.default), f"{name} {key}")
        for name, field in spec.arguments.model_fields.items()
    }
    kept = {name: value for name, value in arguments.items() if value is not None}
    return {"name": spec.name, "regions": regions, "arguments": kept}


def _argument(rows: Rows, name: str, field: FieldInfo, first: Any, key: str) -> Any:
    label = LABELS.get(name, name.replace("_", " ").capitalize())
    where = rows.row(label, help_text=field.description or "")
    drawn: dict[str, Any] = {"key": key, "label_visibility": "collapsed", "persist_state": "session"}
    if field.annotation is bool:
        return where.toggle(label, bool(first), **drawn)
    if isinstance(first, str):
        words = list(get_args(field.annotation))
        return where.selectbox(label, words, words.index(first), **drawn)
    whole = int in get_args(field.annotation)
    value = None if first is None else int(first) if whole else float(first)
    return where.number_input(label, value=value, step=1 if whole else 0.1, placeholder=NONE, **drawn)
