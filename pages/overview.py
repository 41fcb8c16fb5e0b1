"""Overview: the viewer itself, alive, then the cohort and the models at a glance."""

from __future__ import annotations

import streamlit as st

from core.checkpoints import Checkpoint
from core.workspace import Cohort
from pages.parts import state, store
from pages.parts.at_a_glance import cohort_strip, models_table
from pages.parts.compare.numbers import scores_of
from pages.parts.empty import nothing_yet
from pages.parts.guard import in_a_sentence
from pages.parts.running import running_list
from pages.parts.viewer import Panel, ViewerView, region_styles, slice_viewer
from pages.parts.volumes import GROUND_TRUTH, image_refs, mask_refs, reference_ref
from pages.parts.words import plural

FAVOURITE = "phantoms"
HEIGHT = 430


def show() -> None:
    """Draw the page."""
    names = store.workspace().cohort_names()
    name = state.chosen_cohort(names, FAVOURITE)
    if name is None:
        nothing_yet()
        return
    cohort = store.cohort(name)
    left, right = st.columns([2.7, 1], gap="medium")
    with left:
        with in_a_sentence():
            _alive(cohort)
        cohort_strip(cohort)
        models_table(cohort)
    with right:
        _where_next(cohort)
    case_id = state.chosen_case(cohort.cases)
    if case_id is not None:
        _look_again(cohort, case_id, store.freshness(cohort, case_id))


@st.fragment(run_every=2.0)
def _look_again(cohort: Cohort, case_id: str, shown: tuple[int, int]) -> None:
    """Draw the page anew when there is more to see than is shown: the demo is still being made."""
    if store.freshness(cohort, case_id) != shown:
        st.rerun(scope="app")


def _alive(cohort: Cohort) -> None:
    case_id = state.chosen_case(cohort.cases)
    if case_id is None:
        return
    images = image_refs(cohort, case_id)
    reference = reference_ref(cohort, case_id)
    masks = {} if reference is None else {GROUND_TRUTH: reference}
    models = store.fitting(store.checkpoints(), cohort)
    predicted = mask_refs(cohort, case_id, models)
    first = max(predicted, key=lambda name: _validated(models[name]), default=None)
    favourite = "T1c" if "T1c" in images else next(iter(images))
    panels = [Panel(favourite, case_id, image=favourite)]
    if reference is not None:
        panels.append(Panel(GROUND_TRUTH, image=favourite, mask=GROUND_TRUTH))
    if first is not None:
        masks[first] = predicted[first]
        scores = scores_of(cohort, case_id, models[first])[:1]
        panels.append(Panel(models[first].card.title, image=favourite, mask=first, scores=scores))
    slice_viewer(
        case_title=case_id,
        images=images,
        masks=masks,
        panels=panels,
        regions=region_styles(cohort.scheme),
        initial=ViewerView(image=favourite),
        autoplay=True,
        flicker=True,
        controls=False,
        strip=False,
        height=HEIGHT,
        columns=3,
        key="overview",
    )


def _validated(checkpoint: Checkpoint) -> float:
    """Return the score by which a checkpoint was chosen in its training, 0 where it was not validated."""
    scores = checkpoint.card.validation_scores
    return float(scores["score"]) if scores else 0.0


def _where_next(cohort: Cohort) -> None:
    with st.container(border=True):
        st.page_link("browse_volumes.py", label=f"**Browse {plural(len(cohort.cases), 'case')}**")
        made = "made on this machine, nothing to download" if cohort.name == FAVOURITE else "linked, slice by slice"
        st.caption(made)
    with st.container(border=True):
        st.page_link("train_models.py", label="**Train a model**")
        st.caption("from a recipe, here or in the shell; it runs on when you close the page")
    with st.container(border=True):
        models = len(store.fitting(store.checkpoints(), cohort))
        st.page_link("compare_models.py", label=f"**Compare {plural(models, 'model')}**")
        st.caption("linked, slice by slice, and in numbers")
    with st.container(border=True):
        st.page_link("browse_volumes.py", label="**Bring your own scans**", query_params={"import": state.NEW_IMPORT})
        st.caption("DICOM, NIfTI, COCO or pictures: dropped here, or a folder of this machine")
    running_list()
    st.caption("For research. Not a medical device.")


show()
