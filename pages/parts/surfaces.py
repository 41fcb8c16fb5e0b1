"""A case in 3D: the brain's surface, and the tumour as the ground truth and each model have it, in millimetres."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.data.volume_cache import NoSuchVolumeError, VolumeCache
from core.export.mesh import Surface, head_mask, surface
from core.volume import Array
from pages.parts import state, store
from pages.parts.viewer import RegionStyle, ViewerView, VolumeRef

HEIGHT = 560
# In front of the others: T1-like images show the brain's edge best.
HEAD_ORDER = ("T1", "T1c", "CT", "T2", "FLAIR")
HEAD_TRIANGLES = 24_000
REGION_TRIANGLES = 12_000
CACHED = 64
# A head of more voxels is cut from every second one along each axis.
LARGEST_WHOLE = 64 * 10**6
HEAD_COLOUR = "#aab4c0"
HEAD_OPACITY = 0.2
SECONDARY = "#8d98a6"
ACCENT = "#5aa9d6"
# Regions lie within each other: the outermost is seen through.
OPACITIES = (0.28, 0.5, 0.9)
# Where the eye is, in the figure's units: x to the patient's right, y to the front, z up.
EYES = {
    "Oblique": (-0.84, 1.26, 0.49),
    "Front": (0.0, 1.5, 0.0),
    "Back": (0.0, -1.5, 0.0),
    "Left": (-1.5, 0.0, 0.0),
    "Right": (1.5, 0.0, 0.0),
    "Above": (0.0, -0.01, 1.6),
}
ENDS = (("L", "R"), ("P", "A"), ("I", "S"))
NO_GEOMETRY = "3D needs voxel sizes in millimetres, and these images have none."


@dataclass(frozen=True, slots=True, eq=False)
class Outlined:
    """A surface, or why there is none.

    Attributes:
        surface: None where there is nothing to see.
        what: "brain", "head" or "body" of an image; a region's name of a mask.
    """

    surface: Surface | None
    what: str


def following(key: str) -> Callable[[], None] | None:
    """Return what a page passes to its viewer as `on_view_change`: the crosshair is only asked for while 3D is open."""
    return (lambda: None) if state.surfaces_on(key) else None


def surfaces_below(
    images: Mapping[str, VolumeRef],
    masks: Mapping[str, VolumeRef],
    regions: Sequence[RegionStyle],
    view: ViewerView,
    *,
    key: str,
) -> None:
    """Draw the switch for 3D under a viewer, and brain and tumour with the viewer's crosshair where it is on.

    Args:
        images: display name to volume in the viewer's cache.
        masks: display name to region-bit volume.
        regions: in bit order of the masks.
        view: what the viewer reported.
        key: of the page, as given to `following`; keeps the camera and the choice of masks between runs.
    """
    if images and st.toggle("3D", key=state.surfaces_key(key), help="Surfaces in millimetres, with the crosshair."):
        _surfaces(images, masks, regions, view.cursor, key)


@st.fragment
def _surfaces(
    images: Mapping[str, VolumeRef],
    masks: Mapping[str, VolumeRef],
    regions: Sequence[RegionStyle],
    cursor: tuple[int, int, int] | None,
    key: str,
) -> None:
    name = next((each for each in HEAD_ORDER if each in images), next(iter(images)))
    try:
        affine = _affine(images[name].hash)
        if affine is None:
            st.caption(NO_GEOMETRY)
            return
        with st.container(horizontal=True, gap="small"):
            shown = _choice(list(masks), key)
            eye = _eye(key)
        drawn = {title: [_region(masks[title].hash, bit) for bit in range(len(regions))] for title in shown}
        head = _head(images[name].hash)
    except NoSuchVolumeError:
        st.caption("The volumes of this case were let go. Reload the page to bring them back.")
        return
    at_mm = None if cursor is None else affine[:3, :3] @ np.array(cursor, float) + affine[:3, 3]
    figure = surface_figure(head, drawn, regions, at_mm, eye=eye, revision=f"{images[name].hash} {eye}")
    st.plotly_chart(figure, theme=None, key=f"surfaces {key}", config={"displayModeBar": False})
    st.caption(said(head, name, drawn, regions))


def said(head: Outlined, image: str, drawn: Mapping[str, Sequence[Outlined]], regions: Sequence[RegionStyle]) -> str:
    """Return what the figure shows in words: where the grey surface comes from, how exact, and what is empty."""
    parts = [f"Grey: {head.what}, from {image}. Drag to turn, wheel to come nearer."]
    found = [each.surface for outlined in drawn.values() for each in outlined if each.surface is not None]
    if found:
        step = max(each.step_mm for each in found)
        parts.append(f"Tumour surfaces lie within {step * np.sqrt(3):.1f} mm of the voxels' edges, volumes within 1 %.")
    for title, outlined in drawn.items():
        empty = [region.name for region, each in zip(regions, outlined, strict=True) if each.surface is None]
        if empty:
            parts.append(f"{title} has no {' and no '.join(empty)}.")
    return " ".join(parts)


def surface_figure(
    head: Outlined,
    drawn: Mapping[str, Sequence[Outlined]],
    regions: Sequence[RegionStyle],
    at_mm: npt.NDArray[np.float64] | None,
    *,
    eye: str = "Oblique",
    revision: str = "",
) -> Any:
    """Return the Plotly figure: millimetres of equal length on each axis, letters at their ends.

    Args:
        head: the brain's or head's surface.
        drawn: title to one surface per region, in bit order. With several titles, all but the last are ghosts.
        regions: names and colours.
        at_mm: (3,) where the crosshair is, RAS+ millimetres; None draws none.
        eye: one of `EYES`.
        revision: the camera stays where it is until this changes.
    """
    import plotly.graph_objects as go

    traces = []
    if head.surface is not None:
        traces.append(_mesh(go, head.surface, HEAD_COLOUR, HEAD_OPACITY, head.what.capitalize()))
    titles = list(drawn)
    for title in titles:
        ghost = len(titles) > 1 and title != titles[-1]
        for bit, (region, outlined) in enumerate(zip(regions, drawn[title], strict=True)):
            if outlined.surface is not None:
                opacity = 0.18 if ghost else _opacity(bit, len(regions))
                colour = "#e6ebf0" if ghost else region.colour
                traces.append(_mesh(go, outlined.surface, colour, opacity, f"{title}, {region.title}"))
    corners = _corners([trace for trace in traces if trace.type == "mesh3d"])
    if corners is not None:
        traces.append(_letters(go, corners))
        if at_mm is not None:
            traces += _crosshair(go, corners, at_mm)
    hidden = {"visible": False, "showspikes": False}
    scene = {"xaxis": hidden, "yaxis": hidden, "zaxis": hidden, "aspectmode": "data", "uirevision": revision}
    scene["camera"] = {"eye": dict(zip("xyz", EYES[eye], strict=True))}
    layout = {"margin": {"l": 0, "r": 0, "t": 0, "b": 0}, "height": HEIGHT, "showlegend": False, "uirevision": revision}
    colours = {"paper_bgcolor": "#000", "font": {"color": SECONDARY, "size": 13}}
    return go.Figure(traces, layout | colours | {"scene": scene | {"bgcolor": "#000"}})


def _choice(titles: list[str], key: str) -> list[str]:
    """Draw which masks are shown; returns them in their order."""
    if not titles:
        return []
    chosen = st.segmented_control(
        "Tumour",
        titles,
        selection_mode="multi",
        default=titles[:1],
        key=f"surfaces of {key} {' '.join(titles)}",
        label_visibility="collapsed",
        help="With two, the first is a ghost around the second.",
    )
    return [title for title in titles if title in chosen]


def _eye(key: str) -> str:
    """Draw from where the figure is seen, also for those who cannot drag it; returns the name."""
    chosen = st.segmented_control(
        "Seen from", list(EYES), default="Oblique", required=True, key=f"eye of {key}", label_visibility="collapsed"
    )
    return str(chosen)


def _opacity(bit: int, count: int) -> float:
    return OPACITIES[min(len(OPACITIES) - 1, bit + max(0, len(OPACITIES) - count))]


def _mesh(go: Any, found: Surface, colour: str, opacity: float, name: str) -> Any:
    x, y, z = found.vertices_mm.T
    i, j, k = found.faces.T
    light = {"ambient": 0.5, "diffuse": 0.7, "specular": 0.15, "roughness": 0.7}
    return go.Mesh3d(
        x=x, y=y, z=z, i=i, j=j, k=k, color=colour, opacity=opacity, name=name, lighting=light, hoverinfo="name"
    )


def _corners(meshes: Sequence[Any]) -> npt.NDArray[np.float64] | None:
    """Return the lowest and highest millimetres (2, 3) of all meshes."""
    if not meshes:
        return None
    ends = [[(axis.min(), axis.max()) for axis in (mesh.x, mesh.y, mesh.z)] for mesh in meshes]
    return np.array([np.min(ends, axis=0)[:, 0], np.max(ends, axis=0)[:, 1]], np.float64)


def _letters(go: Any, corners: npt.NDArray[np.float64]) -> Any:
    """Return R and L, A and P, S and I beyond the ends of the axes they name."""
    middle, reach = corners.mean(axis=0), np.ptp(corners, axis=0) / 2 + 0.06 * np.ptp(corners)
    places = [middle + sign * reach * (np.arange(3) == axis) for axis in range(3) for sign in (-1, 1)]
    x, y, z = np.array(places).T
    words = [letter for pair in ENDS for letter in pair]
    return go.Scatter3d(x=x, y=y, z=z, mode="text", text=words, hoverinfo="skip", name="Directions")


def _crosshair(go: Any, corners: npt.NDArray[np.float64], at_mm: npt.NDArray[np.float64]) -> list[Any]:
    lines = []
    for axis, name in enumerate(("right to left", "front to back", "top to bottom")):
        ends = np.repeat(at_mm[None], 2, axis=0)
        ends[:, axis] = corners[:, axis]
        x, y, z = ends.T
        line = {"color": ACCENT, "width": 2}
        lines.append(go.Scatter3d(x=x, y=y, z=z, mode="lines", line=line, hoverinfo="skip", name=f"Crosshair, {name}"))
    return lines


def _cache() -> VolumeCache:
    return VolumeCache(store.workspace().volumes)


@st.cache_data(max_entries=CACHED, show_spinner=False)
def _affine(content_hash: str) -> npt.NDArray[np.float64] | None:
    affine = _cache().manifest(content_hash)["affine"]
    return None if affine is None else np.array(affine, np.float64)


# a volume's address says everything about its voxels and where they are
@st.cache_resource(max_entries=CACHED, show_spinner="Cutting surfaces")
def _region(content_hash: str, bit: int) -> Outlined:
    voxels, affine = _read(content_hash)
    return Outlined(surface(voxels >> bit & 1, affine, triangles=REGION_TRIANGLES), str(bit))


@st.cache_resource(max_entries=CACHED, show_spinner="Cutting surfaces")
def _head(content_hash: str) -> Outlined:
    voxels, affine = _read(content_hash)
    if voxels.size > LARGEST_WHOLE:
        voxels, affine = voxels[::2, ::2, ::2], affine @ np.diag([2.0, 2.0, 2.0, 1.0])
    mask, what = head_mask(voxels, affine)
    return Outlined(surface(mask, affine, triangles=HEAD_TRIANGLES, fill_holes=True), what)


def _read(content_hash: str) -> tuple[Array, npt.NDArray[np.float64]]:
    """Return the stored voxels (X, Y, Z) of a volume in the viewer's cache and its affine."""
    voxels = _cache().voxels(content_hash)
    affine = _affine(content_hash)
    assert affine is not None
    return voxels, affine
