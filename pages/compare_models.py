"""Compare: the same masks looked at, scored, searched for failures, checked for trust, and reported."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.evaluation.saved_files import SavedModel
from core.workspace import Cohort
from pages.parts import state
from pages.parts.compare.failures import failures
from pages.parts.compare.look import look
from pages.parts.compare.report import report
from pages.parts.compare.scores import scores
from pages.parts.compare.trust import trust
from pages.parts.empty import nothing_yet
from pages.parts.guard import in_a_sentence
from pages.parts.pickers import pick_case, pick_cohort, pick_models

MOST_MODELS = 8
LOOK = "look"

# what a view draws; Look alone is about one case
VIEWS: dict[str, tuple[str, Callable[[Cohort, dict[str, SavedModel]], None] | None]] = {
    LOOK: ("Look", None),
    "scores": ("Scores", scores),
    "failures": ("Failures", failures),
    "trust": ("Trust", trust),
    "report": ("Report", report),
}


def show() -> None:
    """Draw the page: the row of controls, and the view that is chosen."""
    with in_a_sentence():
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            cohort = pick_cohort("phantoms")
            if cohort is None:
                nothing_yet()
                return
            view = state.chosen_view(VIEWS, LOOK)
            case_id = pick_case(cohort) if view == LOOK else None
            models = pick_models(cohort, MOST_MODELS)
            st.space("stretch")
            _pick_view(view)
        draw = VIEWS[view][1]
        if draw is None:
            assert case_id is not None
            state.leave_address()
            look(cohort, case_id, models)
        else:
            draw(cohort, models)
            words = {"view": view, "cohort": cohort.name, "models": ",".join(models)}
            state.tell_address(words | {"metric": state.metric_in_address(view)})


def _pick_view(present: str) -> None:
    """Draw the control; a click counts before the page is drawn, so that no other view is computed first."""
    st.segmented_control(
        "View",
        list(VIEWS),
        required=True,
        format_func=lambda name: VIEWS[name][0],
        key=state.view_key(present),
        on_change=state.view_was_picked,
        label_visibility="collapsed",
    )


show()
