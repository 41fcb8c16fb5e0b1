"""Compare: the original, the ground truth and each model's mask side by side, and the numbers beside them."""

from __future__ import annotations

import streamlit as st

from core.checkpoints import Checkpoint
from core.evaluation.conventions import Convention
from core.jobs.segment_cases import start_segmenting
from core.workspace import Cohort
from pages.parts import store
from pages.parts.comparison import cohort_scores, dice_table, legend, missing_models, scores_of, volume_table
from pages.parts.conventions import every_convention, in_address, pick_convention, what_it_is_worth
from pages.parts.empty import nothing_yet
from pages.parts.guard import in_a_sentence
from pages.parts.pickers import pick_case, pick_cohort, pick_models
from pages.parts.surfaces import following, surfaces_below
from pages.parts.viewer import Panel, ViewerView, region_styles, slice_viewer
from pages.parts.volumes import GROUND_TRUTH, image_refs, mask_refs, probability_refs, reference_ref

MOST_MODELS = 8


def show() -> None:
    """Draw the page."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        cohort = pick_cohort("phantoms")
        if cohort is None:
            nothing_yet()
            return
        case_id = pick_case(cohort)
        models = pick_models(cohort, MOST_MODELS)
    left, right = st.columns([3.4, 1], gap="medium")
    with right:
        offer, dice, control = st.container(), st.container(), st.container()
    with control:
        convention = pick_convention()
    with left, in_a_sentence():
        _grid(cohort, case_id, models, convention)
    with offer:
        waiting = missing_models(cohort, case_id, models)
        if waiting:
            _offer(cohort, case_id, waiting)
    with dice, in_a_sentence():
        dice_table(cohort, case_id, models, convention)
    with control, in_a_sentence():
        what_it_is_worth(cohort, case_id, models, convention)
    with left, in_a_sentence():
        every_convention(cohort, case_id, models)
    with right:
        with in_a_sentence():
            volume_table(cohort, case_id, models)
            cohort_scores(cohort, models, convention)
        legend(cohort)


def _grid(cohort: Cohort, case_id: str, models: dict[str, Checkpoint], convention: Convention) -> None:
    images = image_refs(cohort, case_id)
    reference = reference_ref(cohort, case_id)
    predicted = mask_refs(cohort, case_id, models)
    masks = {} if reference is None else {GROUND_TRUTH: reference}
    masks |= {store.model_title(name, models[name]): ref for name, ref in predicted.items()}
    panels = [Panel("Original", "{image}")]
    if reference is not None:
        panels.append(Panel(GROUND_TRUTH, mask=GROUND_TRUTH))
    for name in predicted:
        title = store.model_title(name, models[name])
        said = convention.short if in_address(convention) else f"{models[name].card.parameters / 1e6:.1f} M"
        scores = scores_of(cohort, case_id, models[name], convention)
        panels.append(Panel(title, said, mask=title, scores=scores))
    if predicted:
        first = store.model_title(next(iter(predicted)), models[next(iter(predicted))])
        truth = GROUND_TRUTH if reference is not None else None
        panels.append(Panel("Errors", "{region}", mask=first, error_against=truth, map=True))
    favourite = "T1c" if "T1c" in images else next(iter(images))
    view = slice_viewer(
        case_title=case_id,
        images=images,
        masks=masks,
        panels=panels,
        probabilities=probability_refs(cohort, case_id, models),
        regions=region_styles(cohort.scheme),
        reference=GROUND_TRUTH if reference is not None else None,
        initial=ViewerView(image=favourite),
        tools=True,
        address={"cohort": cohort.name, "case": case_id, "models": ",".join(models), "scores": in_address(convention)},
        on_view_change=following("compare"),
        key="compare",
    )
    surfaces_below(images, masks, region_styles(cohort.scheme), view, key="compare")


@st.fragment(run_every=1.0)
def _offer(cohort: Cohort, case_id: str, waiting: dict[str, Checkpoint]) -> None:
    """Offer to segment the case with the models that have not, and show how far they are."""
    running = store.segmenting(cohort, case_id)
    if running is None:
        if not missing_models(cohort, case_id, waiting):
            st.rerun(scope="app")
        titles = ", ".join(store.model_title(name, checkpoint) for name, checkpoint in waiting.items())
        st.caption(f"{titles}: not segmented yet.")
        if st.button("Segment this case", type="primary", width="stretch"):
            start_segmenting(store.workspace(), cohort.name, [case_id], list(waiting))
    elif running.state == "failed":
        st.error(running.message)
    else:
        st.progress(running.done / max(1, running.total), text=f"{running.title}")


show()
