"""Before and after, for a person to look at: every series in three planes, the brain's outline on it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

from core.data.formats.grid import grid_from_affine
from core.data.image import StoredImage
from core.harmonise.head import Mask
from core.harmonise.resample import resample
from core.harmonise.steps import Harmonised
from core.volume import Array, Grid

PLANES = ((2, "axial"), (1, "coronal"), (0, "sagittal"))  # the axis that each one is cut across
WHITE_PERCENTILE = 99.5
GROUND, TEXT, OUTLINE = (0, 0, 0), (230, 235, 240), (240, 228, 66)
MARGIN, GAP, LINE = 8, 4, 18  # pixels; a pixel is 1 mm

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    """One plane through the common grid: a grid one voxel thick, and its size in mm."""

    title: str
    axis: int
    index: int
    grid: Grid
    width: int
    height: int


def before_and_after(images: Mapping[str, StoredImage], done: Harmonised) -> bytes:
    """Draw a study as a PNG: one row for each series, on the left where its header puts it, on the right the outcome.

    Both sides are cut through the middle of the brain (of the grid where no brain was looked for), at 1 mm per
    pixel, the patient's right on the left. The brain found is outlined on both, so that the left side shows what
    moved, and what was cut away.

    Args:
        images: the series as they were given.
        done: the outcome, or what was attempted.
    """
    cuts = _cuts(done)
    width = 2 * MARGIN + 2 * sum(cut.width + GAP for cut in cuts) + GAP
    row = max(cut.height for cut in cuts) + LINE
    sheet = Picture.new("RGB", (width, 2 * MARGIN + LINE + row * len(images)), GROUND)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default()
    half = MARGIN + sum(cut.width + GAP for cut in cuts) + GAP
    draw.text((MARGIN, MARGIN), "as the headers place them", TEXT, font)
    draw.text((half, MARGIN), f"harmonised ({done.fixed} stays)", TEXT, font)
    for number, (name, image) in enumerate(images.items()):
        top = MARGIN + LINE + number * row
        white = _white(name, done)
        for left, planes in ((MARGIN, _before(image, cuts)), (half, _after(name, done, cuts))):
            for cut, plane in zip(cuts, planes, strict=True):
                draw.text((left, top), f"{name} {cut.title}", TEXT, font)
                sheet.paste(_drawn(plane, white, cut, done.brain), (left, top + LINE))
                left += cut.width + GAP  # noqa: PLW2901 (the pen moves on)
    stream = io.BytesIO()
    sheet.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _cuts(done: Harmonised) -> list[_Cut]:
    grid, geometry = done.volume.native, done.volume.geometry
    assert grid.affine is not None
    assert geometry is not None
    middle = np.array(grid.shape) // 2
    if done.brain is not None and done.brain.any():
        middle = np.argwhere(done.brain).mean(axis=0).round().astype(int)
    sizes_mm = np.array(grid.shape) * geometry.spacing_mm
    cuts = []
    for axis, title in PLANES:
        across, up = (other for other in range(3) if other != axis)
        shape = list(grid.shape)
        shape[axis] = 1
        affine = grid.affine.copy()
        affine[:3, 3] += affine[:3, axis] * middle[axis]
        thin = grid_from_affine((shape[0], shape[1], shape[2]), affine)
        cuts.append(_Cut(title, axis, int(middle[axis]), thin, round(sizes_mm[across]), round(sizes_mm[up])))
    return cuts


def _white(name: str, done: Harmonised) -> float:
    """Return what is drawn white: nearly the brightest of the brain, which fat and skin outshine."""
    values = done.volume.values(done.volume.modalities.index(name))
    inside = values[done.brain] if done.brain is not None and done.brain.any() else values
    return float(np.percentile(inside, WHITE_PERCENTILE)) or 1.0


def _before(image: StoredImage, cuts: list[_Cut]) -> list[Array]:
    assert image.grid.affine is not None
    values: Array = image.values(0)
    return [np.take(resample(values, image.grid.affine, cut.grid), 0, cut.axis) for cut in cuts]


def _after(name: str, done: Harmonised, cuts: list[_Cut]) -> list[Array]:
    values = done.volume.values(done.volume.modalities.index(name))
    return [np.take(values, [cut.index], cut.axis).squeeze(cut.axis) for cut in cuts]


def _drawn(plane: Array, white: float, cut: _Cut, brain: Mask | None) -> Picture.Image:
    grey = (np.clip(plane / white, 0, 1) * 255).astype(np.uint8)
    size = (cut.width, cut.height)
    picture = Picture.fromarray(_upright(grey)).resize(size, Picture.Resampling.BILINEAR).convert("RGB")
    if brain is None:
        return picture
    mask = Picture.fromarray(_upright(np.take(brain, [cut.index], cut.axis).squeeze(cut.axis).astype(np.uint8) * 255))
    pixels = np.array(picture)
    pixels[_outline(np.array(mask.resize(size, Picture.Resampling.NEAREST)) > 0)] = OUTLINE
    return Picture.fromarray(pixels)


def _upright(plane: Pixels) -> Pixels:
    """Turn (across, up) into rows from the top, the patient's right, or front, on the left."""
    return np.ascontiguousarray(plane.T[::-1, ::-1])


def _outline(mask: Mask) -> Mask:
    from scipy.ndimage import binary_erosion

    return np.asarray(mask & ~binary_erosion(mask, border_value=1), np.bool_)
