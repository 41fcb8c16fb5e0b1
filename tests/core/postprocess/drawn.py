"""Masks drawn as text: a slice a string, a row a line, `#` in the region."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.postprocess import Bits, Spacing, Step, clean


def draw(*slices: str) -> Bits:
    """Return bits (X, Y, Z) of region 0; each line of a slice is a row of X, each of its characters a voxel of Y."""
    return np.stack([_slice(each) for each in slices], axis=2)


def shown(bits: Bits, bit: int = 0) -> list[str]:
    """Return each slice of a region as text, to be compared with what was drawn."""
    region = bits >> bit & 1
    return ["\n".join("".join(".#"[v] for v in row) for row in region[..., z]) for z in range(bits.shape[2])]


def flat(text: str) -> str:
    """Return drawn text without its indentation."""
    return "\n".join(line.strip() for line in text.strip().splitlines())


def step(name: str, regions: Sequence[str] = (), **arguments: Any) -> Step:
    return Step(name=name, regions=tuple(regions), arguments=arguments)


def cleaned(bits: Bits, *steps: Step, spacing: Spacing | None = (1.0, 1.0, 1.0)) -> Bits:
    """Clean a mask of one region, WT."""
    return clean(bits, ("WT",), spacing, steps)


def _slice(text: str) -> Bits:
    return np.array([[int(c == "#") for c in line] for line in flat(text).splitlines()], np.uint8)
