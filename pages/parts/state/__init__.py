"""What a session remembers between runs of a page: the only room that touches `st.session_state`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import streamlit as st

from pages.parts.state.of_a_study import (
    close_study,
    jump_to,
    jumped_to,
    jumps,
    open_study,
    rest_on_slice,
    rests_on,
    study,
    take,
    takes,
)
from pages.parts.state.of_an_import import (
    NEW_IMPORT,
    choose_import_folder,
    close_import,
    import_folder,
    importing,
    open_import,
)

__all__ = [
    "NEW_IMPORT",
    "choose_import_folder",
    "close_import",
    "close_study",
    "import_folder",
    "importing",
    "jump_to",
    "jumped_to",
    "jumps",
    "open_import",
    "open_study",
    "rest_on_slice",
    "rests_on",
    "study",
    "take",
    "takes",
]

_COHORT = "cohort"
_CASE = "case"
_MODELS = "models"
_SCORES = "scores"
_RUN = "run"
_PAGE = "page"
_STARTS = "starts"
_CLONES = "clones"
_SPLITS = "splits"
_LOOK = "looks at slices"
_AUGMENTATION = "augmentation"
_VIEW = "view"
_VIEW_CONTROL = "view of compare"
_METRIC = "metric"
_TOLD = "told in the address"
_REST = "segments the rest of"
_HEARD = "heard of the end of"
RECIPE = "recipe"  # keys of widgets that a clone fills
DEVICE = "device"


def chosen_cohort(known: list[str], favourite: str | None = None) -> str | None:
    """Return the cohort this session looks at: what was chosen, what the address says, else the favourite or first."""
    wanted = st.session_state.get(_COHORT) or st.query_params.get("cohort")
    if wanted in known:
        return str(wanted)
    return favourite if favourite in known else next(iter(known), None)


def choose_cohort(name: str) -> None:
    """Remember the cohort, and forget the case of another one."""
    if st.session_state.get(_COHORT) != name:
        st.session_state[_COHORT] = name
        st.session_state.pop(_CASE, None)


def chosen_case(known: Collection[str]) -> str | None:
    """Return the case this session looks at: what was chosen, what the address says, else the first."""
    for wanted in (st.session_state.get(_CASE), st.query_params.get("case")):
        if wanted in known:
            return str(wanted)
    return next(iter(known), None)


def choose_case(case_id: str) -> None:
    """Remember the case."""
    st.session_state[_CASE] = case_id


def page_of(listing: str) -> int | None:
    """Return the page that a listing was turned to, from 0, or None where another one was listed last."""
    kept = st.session_state.get(_PAGE)
    return int(kept[1]) if kept and kept[0] == listing else None


def any_page() -> bool:
    """Tell whether this session has listed anything before."""
    return _PAGE in st.session_state


def turn_to_page(listing: str, page: int) -> None:
    """Remember a listing's page."""
    st.session_state[_PAGE] = (listing, page)


def chosen_models(known: list[str], otherwise: list[str]) -> list[str]:
    """Return the models this session compares: what was chosen, what the address says, else `otherwise`."""
    remembered = st.session_state.get(_MODELS)
    if remembered is None and (address := st.query_params.get("models")):
        remembered = address.split(",")
    if remembered is None:
        return otherwise
    return [name for name in remembered if name in known]


def choose_models(names: list[str]) -> None:
    """Remember the models."""
    st.session_state[_MODELS] = list(names)


def chosen_scores(known: Collection[str], otherwise: str) -> str:
    """Return the scoring convention this session reads: what was chosen, what the address says, else `otherwise`."""
    for wanted in (st.session_state.get(_SCORES), st.query_params.get(_SCORES)):
        if wanted in known:
            return str(wanted)
    return otherwise


def choose_scores(name: str) -> None:
    """Remember the scoring convention."""
    st.session_state[_SCORES] = name


def chosen_view(known: Collection[str], otherwise: str) -> str:
    """Return the view of Compare this session is in: what was chosen, what the address says, else `otherwise`."""
    for wanted in (st.session_state.get(_VIEW), st.query_params.get(_VIEW)):
        if wanted in known:
            return str(wanted)
    return otherwise


def choose_view(name: str) -> None:
    """Remember the view."""
    st.session_state[_VIEW] = name


def view_key(present: str) -> str:
    """Return the key of the control of views, which shows the present one however it was turned to."""
    st.session_state[_VIEW_CONTROL] = present
    return _VIEW_CONTROL


def view_was_picked() -> None:
    """Take over what the control of views says; a callback."""
    choose_view(st.session_state[_VIEW_CONTROL])


