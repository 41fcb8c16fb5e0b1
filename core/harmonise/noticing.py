"""Whether a study still is as the scanner left it: series on grids of their own, or heads with their skull."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.case import BRATS_MODALITIES
from core.data.gate import LEAST_BACKGROUND
from core.data.image import StoredImage
from core.data.load import same_grid
from core.harmonise.steps import Harmonising
from core.harmonise.usable import FEWEST_SLICES

THINNED = 2  # every other voxel along each axis tells as much
# what models of brain tumours are trained on: the brain alone, on one grid of 1 mm
WHOLE = Harmonising(register=True, spacing_mm=1.0, strip=True)


def why_raw(images: Mapping[str, StoredImage]) -> str:
    """Say what shows that a study comes from the scanner as it is; empty where nothing does.

    Pictures without geometry, CT, and series too short to recognise a head in never do.

    Args:
        images: series to its image, of one channel each.
    """
    grids = [image.grid for image in images.values()]
    known = [name for name in images if name in BRATS_MODALITIES]
    if not known or any(grid.affine is None or min(grid.shape) < FEWEST_SLICES for grid in grids):
        return ""
    distinct = [grid for number, grid in enumerate(grids) if not any(same_grid(grid, old) for old in grids[:number])]
    if len(distinct) > 1:
        return f"{len(images)} series on {len(distinct)} grids"
    thin = (slice(None, None, THINNED),) * 3
    background = np.ones(grids[0].shape, bool)[thin]
    for image in images.values():
        background &= image.stored[0][thin] * image.slope[0] + image.intercept[0] == 0
    share = float(background.mean())
    return f"only {share:.0%} of the voxels exactly 0, as with a skull" if share < LEAST_BACKGROUND else ""
