"""Which model segments the study, and once more with another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from core.errors import RefusedError
from core.jobs.borrowed_studies import bring_again
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
    names = list(fitting)
    chosen = st.selectbox(
        "Model",
        names,
        names.index(view["checkpoint"]) if view["checkpoint"] in names else 0,
        format_func=lambda name: fitting[name].title,
        key=f"model of {job.id}",
        label_visibility="collapsed",
    )
    if chosen is None:
        st.caption("No model fits this study any more.")
        return
    st.caption(f"reads {fitting[chosen].fits}")
    if fitting[chosen].cost:
        st.caption(f":orange[!] {plain(fitting[chosen].cost)}")
    tta = st.checkbox(
        "Mean over flips",
        key=f"tta of {job.id}",
        value=bool(job.asked.options.get("tta")),
        help="Four to eight times as long; also shows where the flips disagree.",
    )
    _unfit([offer for offer in every if offer.why_not])
    options = {"tta": True} if tta else {}
    is_new = chosen != view["checkpoint"] or options != job.asked.options
    if st.button("Segment again", type="primary", width="stretch", disabled=not is_new, key="segment again"):
        asked = replace(job.asked, checkpoint=chosen, options=options, first_slice=state.rests_on(job.id))
        try:
            place = store.workspace()
            state.open_study(submit(place, bring_again(place, job), asked).id)
        except RefusedError as error:
            st.error(str(error))
        else:
            st.rerun()
    if view.get("seconds"):
        st.caption(_seconds(view))


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
