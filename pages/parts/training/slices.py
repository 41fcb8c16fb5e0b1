"""A few training slices with their masks, and how many slices of each part have tumour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.data.slicing import PLANES, Plane, cut
from core.data.store import SlicedCase, has_plane, open_case
from core.recipe import Recipe
from core.training.start import Plan
from core.workspace import Cohort, Workspace
from pages.parts import store
from pages.parts.viewer.spec import PALETTE
from pages.parts.volumes import TITLES

SHOWN = 6
LOOKED_AT = 40  # cases of a part whose slices are counted
STRENGTH = 0.55  # of a mask over the image
PREFERRED = ("t1c", "t2f", "ct")

Picture = npt.NDArray[np.uint8]


def show_slices(recipe: Recipe, plan: Plan) -> None:
    """Draw the strip and the counts."""
    modality = next((name for name in PREFERRED if name in recipe.data.modalities), recipe.data.modalities[0])
    goes_by = (store.changed(plan.cohort), plan.split_name, plan.fold_number, recipe.data.plane, modality)
    found = _strip(str(store.workspace().root), plan.cohort.name, *goes_by, plan)
    if found is None:
        st.caption(f"The {recipe.data.plane} slices are cut when the training starts.")
        return
    picture, shares = found
    st.image(picture, width="stretch")
    st.caption(f"{TITLES.get(modality, modality)}, training slices with most tumour. Slices with tumour: {shares}.")


@st.cache_data(max_entries=16, show_spinner=False)
def _strip(
    root: str, cohort: str, changed: int, split: str, fold: int, plane: Plane, modality: str, _plan: Plan
) -> tuple[Picture, str] | None:
    del changed, split, fold  # what the cache goes by
    place, of = Workspace(Path(root)), _plan.cohort
    parts = {"training": _plan.fold.train, "validation": _plan.fold.validation, "test": _plan.fold.test}
    pictures: list[Picture] = []
    said = []
    for name, cases in parts.items():
        counts = [0, 0]
        for case_id in _spread(cases, LOOKED_AT):
            folder = place.store_folder(cohort, case_id)
            if not (folder / "prepared.json").exists() or not has_plane(folder, plane):
                return None
            case = open_case(folder, plane)
            area = _areas(case)
            counts[0] += int(np.count_nonzero(area))
            counts[1] += len(area)
            if name == "training" and len(pictures) < SHOWN and area.any():
                pictures.append(_picture(case, int(area.argmax()), modality, of))
        if counts[1]:
            said.append(f"{name} {round(100 * counts[0] / counts[1])} %")
    return (_beside(pictures), ", ".join(said)) if pictures else None


def _spread(cases: tuple[str, ...], most: int) -> list[str]:
    return [cases[index] for index in np.unique(np.linspace(0, len(cases) - 1, min(most, len(cases))).astype(int))]


def _areas(case: SlicedCase) -> npt.NDArray[np.int64]:
    """Count the voxels of the reference in each stored slice."""
    if case.reference is None:
        return np.zeros(len(case.slices), np.int64)
    counts = np.count_nonzero(cut(case.reference, case.plane), axis=(1, 2))
    first = case.box.start[PLANES[case.plane]]
    areas: npt.NDArray[np.int64] = np.asarray(counts)[[index - first for index in case.slice_index]]
    return areas


def _picture(case: SlicedCase, index: int, modality: str, of: Cohort) -> Picture:
    """Return one slice (H, W, 3) as it is looked at, its mask over it."""
    image = np.asarray(case.slices[index][case.modalities.index(modality)], np.float32)
    low, high = (float(np.percentile(image, share)) for share in (1, 99.5))
    grey = np.clip((image - low) / max(high - low, 1e-6), 0, 1)
    shown = np.repeat(grey[..., None], 3, axis=2)
    mask = case.reference_slice(index)
    for region, colour in zip(range(len(of.scheme.regions)), PALETTE, strict=False):
        there = (mask >> region & 1).astype(bool)
        rgb = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)]) / 255
        shown[there] = (1 - STRENGTH) * np.repeat(grey[there][:, None], 3, axis=1) + STRENGTH * rgb
    if of.cases[case.case_id].geometry is not None:  # the patient's right to the left, front or top up
        shown = shown[::-1, ::-1]
    picture: Picture = np.rint(shown.swapaxes(0, 1) * 255).astype(np.uint8)
    return picture


def _beside(pictures: list[Picture]) -> Picture:
    height = max(each.shape[0] for each in pictures)
    width = max(each.shape[1] for each in pictures)
    strip = np.zeros((height, len(pictures) * (width + 4) - 4, 3), np.uint8)
    for number, each in enumerate(pictures):
        top, left = (height - each.shape[0]) // 2, number * (width + 4) + (width - each.shape[1]) // 2
        strip[top : top + each.shape[0], left : left + each.shape[1]] = each
    return strip
