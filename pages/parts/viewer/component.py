"""The viewer's element on the page: data to the browser, and the view back when a page asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import streamlit as st

from core.service.modules import module_names
from pages.parts.viewer.modules import BOOTSTRAP, FOLDER, app_folder, modules_address
from pages.parts.viewer.spec import PLANES, Panel, Probabilities, RegionStyle, SavedDoubts, Stops, ViewerView, VolumeRef

_mount = st.components.v2.component(
    "segscope_viewer",
    # what belongs to one tool stands beside it
    css="\n".join((FOLDER / each).read_text(encoding="utf-8") for each in module_names(FOLDER) if each.endswith("css")),
    js=(FOLDER / BOOTSTRAP).read_text(encoding="utf-8"),
)


class ViewerSpecError(ValueError):
    """A panel names an image, a mask or a plane that the viewer was not given."""


def slice_viewer(
    *,
    case_title: str,
    images: Mapping[str, VolumeRef],
    panels: Sequence[Panel],
    masks: Mapping[str, VolumeRef] | None = None,
    probabilities: Mapping[str, Probabilities] | None = None,
    uncertainty: Mapping[str, SavedDoubts] | None = None,
    regions: Sequence[RegionStyle] = (),
    reference: str | None = None,
    windows: Mapping[str, tuple[float, float]] | None = None,
    initial: ViewerView | None = None,
    autoplay: bool = False,
    flicker: bool = False,
    controls: bool = True,
    tools: bool = False,
    tools_open: bool = True,
    layout: str = "Compare",
    strip: bool = True,
    crosshair: bool = True,
    height: int | None = None,
    columns: int | None = None,
    subject: str | None = None,
    stops: Stops | None = None,
    address: Mapping[str, str] | None = None,
    on_view_change: Callable[[], None] | None = None,
    key: str,
) -> ViewerView:
    """Show volumes of one case in linked panels.

    Args:
        case_title: read out to those who cannot see the panels.
        images: display name to volume, such as T1, T1c, T2, FLAIR.
        panels: from left to right, then down.
        masks: display name to region-bit volume, such as Ground truth, U-Net; the names stand in the legend.
        probabilities: what masks were made from, by the masks' names; the threshold can then be tried in the browser.
        uncertainty: how sure they were, by the masks' names, where it was saved; else a map is made of probabilities.
        regions: in bit order of the masks.
        reference: key of `masks` that the others are measured against; by default what errors are drawn against,
            else the first mask.
        windows: lowest and highest value per image, for automatic windowing; otherwise percentiles of the volume.
        initial: where a case opens when the page's address says nothing else.
        autoplay: play slices to and fro, with a pause button; stands still for whoever wants less motion.
        flicker: while playing, show and hide the overlay.
        controls: the row above the panels.
        tools: the row under it: layouts, thresholds, measures, what can be taken away.
        tools_open: show that row from the start; else the button that opens it is all there is.
        layout: what the panels as they are given are called in that row.
        strip: the line below them.
        crosshair: draw it while nothing plays.
        height: of all panels together, in CSS pixels; None fits the window.
        columns: None chooses what shows the panels largest.
        subject: changes when another case is shown, so that the view opens anew; by default the key, the case's title
            and its images' hashes. A view that was left is found again under the same subject.
        stops: what the third axis holds where it is not space; the whole of it can then be played, by a button.
        address: ids such as case and models for the page's address, which the viewer keeps with plane, slice and
            window; read them from `st.query_params` at load. None leaves the address alone.
        on_view_change: makes the page run again when the hand rests; None never does.
        key: keeps the viewer alive between runs.

    Returns:
        The last view that was reported, else `initial`.

    Raises:
        ViewerSpecError: a panel, `reference` or `initial` names something that is not there.
    """
    masks = masks or {}
    initial = initial or ViewerView()
    _check(images, masks, panels, reference, initial)
    data: dict[str, Any] = {
        "base": app_folder(),
        "modules": modules_address(),
        "subject": subject or " ".join([key, case_title, *(ref.hash[:16] for ref in images.values())]),
        "case_title": case_title,
        "images": {name: asdict(ref) for name, ref in images.items()},
        "masks": {name: asdict(ref) for name, ref in masks.items()},
        "probabilities": {name: asdict(each) for name, each in (probabilities or {}).items()},
        "uncertainty": {name: asdict(each) for name, each in (uncertainty or {}).items()},
        "reference": reference,
        "panels": [{"id": panel.id, **asdict(panel)} for panel in panels],
        "regions": [asdict(region) for region in regions],
        "windows": {name: list(ends) for name, ends in (windows or {}).items()},
        "initial": asdict(initial),
        "autoplay": autoplay,
        "flicker": flicker,
        "controls": controls,
        "tools": tools,
        "tools_open": tools_open,
        "layout": layout,
        "strip": strip,
        "crosshair": crosshair,
        "height": height,
        "columns": columns,
        "stops": None if stops is None else asdict(stops),
        "address": None if address is None else dict(address),
        "report": on_view_change is not None,
    }
    # a name without a callback would be a state that Streamlit does not know
    state = _mount(key=key, data=data, on_view_change=on_view_change or (lambda: None))
    reported = state.get("view")
    if isinstance(reported, Mapping) and reported.get("subject") == data["subject"]:
        return ViewerView.from_json(reported)
    return initial


def _check(
    images: Mapping[str, VolumeRef],
    masks: Mapping[str, VolumeRef],
    panels: Sequence[Panel],
    reference: str | None,
    initial: ViewerView,
) -> None:
    named = [("image", name, images) for name in (initial.image, *(panel.image for panel in panels))]
    named += [("mask", name, masks) for panel in panels for name in (panel.mask, panel.error_against)]
    named += [("mask", reference, masks)]
    for kind, name, known in named:
        if name is not None and name not in known:
            raise ViewerSpecError(f"no {kind} is called {name!r}; given: {', '.join(known) or 'none'}")
    for plane in (initial.plane, *(panel.plane for panel in panels)):
        if plane is not None and plane not in PLANES:
            raise ViewerSpecError(f"found plane {plane!r}, expected one of {', '.join(PLANES)}")
