"""Look at every picture of a folder once: grey or colour, what it looks like, and which colours its mask has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.data.formats.colour import coloured
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.formats.palette import AS_STORED, Palette, Tally, choose_palette, snap, together, unpack
from core.data.formats.picture_file import open_picture
from core.data.formats.picture_masks import open_mask
from core.data.layouts.thumbnails import Thumbnail, thumbnail
from core.data.refusal import Finding, InputRefusedError

READING_THREADS = 2
MOSTLY_DRAWN = 0.6  # share of all mask pixels; a lesion or an organ fills less of a picture
UNREADABLE = (DamagedFileError, InputRefusedError, OSError)  # said again, with its file, when the case is read


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one image looks like.

    Attributes:
        colour: whether its channels really differ.
        thumbnail: for comparing it with others; None where there is next to nothing on it, or it cannot be read.
    """

    colour: bool
    thumbnail: Thumbnail | None


@dataclass(frozen=True, slots=True, eq=False)
class MaskColours:
    """What the masks of a cohort are drawn in.

    Attributes:
        palette: the colour of each label, or `AS_STORED`.
        labels: the labels that occur, background left out, with their share of all pixels.
    """

    palette: Palette
    labels: dict[int, float]

    @property
    def drawn_share(self) -> float:
        """Pixels that are not background / all."""
        return sum(self.labels.values())

    @property
    def binary(self) -> bool:
        """Whether a mask says only inside or outside, as 1 or 0."""
        return set(self.labels) <= {1}

    @property
    def legend(self) -> str:
        """Every label with its colour, for a sentence."""
        if self.palette == AS_STORED:
            return ", ".join(map(str, self.labels))
        return ", ".join(f"{label} drawn in {self.palette[label]}" for label in self.labels)


def survey_images(files: Sequence[Path]) -> list[Look]:
    """Look at every image, side by side; in the order of `files`."""
    with ThreadPoolExecutor(READING_THREADS) as pool:
        return list(pool.map(_look, files))


def survey_masks(files: Sequence[Path]) -> list[Tally | None]:
    """Tally the colours of every mask, side by side; None where it cannot be read or holds no whole numbers."""
    with ThreadPoolExecutor(READING_THREADS) as pool:
        return list(pool.map(_colours, files))


def colours_of(tallies: Sequence[Tally | None]) -> MaskColours | None:
    """Decide on one palette for all masks of a cohort; None where they have no flat colours."""
    known = [tally for tally in tallies if tally is not None]
    if not known:
        return MaskColours(AS_STORED, {})
    whole = together(known)
    palette = choose_palette(whole)
    if palette is None:
        return None
    share: Counter[int] = Counter()
    if palette == AS_STORED and whole.indexed:
        # how often an index occurs is not tallied apart from its colour: two indices of one colour are one
        counted = dict(zip(whole.colours.tolist(), whole.counts.tolist(), strict=True))
        labels = {index: counted.get(colour, 0) for index, colour in whole.entries.items()}
        share.update(labels)
    else:
        found = unpack(whole.colours)[:, 0] if palette == AS_STORED else snap(whole.colours, palette)[0]
        for label in np.unique(found).tolist():
            share[label] = int(whole.counts[found == label].sum())
    total = whole.pixels
    return MaskColours(palette, {label: count / total for label, count in sorted(share.items()) if label and count})


def mask_findings(masks: MaskColours) -> list[Finding]:
    """Say which labels the masks of a cohort hold, and whether they look inverted."""
    findings = []
    if not masks.binary:
        found = f"{len(masks.labels)} labels in the masks: {masks.legend}"
        fix = "name with --scheme what they mean: a known scheme, or a file"
        findings.append(Finding("note", "labels_found", "", "", found, "a label scheme for them", fix))
    if masks.drawn_share > MOSTLY_DRAWN:
        found = f"masks that fill {masks.drawn_share:.0%} of the pictures"
        fix = "check that they are not inverted, with the lesion dark on white"
        findings.append(Finding("warning", "mask_fills_image", "", "", found, "a mask on background", fix))
    return findings


def _look(file: Path) -> Look:
    try:
        picture = open_picture(file)
    except UNREADABLE:
        return Look(False, None)
    pixels = picture.pixels
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
    return Look(bool(coloured(picture).any()), thumbnail(grey))


def _colours(file: Path) -> Tally | None:
    try:
        return open_mask(open_picture(file)).tally
    except UNREADABLE:
        return None
