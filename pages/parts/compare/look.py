"""Look: the original, the ground truth and each model's mask in linked panels, and this case's numbers beside them."""

from __future__ import annotations

import streamlit as st

from core.evaluation.conventions import Convention
from core.evaluation.kept_masks import KeptMasks
from core.evaluation.saved_files import SavedModel
from core.workspace import Cohort
from pages.parts import store
from pages.parts.compare.clean_up import clean_up
from pages.parts.compare.contenders import fair, leaks, worth_making
from pages.parts.compare.conventions import every_convention, in_address, pick_convention, what_it_is_worth
from pages.parts.compare.missing import missing_models, offer_case
from pages.parts.compare.numbers import cohort_scores, dice_table, legend, scores_of, volume_table
from pages.parts.guard import in_a_sentence
from pages.parts.surfaces import following, surfaces_below
from pages.parts.viewer import Panel, ViewerView, region_styles, slice_viewer
from pages.parts.volumes import (
    GROUND_TRUTH,
    image_refs,
    mask_refs,
    probability_refs,
    reference_ref,
    uncertainty_refs,
)


def look(cohort: Cohort, case_id: str, models: dict[str, SavedModel]) -> None:
    """Draw the view."""
    left, right = st.columns([3.4, 1], gap="medium")
    with right:
        offer, dice, control = st.container(), st.container(), st.container()
    with control:
        convention = pick_convention()
    with left, in_a_sentence():
        _grid(cohort, case_id, models, convention)
    with offer:
        waiting = missing_models(cohort, case_id, worth_making(cohort, case_id, models))
        if waiting:
            offer_case(cohort, case_id, waiting)
    honest = fair(models)  # what leaks is in the table of conventions only
    with dice, in_a_sentence():
        dice_table(cohort, case_id, honest, convention)
    with control, in_a_sentence():
        what_it_is_worth(cohort, case_id, honest, convention)
    with left, in_a_sentence():
        every_convention(cohort, case_id, models)
    with left, in_a_sentence():
        clean_up(cohort, case_id, honest)
    with right:
        with in_a_sentence():
            volume_table(cohort, case_id, models)
            cohort_scores(cohort, honest, convention)
        legend(cohort)


def _grid(cohort: Cohort, case_id: str, models: dict[str, SavedModel], convention: Convention) -> None:
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
        scores = () if leaks(models[name]) else scores_of(cohort, case_id, models[name], convention)
        panels.append(Panel(title, _subtitle(models[name], convention), mask=title, scores=scores))
    if predicted:
        first = store.model_title(next(iter(predicted)), models[next(iter(predicted))])
        truth = GROUND_TRUTH if reference is not None else None
        panels.append(Panel("Errors", "{region}", mask=first, error_against=truth, map=True))
    favourite = "T1c" if "T1c" in images else next(iter(images))
    said_in_address = {"cohort": cohort.name, "case": case_id, "models": ",".join(models)}
    # Look is what a link without a view opens: the viewer takes the word out of the address
    said_in_address |= {"scores": in_address(convention), "view": "", "metric": ""}
    view = slice_viewer(
        case_title=case_id,
        images=images,
        masks=masks,
        panels=panels,
        probabilities=probability_refs(cohort, case_id, models),
        uncertainty=uncertainty_refs(cohort, case_id, models),
        regions=region_styles(cohort.scheme),
        reference=GROUND_TRUTH if reference is not None else None,
        initial=ViewerView(image=favourite),
        tools=True,
        address=said_in_address,
        on_view_change=following("compare"),
        key="compare",
    )
    surfaces_below(images, masks, region_styles(cohort.scheme), view, key="compare")


def _subtitle(model: SavedModel, convention: Convention) -> str:
    """Return what stands beside a model's title: the convention of its scores, or how large it is."""
    if leaks(model):
        return "leaks"
    if in_address(convention):
        return convention.short
    return "masks only" if isinstance(model, KeptMasks) else f"{model.card.parameters / 1e6:.1f} M"
