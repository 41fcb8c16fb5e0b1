"""What the colours of masks stand for: tally them, choose the real ones, and snap every pixel to the nearest.

A drawn region is solid somewhere; what JPEG and interpolation add lies along edges only. A colour is therefore real
when it fills blocks of 3 x 3 pixels and is not merely a shade of a stronger one. Labels follow the colours' packed
value, so that one palette for a whole cohort gives the same colour the same label in every file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.data.formats.picture_file import Picture

Colour = tuple[int, int, int]
Palette = tuple[Colour, ...]
Packed = npt.NDArray[np.int64]

AS_STORED: Palette = ()  # the stored numbers, or a file's own palette indices, are the labels
BITS = 16  # of one channel of a packed colour
LARGEST_LABEL = 31  # grey values up to here are labels as they stand; drawn pictures use brighter ones
FEW_COLOURS = 64  # more distinct colours than this were not chosen by a person
NEAR_EXACT = 8  # colours of a mask without noise differ by more, noise by less; of 255, in any channel
NEAR_NOISY = 32  # noise around a colour stays within this
LEAST_SHARE = 0.01  # of the solid drawn pixels, for a colour of a noisy mask to be real
LEAST_PEAK = 0.10  # or of those of a single mask, for a colour that is rare in its cohort
PEAK_PIXELS = 64  # fewer solid pixels in a mask say nothing


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """The colours of one or many masks.

    Attributes:
        colours: packed colours, ascending.
        counts: pixels of each.
        solid: pixels of each whose eight neighbours have the same colour.
        peak: share of each among the solid drawn pixels of the one mask where that is largest; 0 where it is tiny.
        lossy: whether any of the files is a JPEG.
        indexed: whether every file has a palette of its own, whose indices mean the same colours in all of them.
        entries: palette index to its packed colour, of the indices in use.
    """

    colours: Packed
    counts: Packed
    solid: Packed
    peak: npt.NDArray[np.float64]
    lossy: bool
    indexed: bool
    entries: dict[int, int]

    @property
    def pixels(self) -> int:
        return int(self.counts.sum())


def pack(pixels: npt.NDArray[np.integer]) -> Packed:
    """Return each pixel's colour as one number, red highest, of (row, column) grey or (row, column, 3)."""
    wide = pixels.astype(np.int64)
    red, green, blue = (wide, wide, wide) if wide.ndim == 2 else np.moveaxis(wide, 2, 0)
    return np.asarray(red << 2 * BITS | green << BITS | blue)


def unpack(packed: Packed) -> Packed:
    """Return packed colours (n,) as (n, 3)."""
    return np.stack([packed >> 2 * BITS, packed >> BITS & 0xFFFF, packed & 0xFFFF], axis=-1)


def tally(picture: Picture, packed: Packed) -> Tally:
    """Count the colours of one mask.

    Args:
        picture: the decoded file.
        packed: its colours (row, column), transparency already taken as background.
    """
    whole, counts = _count(packed.ravel())
    solid = np.zeros_like(counts)
    if min(packed.shape) >= 3:
        inside, inside_counts = _count(packed[1:-1, 1:-1][_solid(packed)])
        solid[np.searchsorted(whole, inside)] = inside_counts
    entries: dict[int, int] = {}
    if picture.indices is not None:
        indices, first = np.unique(picture.indices, return_index=True)
        entries = dict(zip(indices.tolist(), packed.ravel()[first].tolist(), strict=True))
    return Tally(whole, counts, solid, _peak(whole, solid), picture.lossy, _usual(entries), entries)


def together(tallies: Iterable[Tally]) -> Tally:
    """Add up the tallies of many masks; at least one."""
    parts = list(tallies)
    colours, place = np.unique(np.concatenate([part.colours for part in parts]), return_inverse=True)
    counts, solid = np.zeros((2, colours.size), np.int64)
    np.add.at(counts, place, np.concatenate([part.counts for part in parts]))
    np.add.at(solid, place, np.concatenate([part.solid for part in parts]))
    peak = np.zeros(colours.size)
    np.maximum.at(peak, place, np.concatenate([part.peak for part in parts]))
    entries: dict[int, int] = {}
    indexed = all(part.indexed for part in parts)
    for part in parts:
        indexed &= all(entries.setdefault(index, colour) == colour for index, colour in part.entries.items())
    return Tally(colours, counts, solid, peak, any(part.lossy for part in parts), indexed, entries)


def choose_palette(drawn: Tally) -> Palette | None:
    """Decide which colours of a tally are labels.

    Returns:
        The colour of each label, background first and the others by packed value; `AS_STORED` where the stored
        numbers already are labels; None where there are too many colours for a mask.
    """
    if drawn.indexed or _are_labels(drawn):
        return AS_STORED
    chosen = _real_colours(drawn)
    if not 1 <= len(chosen) <= FEW_COLOURS:
        return None
    colours = unpack(np.array(sorted(chosen), np.int64))
    black = colours.max(axis=1) <= NEAR_EXACT * _unit(drawn)
    background = int(black.argmax()) if black.any() else _commonest(drawn, colours)
    ordered = [colours[background], *np.delete(colours, background, axis=0)]
    return tuple((int(red), int(green), int(blue)) for red, green, blue in ordered)


