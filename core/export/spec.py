"""What an export declares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.volume import Grid


@dataclass(frozen=True, slots=True, eq=False)
class MaskOnGrid:
    """A label map and the grid of the file it came from.

    Attributes:
        labels: (X, Y, Z) uint8 or uint16 in RAS+.
        grid: the input file's grid, through which the labels go back.
    """

    labels: npt.NDArray[np.uint8 | np.uint16]
    grid: Grid


def nothing_is_missing(_: Any) -> str:
    """Say that everything can be written: an empty sentence."""
    return ""


@dataclass(frozen=True, slots=True)
class ExportSpec:
    """One entry of `EXPORTS`.

    Attributes:
        name: how the command line calls it.
        title: how people read it.
        of: the types of what it can write, such as a segmented case, one of its regions, or a comparison of models.
        suffixes: what its files end in, the usual one first; the path that is written to ends in one of them.
        write: writes one of `of` to a path; the file appears whole or not at all, and the same content gives the
            same bytes.
        called: what stands between a case's name and the suffix.
        why_not: says before anything is written why one of `of` cannot be; empty where it can.
    """

    name: str
    title: str
    of: tuple[type, ...]
    suffixes: tuple[str, ...]
    write: Callable[[Path, Any], None]
    called: str = "seg"
    why_not: Callable[[Any], str] = nothing_is_missing

    @property
    def suffix(self) -> str:
        """What its files usually end in."""
        return self.suffixes[0]
