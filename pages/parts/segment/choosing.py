"""Which model segments the study, and once more with another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from core.data.slicing import PLANES
from core.errors import RefusedError
from core.inference.planes import PlanesRefusedError, require_planes
from core.jobs.borrowed_studies import bring_again
from core.jobs.segmentation_choices import BETWEEN, several_names
from core.jobs.segmentation_queue import submit
from core.jobs.segmentations import SegmentationJob, SegmentationRequest
from pages.parts import state, store
from pages.parts.importing.findings import plain
from pages.parts.segment.checkpoints import Offer, offers, why_not_together

SHOWN_UNFIT = 6
LISTED, LIST_PX = 8, 280  # models in sight at once


def models(job: SegmentationJob, view: dict[str, Any]) -> None:
    """Draw the models that fit, those that do not with the reason, and the button that segments again."""
    st.markdown("**Model**")
    every = offers(view["modalities"])
    fitting = {offer.name: offer for offer in every if not offer.why_not}
    if not fitting:
        st.caption("No model fits this study any more.")
        return
    chosen = _chosen(job, view, fitting)
    _about([fitting[name] for name in chosen])
    together = why_not_together(chosen)
    if together:
        st.caption(f":orange[!] {plain(together)}")
    tta = st.checkbox(
        "Mean over flips",
        key=f"tta of {job.id}",
        value=bool(job.asked.options.get("tta")),
        help="Four to eight times as long; also shows where the flips disagree.",
    )
    planes = _three_planes(job, view)
    _unfit([offer for offer in every if offer.why_not])
    options = ({"tta": True} if tta else {}) | ({"planes": list(PLANES)} if planes else {})
    is_new = set(chosen) != set(several_names(view["checkpoint"])) or options != job.asked.options
    can = bool(chosen) and is_new and not together
    if st.button("Segment again", type="primary", width="stretch", disabled=not can, key="segment again"):
        named, resting = BETWEEN.join(chosen), state.rests_on(job.id)
        _again(job, replace(job.asked, checkpoint=named, options=options, first_slice=resting))
    if view.get("seconds"):
        st.caption(_seconds(view))


def _chosen(job: SegmentationJob, view: dict[str, Any], fitting: Mapping[str, Offer]) -> list[str]:
    """Draw the models that fit, those that made the mask ticked; a long list scrolls."""
    before = several_names(view["checkpoint"])
    with st.container(height=LIST_PX if len(fitting) > LISTED else "content", border=False, gap="xxsmall"):
        return [
            name
            for name, offer in fitting.items()
            if st.checkbox(plain(_short(offer)), name in before, key=f"model {name} of {job.id}")
        ]


def _again(job: SegmentationJob, asked: SegmentationRequest) -> None:
    place = store.workspace()
    try:
        asked.checked(place)  # before its files are brought once more
        upload = bring_again(place, job)
        try:
            started = submit(place, upload, asked)
        except RefusedError:
            upload.remove()
            raise
    except RefusedError as error:
        st.error(str(error))
    else:
        state.open_study(started.id)
        st.rerun()


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
