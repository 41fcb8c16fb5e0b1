"""What every file format plugs in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.case import Source
from core.data.image import StoredImage, one_channel
from core.volume import Grid

Files = tuple[Path, ...]
ReadMask = Callable[[Source, Grid | None], StoredImage]


@dataclass(frozen=True, slots=True)
class FormatSpec:
    """One file format: how its files are named and read.

    Attributes:
        name: what a `Source` calls it.
        title: what it is, for people.
        suffixes: how its files' names end, lower case; () where the content tells.
        read: one file, or the slices of a stack in order, to an image of all its channels.
        read_mask: a mask's source to an image of one channel of labels. The grid is that of the images it
            belongs to, for formats that are drawn onto one (RTSTRUCT, COCO); None where none is known.

    Both raise `DamagedFileError`, `InputRefusedError` (whose findings may leave case and file empty) or `OSError`.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    read: Callable[[Files], StoredImage]
    read_mask: ReadMask


def channel_as_mask(read: Callable[[Files], StoredImage]) -> ReadMask:
    """Return how a format reads a mask when its images and its masks are stored the same way."""

    def read_mask(source: Source, onto: Grid | None) -> StoredImage:  # noqa: ARG001
        return one_channel(read(source.files), source.channel)

    return read_mask
