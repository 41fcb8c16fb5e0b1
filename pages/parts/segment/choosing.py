"""Which model segments the study, and once more with another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from core.data.slicing import PLANES
from core.errors import RefusedError
from core.inference.planes import PlanesRefusedError, require_planes
from core.jobs.borrowed_studies import bring_again
from core.jobs.segmentation_choices import BETWEEN, several_names
from core.jobs.segmentation_queue import submit
from core.jobs.segmentations import SegmentationJob
from pages.parts import state, store
from pages.parts.importing.findings import plain
from pages.parts.segment.checkpoints import Offer, offers

SHOWN_UNFIT = 6


def models(job: SegmentationJob, view: dict[str, Any]) -> None:
    """Draw the models that fit, those that do not with the reason, and the button that segments again."""
    st.markdown("**Model**")
    every = offers(view["modalities"])
    fitting = {offer.name: offer for offer in every if not offer.why_not}
    if not fitting:
        st.caption("No model fits this study any more.")
        return
    chosen = st.multiselect(
        "Model",
        list(fitting),
        [name for name in several_names(view["checkpoint"]) if name in fitting],
        format_func=lambda name: _short(fitting[name]),
        key=f"model of {job.id}",
        label_visibility="collapsed",
        placeholder="Choose one, or several for their mean",
    )
    _about([fitting[name] for name in chosen])
    tta = st.checkbox(
        "Mean over flips",
        key=f"tta of {job.id}",
        value=bool(job.asked.options.get("tta")),
        help="Four to eight times as long; also shows where the flips disagree.",
    )
    planes = _three_planes(job, view)
    _unfit([offer for offer in every if offer.why_not])
    options = ({"tta": True} if tta else {}) | ({"planes": list(PLANES)} if planes else {})
    is_new = BETWEEN.join(chosen) != view["checkpoint"] or options != job.asked.options
    can = bool(chosen) and is_new
    if st.button("Segment again", type="primary", width="stretch", disabled=not can, key="segment again"):
        named, resting = BETWEEN.join(chosen), state.rests_on(job.id)
        asked = replace(job.asked, checkpoint=named, options=options, first_slice=resting)
        try:
            place = store.workspace()
            state.open_study(submit(place, bring_again(place, job), asked).id)
        except RefusedError as error:
            st.error(str(error))
        else:
            st.rerun()
    if view.get("seconds"):
        st.caption(_seconds(view))


def _three_planes(job: SegmentationJob, view: dict[str, Any]) -> bool:
    """Draw whether slices of each plane are to be averaged, where those of the other planes look like the trained."""
    try:
        require_planes("It", view["shape"], view["spacing_mm"], tuple(PLANES), "axial")
        why_not = ""
    except PlanesRefusedError as error:
        why_not = str(error).partition(": leave ")[0]
    return st.checkbox(
        "Mean over three planes",
        key=f"planes of {job.id}",
        value=bool(job.asked.options.get("planes")) and not why_not,
        disabled=bool(why_not),
        help=plain(why_not) or "Slices of each plane go through the model: three times as long.",
    )


def _about(chosen: Sequence[Offer]) -> None:
    if reads := dict.fromkeys(offer.fits for offer in chosen):
        what = chosen[0].title.partition(" (")[0] if len(chosen) == 1 else f"mean of {len(chosen)} models"
        st.caption(f"{plain(what)} · reads {'; '.join(reads)}")
    for cost in dict.fromkeys(offer.cost for offer in chosen if offer.cost):
        st.caption(f":orange[!] {plain(cost)}")


def _short(offer: Offer) -> str:
    """Return what fits a narrow column: of a run its name, for several have the same title."""
    return offer.name if offer.title.endswith(f"({offer.name})") else offer.title


def _unfit(left: list[Offer]) -> None:
    if not left:
        return
    with st.expander(f"{len(left)} do not fit"):
        for offer in left[:SHOWN_UNFIT]:
            st.caption(f"{offer.title}: {offer.why_not}")
        if len(left) > SHOWN_UNFIT:
            st.caption(f"and {len(left) - SHOWN_UNFIT} more")


def _seconds(view: dict[str, Any]) -> str:
    said = f"all in {view['seconds'].get('all', 0.0):.1f} s"
    return f"this slice after {view['first']['after_s']:.1f} s · {said}" if view["first"] else said
