"""A case in print: the slice as PNG, the masks' outlines over it as lines that stay sharp at any size."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.export.report import svg
from core.export.report.case_slice import CaseSlice, edges
from core.export.report.formatting import sequence
from core.volume import Box

PAGE_MM, GAP_MM = 174.0, 1.5
COLUMNS = 5  # panels side by side
HIGHEST_MM = 62.0
MARGIN = 6  # pixels around the head
PERCENTILES = (0.5, 99.5)  # of the slice's voxels that are not zero: the display window
PRINTED_DOTS = 480  # across a panel, about 300 per inch
BARS_MM = (100, 50, 20, 10, 5, 2, 1)
OUTLINE_MM, HALO_MM = 0.26, 0.2


@dataclass(frozen=True, slots=True)
class Panel:
    """One drawing and what stands under it."""

    title: str
    drawing: str


@dataclass(frozen=True, slots=True)
class _Frame:
    """How a case's panels are cut and sized: pixels, their sizes, and printed millimetres per unit of the drawing."""

    box: Box
    pixel: tuple[float, float]
    width_mm: float
    height_mm: float

    @property
    def unit(self) -> float:
        """Units of the drawing per printed millimetre."""
        return (self.box.stop[1] - self.box.start[1]) * self.pixel[0] / self.width_mm

    @property
    def size(self) -> tuple[float, float]:
        rows, columns = (self.box.stop[axis] - self.box.start[axis] for axis in (0, 1))
        return columns * self.pixel[0], rows * self.pixel[1]


def panels(found: CaseSlice) -> list[Panel]:
    """Draw a case: the image, the reference's outline, and each model's with the reference's first region in white.

    Pixels keep the shape they have in the patient. Regions that a model lacks are not drawn; an empty mask draws
    nothing.
    """
    frame = _frame(found, columns_for(2 + len(found.masks)))
    png = _png(found, frame)
    first = found.reference & 1 != 0
    reference = _outlines(found.reference, found, frame)
    drawn = [
        Panel(f"Image ({sequence(found.modality)})", _panel(found, frame, png, "", scale=True)),
        Panel("Reference", _panel(found, frame, png, reference)),
    ]
    for model, bits in found.masks.items():
        over = _path(first, frame, "#ffffff", HALO_MM) + _outlines(bits, found, frame)
        drawn.append(Panel(model, _panel(found, frame, png, over)))
    return drawn


def overlays(
    slices: Sequence[CaseSlice], titles: Sequence[str], beside: int, highest_mm: float = HIGHEST_MM
) -> list[Panel]:
    """Draw one slice in several modalities, all cut alike, with the outlines of `reference` over each.

    Args:
        slices: the same slice of one case, at least one modality.
        titles: what stands under each.
        beside: how many panels stand side by side on the page.
        highest_mm: what a panel may take of the page's height.
    """
    frame = _frame(slices[0], beside, highest_mm)
    drawn: list[Panel] = []
    for found, title in zip(slices, titles, strict=True):
        over = _outlines(found.reference, found, frame)
        png = _png(found, frame, smallest=False)
        drawn.append(Panel(title, _panel(found, frame, png, over, scale=not drawn)))
    return drawn


