"""A small picture of a failure: what lies around it on its slice, the ground truth in white, the model in colour."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.data.store import open_case
from core.evaluation.contenders import group_content, seen_part
from core.evaluation.saved_files import SavedModel, saved_slice
from core.workspace import Cohort, Workspace
from pages.parts import store
from pages.parts.compare.contenders import Compared, what_it_saw
from pages.parts.viewer.spec import PALETTE

SIDE = 144  # pixels: twice as many as it is drawn on
AROUND_MM = 48.0  # to either side; voxels without voxel sizes
BRIGHTEST_PERCENTILE = 99.5
WHITE = (1.0, 1.0, 1.0)
BUDGET_S = 1.0  # a page waits no longer: the rest is drawn when the page is drawn again

Mask = npt.NDArray[np.bool_]
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a failure is.

    Attributes:
        case_id: in which case.
        region: of which region.
        voxel: (x, y, z) of the full grid.
    """

    case_id: str
    region: str
    voxel: tuple[int, int, int]


def failure_pictures(
    cohort: Cohort, contenders: Sequence[Compared], entries: Sequence[tuple[str, Mapping[str, Any]]]
) -> list[str]:
    """Return a data address per failure; empty where nothing can be drawn, or time has run out before.

    Args:
        cohort: of the cases.
        contenders: the rows that the failures are of.
        entries: model and entry, as the `evaluate` document lists failures.
    """
    rows, ends, found = {each.name: each for each in contenders}, monotonic() + BUDGET_S, []
    for name, entry in entries:
        model = _unseen_member(cohort, rows[name], entry["case"]) if entry["voxel"] else None
        if model is None or monotonic() > ends:
            found.append("")
            continue
        x, y, z = entry["voxel"]
        spot, place = Spot(entry["case"], entry["region"], (x, y, z)), store.workspace()
        found.append(_picture(str(place.root), store.changed(cohort), store.model_id(model), spot, cohort, model) or "")
    return found


def _unseen_member(cohort: Cohort, contender: Compared, case_id: str) -> SavedModel | None:
    """Return the fold that is scored on a case."""
    content = group_content(cohort, cohort.groups[cohort.cases[case_id].case.group_id])
    members = contender.members.values()
    return next((member for member in members if seen_part(what_it_saw(member), content) is None), None)


@st.cache_data(max_entries=2_000, show_spinner=False)
def _picture(root: str, changed: int, model: str, spot: Spot, _cohort: Cohort, _model: SavedModel) -> str | None:
    del changed, model  # what the cache goes by
    workspace = Workspace(Path(root))
    folder, (x, y, z) = workspace.store_folder(_cohort.name, spot.case_id), spot.voxel
    bits = saved_slice(workspace, _cohort, spot.case_id, _model, z)
    if bits is None or not (folder / "prepared.json").exists():
        return None
    case = open_case(folder, "axial")  # a memory map: one slice of it is read
    if z not in case.slice_index:
        return None
    at, bit = case.slice_index.index(z), _cohort.scheme.region_names.index(spot.region)
    (left, front, _), (right, back, _) = case.box.start, case.box.stop
    channel = case.modalities.index("t2f") if "t2f" in case.modalities else 0
    geometry = _cohort.cases[spot.case_id].geometry
    spacing = geometry.spacing_mm if geometry else (1.0, 1.0, 1.0)
    around = (x - left, y - front), (AROUND_MM / spacing[0], AROUND_MM / spacing[1])
    truth, drawn = case.reference_slice(at), bits[left:right, front:back]
    picture = draw_failure(
        _cut(np.asarray(case.slices[at][channel], np.float32), *around),
        _cut(truth >> bit & 1 == 1, *around),
        _cut(drawn >> bit & 1 == 1, *around),
        PALETTE[bit % len(PALETTE)],
    )
    return _data_address(picture[::-1, ::-1] if geometry else picture)


def draw_failure(image: npt.NDArray[np.float32], truth: Mask, drawn: Mask, colour: str) -> Pixels:
    """Draw a cut of a slice with two outlines.

    Args:
        image: (X, Y); 0 is background.
        truth: (X, Y), the reference's region: in white.
        drawn: (X, Y), the model's, over it.
        colour: of the model's outline, as `#rrggbb`.

    Returns:
        (SIDE, SIDE, 3) uint8, Y downwards as stored. An empty mask has no outline.
    """
    inside = image[image != 0]
    brightest = float(np.percentile(inside, BRIGHTEST_PERCENTILE)) if inside.size else 1.0
    grey = np.clip(_enlarged(image) / max(brightest, 1e-6), 0, 1)
    rgb = np.repeat(grey[..., None], 3, axis=2)
    for mask, paint in ((truth, WHITE), (drawn, tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)))):
        rgb[_outline(_enlarged(mask))] = paint
    pixels: Pixels = (rgb.transpose(1, 0, 2) * 255).astype(np.uint8)
    return pixels


def _cut(plane: npt.NDArray[Any], at: tuple[int, int], reach: tuple[float, float]) -> npt.NDArray[Any]:
    """Return what lies at most `reach` voxels from a place, zeros where the plane ends before."""
    out = np.zeros([2 * round(steps) + 1 for steps in reach], plane.dtype)
    starts = [middle - length // 2 for middle, length in zip(at, out.shape, strict=True)]
    here = tuple(slice(max(0, s), max(0, s + n)) for s, n in zip(starts, out.shape, strict=True))
    there = plane[here]
    (x, y), (width, height) = (max(0, -s) for s in starts), there.shape
    out[x : x + width, y : y + height] = there
    return out


def _enlarged(plane: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return (SIDE, SIDE) of a plane, each pixel the nearest one."""
    index = (((np.arange(SIDE) + 0.5) * n / SIDE).astype(np.intp) for n in plane.shape)
    return plane[np.ix_(*index)]


def _outline(mask: Mask) -> Mask:
    """Return the pixels of a mask that have a neighbour outside it; the border of the picture is no edge."""
    padded = np.pad(mask, 1, mode="edge")
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inner


def _data_address(picture: Pixels) -> str:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(stream, "JPEG", quality=88)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"
