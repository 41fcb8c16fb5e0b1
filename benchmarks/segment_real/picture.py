"""The slice with the most tumour of a case: the scan, the reference on it, and the mask that was written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
from PIL import Image

from core.case import Case
from core.labels import LabelScheme

COLOURS = ((86, 180, 233), (230, 159, 0), (204, 121, 167))  # Okabe and Ito: told apart by everybody
LEGEND = "Blue: what is whole tumour alone; orange: core; pink: enhancing."
OPACITY = 0.55
ENLARGED = 2
MARGIN = 6  # pixels around the head


def draw(case: Case, mask: Path, scheme: LabelScheme, to: Path) -> None:
    """Draw FLAIR, the reference's regions on it and the mask's, side by side; the patient's right is on the left."""
    assert case.reference is not None
    flair = _canonical(case.sources["t2f"].file).astype(np.float64)
    regions = {"reference": _bits(case.reference.file, scheme), "mask": _bits(mask, scheme)}
    z = int((regions["reference"] & 1 > 0).sum(axis=(0, 1)).argmax())
    top = float(np.percentile(flair[flair > 0], 99.5))
    grey = np.clip(flair[:, :, z] / top * 255, 0, 255)
    panels = [_coloured(grey, None), *(_coloured(grey, bits[:, :, z]) for bits in regions.values())]
    rows, columns = np.nonzero(_shown(grey) > 0)
    box = np.s_[
        max(rows.min() - MARGIN, 0) : rows.max() + MARGIN, max(columns.min() - MARGIN, 0) : columns.max() + MARGIN
    ]
    strip = np.hstack([np.pad(panel[box], ((0, 0), (2, 2), (0, 0))) for panel in panels])
    image = Image.fromarray(strip.astype(np.uint8))
    image.resize((image.width * ENLARGED, image.height * ENLARGED), Image.Resampling.BICUBIC).save(to, optimize=True)


def _coloured(grey: npt.NDArray[np.float64], bits: npt.NDArray[np.uint8] | None) -> npt.NDArray[np.float64]:
    shown = np.repeat(_shown(grey)[..., np.newaxis], 3, axis=2)
    if bits is not None:  # the smaller regions lie within the larger
        for number, colour in enumerate(COLOURS):
            inside = (_shown(bits) >> number & 1).astype(bool)
            shown[inside] = (1 - OPACITY) * np.repeat(_shown(grey)[..., np.newaxis], 3, axis=2)[
                inside
            ] + OPACITY * np.array(colour)
    return shown


def _shown(plane: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Turn (x, y) of RAS+ into rows and columns: front at the top, the patient's right on the left."""
    return plane[::-1, ::-1].T


def _canonical(file: Path) -> npt.NDArray[Any]:
    return np.asanyarray(nib.as_closest_canonical(nib.load(file)).dataobj)


def _bits(file: Path, scheme: LabelScheme) -> npt.NDArray[np.uint8]:
    return scheme.to_regions(_canonical(file).astype(np.int64))


def captions(pictures: Mapping[str, str]) -> list[str]:
    """Return the lines of a page that show pictures, each under its file's name with its attribution."""
    lines = []
    for file, attribution in pictures.items():
        words = "FLAIR; the reference on it; the mask that was written"
        lines += [f"![{words}]({file})", "", f"{words}. {LEGEND} Image: {attribution}; drawn here.", ""]
    return lines