def snap(packed: Packed, palette: Palette) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Give each pixel the label of the nearest colour.

    Args:
        packed: packed colours, any shape.
        palette: the colour of each label, not empty.

    Returns:
        Labels uint8 and where they are doubtful, both of the shape of `packed`. A pixel is doubtful when its own
        colour is more than half as far from it as the next best.
    """
    colours, place = np.unique(packed, return_inverse=True)
    away = unpack(colours)[:, np.newaxis].astype(np.float64) - np.array(palette, np.float64)
    squares = (away**2).sum(axis=2)
    nearest = squares.argmin(axis=1).astype(np.uint8)
    if len(palette) > 1:
        best, second = np.partition(squares, 1, axis=1)[:, :2].T
        unsure = 4 * best > second
    else:
        unsure = squares[:, 0] > 0
    return nearest[place].reshape(packed.shape), unsure[place].reshape(packed.shape)


def _count(packed: Packed) -> tuple[Packed, Packed]:
    drawn = packed[packed != 0]  # most of a mask is black: sorting that is what would cost
    colours, counts = np.unique(drawn, return_counts=True)
    if drawn.size == packed.size:
        return colours, counts.astype(np.int64)
    return np.append(0, colours), np.append(packed.size - drawn.size, counts).astype(np.int64)


def _solid(packed: Packed) -> npt.NDArray[np.bool_]:
    """Return where a pixel and its eight neighbours are alike, without the outermost pixels."""
    rows = (packed[:, :-2] == packed[:, 1:-1]) & (packed[:, 2:] == packed[:, 1:-1])
    middle = packed[:, 1:-1]
    same = rows[:-2] & rows[1:-1] & rows[2:] & (middle[:-2] == middle[1:-1]) & (middle[2:] == middle[1:-1])
    return np.asarray(same)


def _peak(colours: Packed, solid: Packed) -> npt.NDArray[np.float64]:
    drawn = np.where(colours != 0, solid, 0)
    return np.where(drawn >= PEAK_PIXELS, drawn / max(1, int(drawn.sum())), 0.0)


def _usual(entries: dict[int, int]) -> bool:
    """Tell whether a file's palette can be a list of labels: there is one, and only index 0 may be black."""
    return bool(entries) and all(index == 0 or colour != 0 for index, colour in entries.items())


def _are_labels(drawn: Tally) -> bool:
    """Tell whether grey values are labels as they stand: small, or without gaps up to the largest."""
    values = unpack(drawn.colours)
    if drawn.lossy or (values.min(axis=1) != values.max(axis=1)).any():
        return False
    largest = int(values.max())
    complete = drawn.colours.size >= 0.9 * (largest + 1) and float((drawn.solid > 0).mean()) >= 0.5
    return largest <= LARGEST_LABEL or (complete and largest < 250)


def _unit(drawn: Tally) -> int:
    """Return how much one step of 255 is in the files' own numbers."""
    return 257 if int(unpack(drawn.colours).max()) > 255 else 1


def _real_colours(drawn: Tally) -> list[int]:
    """Return the packed colours that fill areas, strongest first, each speaking for the shades around it."""
    strength = drawn.solid if drawn.solid[drawn.colours != 0].any() else drawn.counts
    values, unit = unpack(drawn.colours), _unit(drawn)
    exact = not drawn.lossy and _spaced(values, NEAR_EXACT * unit)
    near = (NEAR_EXACT if exact else NEAR_NOISY) * unit
    least = 1 if exact else max(1.0, LEAST_SHARE * float(strength[drawn.colours != 0].sum()))
    left = strength.copy()
    chosen = []
    while left.any():
        strongest = int(left.argmax())
        shades = (np.abs(values - values[strongest]).max(axis=1) < near) & (left > 0)
        if left[shades].sum() >= least or drawn.peak[strongest] >= LEAST_PEAK:
            chosen.append(strongest)
        left[shades] = 0
    return [int(pack(_rounded(values[index], exact, unit)[np.newaxis, np.newaxis])[0, 0]) for index in chosen]


def _spaced(values: Packed, near: int) -> bool:
    """Tell whether colours (n, 3) are few and no two of them are shades of each other."""
    if len(values) > FEW_COLOURS:
        return False
    apart = np.abs(values[:, np.newaxis] - values).max(axis=2)
    return bool((apart + near * np.eye(len(values), dtype=np.int64) >= near).all())


def _rounded(colour: Packed, exact: bool, unit: int) -> Packed:
    """Return a colour of a noisy mask with its nearly dark and nearly full channels made so."""
    if exact:
        return colour
    full = 255 * unit
    rounded = np.where(colour <= NEAR_EXACT * unit, 0, colour)
    return np.where(rounded >= full - NEAR_EXACT * unit, full, rounded)


def _commonest(drawn: Tally, colours: Packed) -> int:
    """Return which of `colours` (n, 3) most pixels are nearest to."""
    palette: Sequence[Colour] = [(int(r), int(g), int(b)) for r, g, b in colours]
    labels, _ = snap(drawn.colours, tuple(palette))
    return int(np.bincount(labels, weights=drawn.counts, minlength=len(colours)).argmax())
