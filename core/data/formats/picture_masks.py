"""Reference masks drawn as pictures: colours, grey values or palette indices to labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.case import Source
from core.data.formats.palette import AS_STORED, Packed, Palette, Tally, choose_palette, pack, snap, tally, together
from core.data.formats.picture_file import Picture, open_picture
from core.data.image import StoredImage, plain_image
from core.data.refusal import Finding, InputRefusedError
from core.volume import Array, Grid

MAX_DOUBTFUL = 0.20  # share of the pixels; a picture that is no mask has far more
HALF_OPAQUE = 128


@dataclass(frozen=True, slots=True, eq=False)
class MaskPicture:
    """One mask, decoded.

    Attributes:
        picture: as decoded.
        packed: its colours (row, column), transparent pixels as black; None for real numbers that are not whole.
    """

    picture: Picture
    packed: Packed | None

    @property
    def tally(self) -> Tally | None:
        return None if self.packed is None else tally(self.picture, self.packed)


def open_mask(picture: Picture) -> MaskPicture:
    """Take a decoded picture as a mask."""
    pixels = picture.pixels
    if pixels.dtype.kind == "f":
        if not (np.isfinite(pixels).all() and (pixels == np.rint(pixels)).all()):
            return MaskPicture(picture, None)
        pixels = pixels.astype(np.int64)
    if pixels.min() < 0 or pixels.max() > 0xFFFF:
        found = f"pixel values from {pixels.min()} to {pixels.max()} in a mask"
        fix = "save the mask with 8 bits"
        raise InputRefusedError(Finding("error", "not_a_mask", "", "", found, "0 to 65535", fix))
    packed = pack(pixels)
    if picture.opacity is not None:
        packed = np.where(picture.opacity >= HALF_OPAQUE, packed, 0)
    return MaskPicture(picture, packed)


def read_mask(source: Source, onto: Grid | None) -> StoredImage:  # noqa: ARG001
    """Read a mask, or the masks of a stack's slices, as labels.

    Args:
        source: its files, and the palette of its cohort; without one these files decide.
        onto: not needed; a picture brings its own size.

    Returns:
        Labels (1, column, row, slice) uint8, or the stored numbers where those are the labels. Real numbers that
        are not whole stay as they are: whoever knows the labels refuses them.

    Raises:
        DamagedFileError: a file is truncated or corrupt.
        InputRefusedError: it is no mask, or more than 20 % of its pixels are of doubtful colour.
        OSError: a file cannot be opened.
    """
    masks = [open_mask(open_picture(file)) for file in source.files]
    _require_one_size(masks)
    palette = source.palette if source.palette is not None else _own_palette(masks)
    labels, doubtful, drawn = [], 0, 0
    for mask in masks:
        stored, unsure = _labels(mask, palette)
        labels.append(stored)
        doubtful += int(unsure.sum())
        drawn += int(((stored != 0) | unsure).sum())
    findings = [finding for mask in masks for finding in mask.picture.findings]
    findings += _doubt(doubtful, drawn, sum(array.size for array in labels))
    stack = np.stack(labels, axis=-1).swapaxes(0, 1)[np.newaxis]  # (row, column, slice) to (1, column, row, slice)
    return plain_image(stack, Grid(stack.shape[1:]), tuple(dict.fromkeys(findings)))


def _labels(mask: MaskPicture, palette: Palette) -> tuple[Array, Array]:
    """Return a mask's labels (row, column) and which of them are doubtful."""
    picture, packed = mask.picture, mask.packed
    nowhere = np.zeros(picture.pixels.shape[:2], np.bool_)
    if packed is None:
        grey: Array = picture.pixels if picture.pixels.ndim == 2 else picture.pixels[..., 0]
        return grey, nowhere
    if palette != AS_STORED:
        return snap(packed, palette)
    if picture.indices is not None:
        return picture.indices, nowhere
    return np.asarray(packed & 0xFFFF).astype(np.uint16), nowhere


def _own_palette(masks: list[MaskPicture]) -> Palette:
    tallies = [counted for mask in masks if (counted := mask.tally) is not None]
    palette = choose_palette(together(tallies)) if tallies else AS_STORED
    if palette is None:
        found, fix = "no colours that fill areas", "check that this file is the mask and not the image"
        raise InputRefusedError(Finding("error", "not_a_mask", "", "", found, "a few flat colours", fix))
    return palette


def colours_drawn(file: Path) -> int | None:
    """Return how many colours of one mask are taken for labels, background left out.

    Returns:
        None where the numbers that are stored are the labels.

    Raises:
        DamagedFileError, InputRefusedError, OSError: as `read_mask`.
    """
    palette = _own_palette([open_mask(open_picture(file))])
    return None if palette == AS_STORED else len(palette) - 1


def _require_one_size(masks: list[MaskPicture]) -> None:
    sizes = sorted({mask.picture.pixels.shape[1::-1] for mask in masks})
    if len(sizes) > 1:
        found = "masks of " + " and ".join(f"{column} × {row}" for column, row in sizes)
        fix = "export the masks in the size of their images"
        raise InputRefusedError(Finding("error", "slice_sizes", "", "", found, "slices of one size", fix))


def _doubt(doubtful: int, drawn: int, pixels: int) -> list[Finding]:
    if not doubtful:
        return []
    found = f"{doubtful / pixels:.2%} of the pixels ({doubtful / drawn:.1%} of those drawn) between two colours"
    if doubtful > MAX_DOUBTFUL * pixels:
        fix = "check that this file is the mask and not the image, or export it without compression"
        raise InputRefusedError(Finding("error", "not_a_mask", "", "", found, "a few flat colours", fix))
    fix = "taken for the nearest; export masks as PNG, scaled by nearest neighbour, for exact edges"
    return [Finding("warning", "doubtful_colours", "", "", found, "flat colours with sharp edges", fix)]
