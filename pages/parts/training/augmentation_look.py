"""What a recipe's augmentation does to a real slice: a row of variations, the original first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.data.augment import PRESETS, augment_settings
from core.data.splits import Fold
from core.jobs.augmented_slices import Varied, varied_slices
from core.recipe import Recipe
from core.workspace import Cohort
from pages.parts import state, store
from pages.parts.viewer.spec import PALETTE
from pages.parts.volumes import TITLES

EVERY_S = 0.5  # between looks whether the child has drawn them
GAP = 4  # pixels between pictures
LARGER = 2  # times, so that outlines are thin

Picture = npt.NDArray[np.uint8]


def augmentation_look(recipe: Recipe, cohort: Cohort, fold: Fold) -> None:
    """Draw a training slice and variations of it, with buttons for other ones; call it at the top level of a page.

    Args:
        recipe: whose augmentation.
        cohort: whose slices.
        fold: whose training part.
    """
    if augment_settings(recipe.augment.preset, recipe.augment.settings) == PRESETS["none"]:
        st.caption("This recipe does not vary its training slices.")
        return
    waits = varied_slices(store.workspace(), recipe, cohort, fold, *state.augmentation_shown()) is None
    st.fragment(_look, run_every=EVERY_S if waits else None)(recipe, cohort, fold, waits)


def _look(recipe: Recipe, cohort: Cohort, fold: Fold, waited: bool) -> None:
    which, draw = state.augmentation_shown()
    found = varied_slices(store.workspace(), recipe, cohort, fold, which, draw)
    if waited == (found is not None):
        st.rerun()  # looks again from now on, or no longer
    if isinstance(found, Varied):
        geometry = cohort.cases[found.case_id].geometry is not None
        st.image(row_of_pictures(found, geometry), width="stretch")
        title = TITLES.get(found.modality, found.modality)
        st.caption(f"{found.case_id}, slice {found.slice_number}, {title}: the original, then as the network sees it.")
    else:
        st.caption(f":material/warning: {found}" if found else "Drawing the variations, a few seconds …")
    with st.container(horizontal=True, gap="small"):
        for label, other in (("Another draw", (which, draw + 1)), ("Another slice", (which + 1, 0))):
            st.button(label, key=f"augmentation {label}", on_click=state.show_augmentation, args=other)


def row_of_pictures(found: Varied, has_geometry: bool) -> Picture:
    """Lay a slice and its variations beside each other, the regions outlined.

    Args:
        found: slices and masks.
        has_geometry: whether they lie as in a patient: then the right is drawn on the left, and the front or top up.

    Returns:
        (rows, columns, 3) uint8.
    """
    pictures = [
        outlined(image, mask)[::-1, ::-1] if has_geometry else outlined(image, mask)
        for image, mask in zip(found.images, found.masks, strict=True)
    ]
    return beside([picture.swapaxes(0, 1) for picture in pictures])


def outlined(image: Picture, mask: Picture) -> Picture:
    """Draw the edge of each region (H, W) uint8 bits over a grey slice (H, W): (LARGER H, LARGER W, 3) uint8."""
    large = image.repeat(LARGER, axis=0).repeat(LARGER, axis=1)
    bits = mask.repeat(LARGER, axis=0).repeat(LARGER, axis=1)
    picture = np.repeat(large[..., None], 3, axis=2)
    padded = np.pad(bits, 1)
    around = padded[2:, 1:-1] & padded[:-2, 1:-1] & padded[1:-1, 2:] & padded[1:-1, :-2]
    edges = bits & ~around
    for region, colour in enumerate(PALETTE):
        picture[(edges >> region & 1) == 1] = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    return picture


def beside(pictures: Sequence[Picture]) -> Picture:
    """Lay pictures (rows, columns, 3) of one size beside each other, black between."""
    rows, columns, _ = pictures[0].shape
    strip = np.zeros((rows, len(pictures) * (columns + GAP) - GAP, 3), np.uint8)
    for number, picture in enumerate(pictures):
        start = number * (columns + GAP)
        strip[:, start : start + columns] = picture
    return strip