def open_in_view(name: str, words: Mapping[str, str]) -> None:
    """Turn to a view, and write an address that says where in it; in a callback, before the page is drawn."""
    choose_view(name)
    leave_address()
    st.query_params.from_dict(dict(words))


def chosen_metric(known: Collection[str]) -> str:
    """Return the metric this session reads tables of: what was chosen, what the address says, else the first."""
    for wanted in (st.session_state.get(_METRIC), st.query_params.get(_METRIC)):
        if wanted in known:
            return str(wanted)
    return next(iter(known))


def choose_metric(name: str) -> None:
    """Remember the metric."""
    st.session_state[_METRIC] = name


def metric_in_address(view: str) -> str:
    """Return what the address says of the metric: nothing where none was chosen, or where there is no table of one."""
    return str(st.session_state.get(_METRIC, "")) if view == "scores" else ""


def tell_address(words: Mapping[str, str]) -> None:
    """Write the address of a view that has no viewer, which would write it itself.

    The server does not hear of what the viewer wrote: coming from it, everything is written anew.
    """
    told = {name: word for name, word in words.items() if word}
    if st.session_state.get(_TOLD) != told or st.query_params.to_dict() != told:
        st.query_params.from_dict(told)
        st.session_state[_TOLD] = told


def leave_address() -> None:
    """Leave the address to the viewer."""
    st.session_state.pop(_TOLD, None)


def segments_rest_of(cohort: str) -> bool:
    """Return whether this session saw a job that segments what is missing in a cohort."""
    return bool(st.session_state.get(_REST) == cohort)


def segment_rest_of(cohort: str | None) -> None:
    """Remember that such a job runs, or that it ended."""
    st.session_state[_REST] = cohort


def heard_of(job_id: str) -> bool:
    """Return whether this session has heard before that a job ended, and remember it."""
    heard = st.session_state.get(_HEARD) == job_id
    st.session_state[_HEARD] = job_id
    return bool(heard)


def selected(key: str) -> Any:
    """Return what is selected in a chart or a table, or None before it was drawn."""
    found = st.session_state.get(key)
    return None if found is None else found.get("selection")


def chosen_run(known: list[str]) -> str | None:
    """Return the run this session watches: what was chosen, else the newest."""
    wanted = st.session_state.get(_RUN)
    return str(wanted) if wanted in known else next(iter(known), None)


def choose_run(name: str) -> None:
    """Remember the run."""
    st.session_state[_RUN] = name


def starts() -> int:
    """Return how many trainings this session has started; a start button keyed by it cannot fire twice."""
    return int(st.session_state.get(_STARTS, 0))


def count_start() -> None:
    """Remember that a training was started."""
    st.session_state[_STARTS] = starts() + 1


def cloned_runs() -> list[str]:
    """Return the runs whose settings this session has taken over."""
    return list(st.session_state.get(_CLONES, []))


def clone_run(name: str, cohort: str, split: str, fold: int, device: str) -> None:
    """Fill the form of a new training with a run's settings; before the form is drawn."""
    for key in [key for key in st.session_state if f" run:{name}" in str(key)]:  # what was changed since the last time
        del st.session_state[key]
    st.session_state[_CLONES] = [name, *(other for other in cloned_runs() if other != name)]
    st.session_state[RECIPE] = f"run:{name}"
    choose_cohort(cohort)
    st.session_state[_SPLITS] = {**st.session_state.get(_SPLITS, {}), cohort: split}
    st.session_state[f"split of {cohort}"] = split
    st.session_state[f"fold of {cohort} {split}"] = fold
    st.session_state[DEVICE] = device


def looks() -> bool:
    """Return whether this session looks at training slices and their variations."""
    return bool(st.session_state.get(_LOOK))


def toggle_look() -> None:
    """Look at training slices, or no longer."""
    st.session_state[_LOOK] = not looks()


def split_of(cohort: str) -> str | None:
    """Return the split that a clone brought along."""
    return st.session_state.get(_SPLITS, {}).get(cohort)  # type: ignore[no-any-return]


def augmentation_shown() -> tuple[int, int]:
    """Return which training slice's variations are looked at, and which draw of them."""
    which, draw = st.session_state.get(_AUGMENTATION, (0, 0))
    return int(which), int(draw)


def show_augmentation(which: int, draw: int) -> None:
    """Remember the slice and the draw."""
    st.session_state[_AUGMENTATION] = (which, draw)


def surfaces_key(page: str) -> str:
    """Return the key of a page's switch for 3D."""
    return f"3D on {page}"


def surfaces_on(page: str) -> bool:
    """Return whether a page shows 3D; known before its switch is drawn."""
    return bool(st.session_state.get(surfaces_key(page)))
