"""How far masks differ from the plain float32 ones, region by region."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.data.load import load_label_file
from core.harmonise.quality import dice
from core.labels import scheme_named

SCHEME = scheme_named("brats-2023")


def region_dice(one: Path, other: Path) -> dict[str, float]:
    """Return each region's Dice of two label maps in BraTS 2023's labels; two empty regions agree fully."""
    masks = [load_label_file(path, SCHEME)[0] for path in (one, other)]
    found = {}
    for bit, region in enumerate(SCHEME.regions):
        first, second = (np.asarray(mask >> bit & 1 != 0) for mask in masks)
        found[region.name] = round(dice(first, second), 6)
    return found
