"""A picture beside a finding: the slice of the case that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.case import Case, Source
from core.data import limits
from core.data.formats import FORMATS
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.image import StoredImage
from core.data.load import read_images, same_grid
from core.data.refusal import Finding, InputRefusedError

WORST_FIRST = ("error", "warning", "note")
SIDE = 240  # pixels
REFERENCE = "reference mask"  # what a finding calls it where names are private
MASK_COLOUR = np.array([0.90, 0.62, 0.0], np.float32)
OPACITY = 0.5
THICK = 1.5  # times the other steps: slices, and not the steps within one
BRIGHTEST_PERCENTILE = 99.5

Picture = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float32]


def draw_findings(cases: Sequence[Case], findings: Sequence[Finding], folder: Path) -> dict[int, str]:
    """Draw the cases that findings are about, errors first, as many as the limits allow.

    Args:
        cases: of the layout.
        findings: about them.
        folder: to write the pictures into.

    Returns:
        Index of a finding to its picture's file name; findings that nothing can be drawn for are left out.
    """
    known = {case.case_id: case for case in cases}
    order = sorted(range(len(findings)), key=lambda number: WORST_FIRST.index(findings[number].severity))
    drawn: dict[tuple[str, str], str | None] = {}
    found = {}
    for number in order:
        finding = findings[number]
        if finding.case not in known:
            continue
        key = (finding.case, finding.file)
        if key not in drawn:
            if len(drawn) == limits.FINDING_PICTURES:
                break
            drawn[key] = _draw(known[finding.case], finding.file, folder, f"{len(drawn):03d}.png")
        if name := drawn[key]:
            found[number] = name
    return found


def _draw(case: Case, file: str, folder: Path, name: str) -> str | None:
    try:
        picture, height = picture_of(case, file)
    except (InputRefusedError, DamagedFileError, OSError, ValueError):  # the finding says it already
        return None
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    rows, columns = picture.shape[0] * height, picture.shape[1]
    scale = SIDE / max(rows, columns)
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    square = Image.new("RGB", (SIDE, SIDE))
    place = ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2)
    square.paste(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR), place)
    square.save(folder / name, "PNG")
    return name


def picture_of(case: Case, file: str) -> tuple[Picture, float]:
    """Draw one slice of a case: of the file that a finding names, else of its first sequence.

    The slice is cut as the scanner cut it: the one with most of the mask where the finding is about a mask, else the
    middle one.

    Args:
        case: which.
        file: a source's label, a modality, or the reference mask's.

    Returns:
        (rows, columns, 3) uint8, and how much higher than wide its pixels are.

    Raises:
        InputRefusedError: the file cannot be read.
    """
    about_mask = case.reference is not None and file in (case.reference.label, REFERENCE)
    chosen = next((n for n, source in case.sources.items() if file in (n, source.label)), next(iter(case.sources)))
    image = read_images(replace(case, sources={chosen: case.sources[chosen]}))[chosen]
    mask = _mask(case.reference, image) if about_mask and case.reference else None
    return picture_of_image(image, case.sources[chosen].channel, mask)


def picture_of_image(
    image: StoredImage, channel: int = 0, mask: npt.NDArray[np.bool_] | None = None
) -> tuple[Picture, float]:
    """Draw one slice of an image as the scanner cut it: the one with most of a mask, else the middle one.

    Args:
        image: as it is stored.
        channel: which of its channels.
        mask: (X, Y, Z) in RAS+; an empty one is as good as none.

    Returns:
        (rows, columns, 3) uint8, and how much higher than wide its pixels are.
    """
    geometry = image.grid.geometry()
    spacing = geometry.spacing_mm if geometry else (1.0, 1.0, 1.0)
    axis = cut_axis(spacing)
    voxels = np.moveaxis(image.grid.to_ras(image.stored[channel]), axis, 2)
    index = voxels.shape[2] // 2
    if mask is not None and mask.any():
        mask = np.moveaxis(mask, axis, 2)
        index = int(np.count_nonzero(mask, axis=(0, 1)).argmax())
    plane = _grey(np.asarray(voxels[:, :, index], np.float32))
    drawn = _paint(plane, None if mask is None else mask[:, :, index], has_geometry=geometry is not None)
    across, down = (mm for number, mm in enumerate(spacing) if number != axis)
    return drawn, down / across


def cut_axis(spacing_mm: Sequence[float]) -> int:
    """Return along which axis a scanner cut its slices: the one with much larger steps, else the third."""
    coarsest = int(np.argmax(spacing_mm))
    others = max(mm for axis, mm in enumerate(spacing_mm) if axis != coarsest)
    return coarsest if spacing_mm[coarsest] > THICK * others else 2


def _mask(source: Source, image: StoredImage) -> npt.NDArray[np.bool_] | None:
    stored = FORMATS[source.format].read_mask(source, image.grid)
    if not same_grid(stored.grid, image.grid):
        return None
    return np.asarray(stored.grid.to_ras(stored.values(0)) != 0)


def _grey(plane: Plane) -> Plane:
    finite = np.where(np.isfinite(plane), plane, 0)
    inside = finite[finite != 0]
    low = min(0.0, float(np.percentile(inside, 100 - BRIGHTEST_PERCENTILE))) if inside.size else 0.0
    high = float(np.percentile(inside, BRIGHTEST_PERCENTILE)) if inside.size else 1.0
    grey: Plane = np.clip((finite - low) / max(high - low, 1e-6), 0, 1).astype(np.float32)
    return grey


def _paint(grey: Plane, mask: npt.NDArray[np.bool_] | None, *, has_geometry: bool) -> Picture:
    rgb = np.repeat(grey[..., None], 3, axis=2)
    if mask is not None:
        rgb[mask] = rgb[mask] * (1 - OPACITY) + MASK_COLOUR * OPACITY
    # with geometry each axis grows to the right, the front or the top: the right (or, seen from the side, the front)
    # is drawn on the left, and the front or the top on top
    oriented = rgb[::-1, ::-1] if has_geometry else rgb
    drawn: Picture = np.ascontiguousarray((oriented.transpose(1, 0, 2) * 255).astype(np.uint8))
    return drawn
