"""The study in the viewer: three planes and a second sequence, with the mask as far as it is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.jobs.segmentations import SegmentationJob
from core.jobs.study_view import look_at
from core.labels import scheme_from_json
from pages.parts import state, store
from pages.parts.segment.checkpoints import checkpoint_of
from pages.parts.segment.sequences import is_picture
from pages.parts.surfaces import surfaces_below
from pages.parts.viewer import (
    Panel,
    Probabilities,
    RegionStyle,
    ViewerView,
    VolumeRef,
    region_styles,
    slice_viewer,
    volume_ref,
)
from pages.parts.volumes import CLEANED, TITLES

HEIGHT = 700
# what is reported on first
FAVOURITES = ("T1c", "T1", "CT")


def picture(job: SegmentationJob, view: dict[str, Any]) -> None:
    """Draw the viewer; where the hand rests is remembered, for the slice on screen is segmented first."""
    place = store.workspace().root
    kinds = {name: "ct" if name == "ct" else "" for name in view["images"]}
    images = {
        TITLES.get(name, name): _kind(volume_ref(address, place), kinds[name])
        for name, address in view["images"].items()
    }
    first = view["first"] or {}
    title = view.get("model") or "Mask"
    address = view["mask"] or first.get("volume")
    masks = {title: volume_ref(address, place)} if address else {}
    regions = _regions(view)
    panels = _panels(images, title if masks else None, view)
    shown = slice_viewer(
        case_title=view["case"],
        images=images,
        masks=masks,
        probabilities=_probabilities(view, title),
        panels=panels,
        regions=regions,
        initial=_opening(job, view, images),
        tools=bool(view["mask"]),
        tools_open=False,
        layout=_layout(panels),
        height=HEIGHT,
        columns=min(2, len(panels)),
        subject=f"study {job.id} {state.jumps(job.id)}",
        address={"study": job.id},
        on_view_change=lambda: None,
        key="segment",
    )
    if shown.plane == "axial" and shown.slice is not None:
        state.rest_on_slice(job.id, shown.slice)
        if not view["mask"]:
            look_at(job, shown.slice)
    if not view["mask"] and first:
        st.caption(
            f"Slice {first['slice'] + 1} came first; the others appear as they are done, those near the slice that you "
            "look at before the rest. The whole mask is cleaned up and measured at the end."
        )
    if view["shape"][2] > 1:
        surfaces_below(images, masks, regions, shown, key="segment")


def _panels(images: Mapping[str, VolumeRef], mask: str | None, view: Mapping[str, Any]) -> list[Panel]:
    """Return three planes and a second sequence; of a single slice nothing that would be one voxel high."""
    favourite = _favourite(images)
    others = [name for name in ("FLAIR", "T2", *images) if name in images and name != favourite]
    planes = ("axial", "coronal", "sagittal") if view["shape"][2] > 1 else ("axial",)
    titles = {"axial": "Picture"} if is_picture(view) else {}
    cut = [Panel(titles.get(plane, plane.capitalize()), "{image}", mask=mask, plane=plane) for plane in planes]
    beside = titles.get("axial", "Axial")
    return [*cut, *(Panel(beside, name, image=name, mask=mask, plane="axial") for name in others[:1])]


def _layout(panels: Sequence[Panel]) -> str:
    """Return what these panels are called in the row of tools."""
    beside = [panel.image for panel in panels if panel.image]
    if all(panel.plane == "axial" for panel in panels):
        return " and ".join(["Picture", *beside])
    return " and ".join(["Planes", *beside])


def _favourite(images: Mapping[str, VolumeRef]) -> str:
    return next((name for name in FAVOURITES if name in images), next(iter(images)))


def _opening(job: SegmentationJob, view: dict[str, Any], images: Mapping[str, VolumeRef]) -> ViewerView:
    if (jumped := state.jumped_to(job.id)) is not None:
        return ViewerView(slice=jumped[2], image=_favourite(images), cursor=jumped)
    asked = view["first"]["slice"] if view["first"] else job.asked.first_slice
    middle = view["shape"][2] // 2 if asked is None else asked
    return ViewerView(slice=int(middle), image=_favourite(images))


def _regions(view: dict[str, Any]) -> list[RegionStyle]:
    return region_styles(scheme_from_json(view["scheme"])) if view.get("scheme") else []


def _probabilities(view: dict[str, Any], title: str) -> dict[str, Probabilities]:
    if not view["probabilities"]:
        return {}
    place = store.workspace().root
    found = checkpoint_of(view["checkpoint"])
    why_not = CLEANED if found is None or found.spec.post else ""
    refs = tuple(volume_ref(address, place) for address in view["probabilities"])
    return {title: Probabilities(refs, tuple(view["thresholds"]), why_not)}


def _kind(ref: VolumeRef, kind: str) -> VolumeRef:
    return VolumeRef(ref.hash, ref.token, kind)