def columns_for(count: int) -> int:
    """Return how many panels stand side by side, so that rows are even and none has more than five."""
    rows = -(-count // COLUMNS)
    return -(-count // rows)


def _frame(found: CaseSlice, beside: int, highest_mm: float = HIGHEST_MM) -> _Frame:
    seen = (found.image != _background(found)) | (found.reference > 0)
    for bits in found.masks.values():
        seen = seen | (bits > 0)
    rows, columns = found.image.shape
    around = Box.around(seen[:, :, None]) or Box.whole((rows, columns, 1))
    (top, left, _), (bottom, right, _) = around.start, around.stop
    start = (max(0, top - MARGIN), max(0, left - MARGIN))
    stop = (min(rows, bottom + MARGIN), min(columns, right + MARGIN))
    cut = Box((*start, 0), (*stop, 1))
    pixel = found.spacing_mm or (1.0, 1.0)
    width = (PAGE_MM - GAP_MM * (beside - 1)) / beside
    ratio = (stop[0] - start[0]) * pixel[1] / ((stop[1] - start[1]) * pixel[0])
    height = min(highest_mm, width * ratio)
    return _Frame(cut, pixel, height / ratio, height)


def _background(found: CaseSlice) -> float:
    """Return what stands around the head: 0 of a stripped brain, the air of a CT."""
    corners = found.image[[0, 0, -1, -1], [0, -1, 0, -1]]
    values, counts = np.unique(corners, return_counts=True)
    return float(values[counts.argmax()])


def _crop(array: npt.NDArray[np.generic], frame: _Frame) -> npt.NDArray[np.generic]:
    (top, left, _), (bottom, right, _) = frame.box.start, frame.box.stop
    return array[top:bottom, left:right]


def _png(found: CaseSlice, frame: _Frame, *, smallest: bool = True) -> str:
    """Return the image as a data address, windowed and enlarged to what print shows.

    Args:
        found: the slice.
        frame: how it is cut.
        smallest: try harder to make it small, in three times the time.
    """
    from PIL import Image

    finite = np.where(np.isfinite(found.image), found.image, 0)
    inside = finite[finite != 0]
    low, high = (float(value) for value in np.percentile(inside, PERCENTILES)) if inside.size else (0.0, 1.0)
    grey = np.clip((finite - min(low, 0.0)) / max(high - min(low, 0.0), 1e-6), 0, 1)
    shown = Image.fromarray((_crop(grey, frame) * 255).astype(np.uint8))
    across, down = frame.size
    # a large panel shows each pixel of its image
    dots = max(PRINTED_DOTS, shown.width) if frame.height_mm > HIGHEST_MM else PRINTED_DOTS
    size = (dots, max(1, round(dots * down / across)))
    out = io.BytesIO()
    shown.resize(size, Image.Resampling.BICUBIC).save(out, "PNG", optimize=smallest)
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


def _panel(found: CaseSlice, frame: _Frame, png: str, over: str, *, scale: bool = False) -> str:
    across, down = frame.size
    parts = [
        f'<image href="{png}" x="0" y="0" width="{across:.2f}" height="{down:.2f}" preserveAspectRatio="none"/>',
        over,
        *_letters(found, frame),
        *(_scale_bar(found, frame) if scale else ()),
    ]
    title = f"{found.case}, {found.why} case"
    return svg.picture(parts, across, down, title, (frame.width_mm, frame.height_mm))


def _letters(found: CaseSlice, frame: _Frame) -> list[str]:
    if found.letters is None:
        return []
    (across, down), size = frame.size, 2.3 * frame.unit
    left, right, top, bottom = found.letters
    places = (
        (left, (0.5 * size, down / 2), "start"),
        (right, (across - 0.5 * size, down / 2), "end"),
        (top, (across / 2, 1.1 * size), "middle"),
        (bottom, (across / 2, down - 0.4 * size), "middle"),
    )
    return [part for letter, place, anchor in places for part in _readable(place, letter, size, anchor)]


def _readable(place: svg.Point, said: str, size: float, anchor: str) -> list[str]:
    """Return white words with a shadow, which stay readable on a bright image."""
    (x, y), shadow = place, 0.09 * size
    around = ((-shadow, 0.0), (shadow, 0.0), (0.0, -shadow), (0.0, shadow))
    parts = [svg.words((x + a, y + b), said, "#000000", size, anchor) for a, b in around]
    return [*parts, svg.words(place, said, "#ffffff", size, anchor)]


def _scale_bar(found: CaseSlice, frame: _Frame) -> list[str]:
    """Draw the longest round length that takes at most a third of the width; none without voxel sizes."""
    if found.spacing_mm is None:
        return []
    across, down = frame.size
    length = next((mm for mm in BARS_MM if mm <= across / 3), None)
    if length is None:
        return []
    x, y = across - 1.5 * frame.unit, down - 1.8 * frame.unit
    label = f"{length // 10} cm" if length >= 10 else f"{length} mm"
    return [
        svg.line([(x - length, y), (x, y)], "#000000", 0.9 * frame.unit),
        svg.line([(x - length, y), (x, y)], "#ffffff", 0.5 * frame.unit),
        *_readable((x - length / 2, y - 0.9 * frame.unit), label, 2.0 * frame.unit, "middle"),
    ]


def _outlines(bits: npt.NDArray[np.uint8], found: CaseSlice, frame: _Frame) -> str:
    return "".join(
        _path(bits >> bit & 1 != 0, frame, svg.colour_of(bit, svg.ON_GREY), OUTLINE_MM)
        for bit in range(len(found.regions))
    )


def _path(mask: npt.NDArray[np.bool_], frame: _Frame, colour: str, width_mm: float) -> str:
    across, down = edges(np.asarray(_crop(mask, frame), np.bool_))
    if not across:
        return ""
    x, y = frame.pixel
    steps = [f"M{a * x:.4g} {row * y:.4g}H{b * x:.4g}" for row, a, b in across]
    steps += [f"M{column * x:.4g} {a * y:.4g}V{b * y:.4g}" for column, a, b in down]
    return (
        f'<path d="{"".join(steps)}" fill="none" stroke="{colour}" stroke-width="{width_mm * frame.unit:.3g}" '
        'stroke-linecap="square"/>'
    )
