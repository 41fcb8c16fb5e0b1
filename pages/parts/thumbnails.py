"""Small pictures of cases: the slice with most tumour, its regions drawn over it."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.data.store import open_case
from core.workspace import Cohort
from pages.parts import store
from pages.parts.viewer.spec import PALETTE

SIZE = 112
OPACITY = 0.45
BRIGHTEST_PERCENTILE = 99.5


def thumbnail(cohort: Cohort, case_id: str) -> str | None:
    """Return a case's picture as a data URL, or None when its slices are gone from the store."""
    folder = store.workspace().store_folder(cohort.name, case_id)
    if not (folder / "prepared.json").exists():
        return None
    tumour_slice = cohort.cases[case_id].facts.get("tumour_slice")
    return _thumbnail(str(folder), (folder / "prepared.json").stat().st_mtime_ns, tumour_slice)


@st.cache_data(max_entries=20_000, show_spinner=False)
def _thumbnail(folder: str, changed: int, tumour_slice: int | None) -> str:
    del changed  # what the cache goes by
    case = open_case(Path(folder), "axial")  # a memory map: one slice of it is read
    index = len(case.slices) // 2
    if tumour_slice in case.slice_index:
        index = case.slice_index.index(tumour_slice)
    channel = case.modalities.index("t2f") if "t2f" in case.modalities else 0
    picture = draw_slice(case.slices[index][channel], case.reference_slice(index))
    return _data_url(picture)


def draw_slice(image: npt.NDArray[np.generic], regions: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Draw one slice as a radiologist looks at it: front up, the patient's right on the left.

    Args:
        image: (X, Y) of any numeric dtype; 0 is background.
        regions: (X, Y) uint8 region bits; the highest bit's colour wins.

    Returns:
        (Y, X, 3) uint8.
    """
    grey = image.astype(np.float32)
    inside = grey[grey != 0]
    brightest = float(np.percentile(inside, BRIGHTEST_PERCENTILE)) if inside.size else 1.0
    rgb = np.repeat(np.clip(grey / max(brightest, 1e-6), 0, 1)[..., None], 3, axis=2)
    for bit, colour in enumerate(PALETTE[: int(regions.max(initial=0)).bit_length()]):
        here = (regions >> bit) == 1  # the highest bit alone: regions within regions are painted once
        paint = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)], np.float32)
        rgb[here] = rgb[here] * (1 - OPACITY) + paint * OPACITY
    # +x is the patient's right: drawn on the left; +y is the front: drawn on top
    drawn: npt.NDArray[np.uint8] = (rgb[::-1, ::-1].transpose(1, 0, 2) * 255).astype(np.uint8)
    return drawn


def _data_url(picture: npt.NDArray[np.uint8]) -> str:
    from PIL import Image

    side = max(picture.shape[:2])
    square = np.zeros((side, side, 3), np.uint8)
    top, left = (side - picture.shape[0]) // 2, (side - picture.shape[1]) // 2
    square[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    stream = io.BytesIO()
    small = Image.fromarray(square)
    small.thumbnail((SIZE * 2, SIZE * 2))  # never enlarges: the browser does that
    # a fifth of a PNG's bytes: a page of the table carries fifty
    small.save(stream, "JPEG", quality=88)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"
