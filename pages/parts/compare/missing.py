"""What has not been segmented yet: said, and made by one button."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.evaluation.kept_masks import KeptMasks
from core.evaluation.saved_files import SavedModel, has_mask
from core.jobs.folder import JobStatus
from core.jobs.segment_cases import start_segmenting, start_segmenting_rest
from core.workspace import Cohort
from pages.parts import state, store
from pages.parts.words import plural

EVERY_S = 1.0


def missing_models(cohort: Cohort, case_id: str, models: Mapping[str, SavedModel]) -> dict[str, SavedModel]:
    """Return the models that have not segmented the case."""
    place = store.workspace()
    return {
        name: checkpoint
        for name, checkpoint in models.items()
        if not isinstance(checkpoint, KeptMasks) and not has_mask(place, cohort, case_id, checkpoint)
    }


@st.fragment(run_every=EVERY_S)
def offer_case(cohort: Cohort, case_id: str, waiting: dict[str, SavedModel]) -> None:
    """Offer to segment the case with the models that have not, and show how far they are."""
    running = store.segmenting(cohort, case_id)
    if running is None:
        if not missing_models(cohort, case_id, waiting):
            st.rerun(scope="app")
        titles = ", ".join(store.model_title(name, checkpoint) for name, checkpoint in waiting.items())
        st.caption(f"{titles}: not segmented yet.")
        if st.button("Segment this case", type="primary", width="stretch"):
            start_segmenting(store.workspace(), cohort.name, [case_id], list(waiting))
    else:
        _how_far(running)


def offer_rest(cohort: Cohort, missing: Sequence[tuple[str, str]], wanted: int) -> None:
    """Say how many predictions are missing, and offer to make them.

    Args:
        cohort: whose cases.
        missing: case and model's name.
        wanted: how many predictions there would be in all.
    """
    if missing:
        st.fragment(_offer_rest, run_every=EVERY_S)(cohort, tuple(missing), wanted)


def _offer_rest(cohort: Cohort, missing: Sequence[tuple[str, str]], wanted: int) -> None:
    cases = {case_id for case_id, _ in missing}
    running = store.segmenting_any(cohort, cases)
    if running is None and state.segments_rest_of(cohort.name):  # it ended since the page was drawn
        state.segment_rest_of(None)
        st.rerun(scope="app")
    if running is not None and running.state != "failed":
        state.segment_rest_of(cohort.name)
        _how_far(running)
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"{len(missing):,} of {plural(wanted, 'mask')} are not made yet, of {plural(len(cases), 'case')}.")
        if st.button("Segment the rest", type="primary"):
            start_segmenting_rest(store.workspace(), cohort.name, missing)
            state.segment_rest_of(cohort.name)
    if running is not None:
        st.error(running.message)


def nothing_to_compare(
    models: Mapping[str, SavedModel], missing: Sequence[tuple[str, str]], *, is_waiting: bool = False
) -> None:
    """Say why there is no number yet, with the next step as a button.

    Args:
        models: what was chosen.
        missing: predictions that could be made; their button stands above.
        is_waiting: masks are there and being scored, as a bar above says.
    """
    if is_waiting:
        st.caption("What they say appears here as soon as they are scored; it is computed once.")
        return
    if not models:
        st.subheader("No model is chosen", anchor=False)
        st.caption("A model of this cohort's sequences and regions can be chosen above once there is one.")
        st.page_link("train_models.py", label="Train a model")
    elif missing:
        st.subheader("Nothing to compare yet", anchor=False)
        st.caption("Scores appear here as soon as a patient is segmented that none of these models was trained on.")
    else:
        st.subheader("No patient is left to score", anchor=False)
        st.caption(
            "Each has no ground truth, or one of these models was trained or tuned on it. Import other patients."
        )
        st.page_link("browse_volumes.py", label="Import patients", query_params={"import": state.NEW_IMPORT})


def _how_far(running: JobStatus) -> None:
    if running.state == "failed":
        st.error(running.message)
    else:
        st.progress(running.done / max(1, running.total), text=running.title)
