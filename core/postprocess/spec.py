"""What the registry knows of a step, and what steps have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, prod
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from core.arguments import Arguments, parse_arguments

Bits = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Spacing = tuple[float, float, float]
VOXELS: Spacing = (1.0, 1.0, 1.0)
ROUNDING = 1e-6  # voxel sizes come out of float32 headers
LARGEST_RADIUS = 50.0


@dataclass(frozen=True, slots=True)
class StepSpec:
    """One step: how it is called, what may be said about it, and what it does.

    Attributes:
        name: how recipes and cards call it.
        title: how pages call it.
        definition: one sentence that fixes every choice.
        citation: where it comes from.
        effect: whether it only removes voxels, only adds some, or does either.
        arguments: schema of its arguments, with defaults.
        function: (bits (x, y, z) uint8, the bits it is for, arguments, spacing in mm or None) to new bits. It may
            assume that every voxel beyond the array is outside the image or in no region, and that where there is
            image beyond the regions the array shows at least one voxel of it.
        words: arguments to what it does, as part of a sentence.
        nested: True where it takes its regions for one inside the other, the outermost first.
        small: arguments that change something in a mask of a few voxels, for tests and demos.
    """

    name: str
    title: str
    definition: str
    citation: str
    effect: Literal["removes", "adds", "either"]
    arguments: type[Arguments]
    function: Callable[[Bits, Sequence[int], Any, Spacing | None], Bits]
    words: Callable[[Any], str]
    nested: bool = False
    small: Mapping[str, Any] = field(default_factory=dict)

    def parse(self, given: Mapping[str, Any] | Arguments) -> Arguments:
        """Validate arguments and fill in the defaults.

        Raises:
            ArgumentError: an unknown argument (the message lists the known ones) or a value out of range.
        """
        return parse_arguments(self.arguments, f"step {self.name}", given)


class RadiusArguments(Arguments):
    """The radius of a ball."""

    mm: float | None = Field(None, gt=0, le=LARGEST_RADIUS, description="Radius where the image has voxel sizes.")
    voxels: float | None = Field(
        None, gt=0, le=LARGEST_RADIUS, description="Radius in voxels where it has none, or mm is not given."
    )

    @model_validator(mode="after")
    def _some_radius(self) -> Self:
        if self.mm is None and self.voxels is None:
            raise ValueError("found no radius; give mm, voxels for images without voxel sizes, or both")
        return self

    def on(self, spacing_mm: Spacing | None) -> tuple[float, Spacing] | None:
        """Return the radius and the voxel sizes in its unit; None where it is in mm and the image has none."""
        if self.mm is not None and spacing_mm is not None:
            return self.mm, spacing_mm
        return None if self.voxels is None else (self.voxels, VOXELS)

    def __str__(self) -> str:
        return f"{self.mm:g} mm" if self.mm is not None else f"{self.voxels:g} voxels"


class LeastArguments(Arguments):
    """The least size of what is kept."""

    ml: float | None = Field(None, gt=0, le=1000, description="Least volume where the image has voxel sizes.")
    voxels: int | None = Field(
        None, ge=2, le=10_000_000, description="Least number of voxels where it has none, or ml is not given."
    )

    @model_validator(mode="after")
    def _some_size(self) -> Self:
        if self.ml is None and self.voxels is None:
            raise ValueError("found no size; give ml, voxels for images without voxel sizes, or both")
        return self

    def on(self, spacing_mm: Spacing | None) -> int:
        """Return the least number of voxels that is kept; 1 where it is in ml and the image has no voxel sizes."""
        if self.ml is not None and spacing_mm is not None:
            return max(1, ceil(self.ml * 1000 / prod(spacing_mm) * (1 - ROUNDING)))
        return self.voxels or 1

    def __str__(self) -> str:
        return f"{self.ml:g} ml" if self.ml is not None else f"{self.voxels} voxels"


def each_region(bits: Bits, chosen: Sequence[int], change: Callable[[Mask], Mask]) -> Bits:
    """Change the mask of each chosen region by itself; one that is empty stays so.

    Args:
        bits: (x, y, z) uint8, bit r set where region r is.
        chosen: the bits to change.
        change: a mask (x, y, z) to another of its shape.

    Returns:
        New bits; those that are not chosen are as they were.
    """
    out = bits.copy()
    for bit in chosen:
        mask: Mask = (bits >> bit & 1).astype(bool)
        if mask.any():
            out &= np.uint8(255 ^ (1 << bit))
            out |= change(mask).astype(np.uint8) << bit
    return out


def wide_axes(shape: Sequence[int]) -> tuple[int, ...]:
    """Return the axes along which an image has more than one voxel: a single slice has no third dimension."""
    return tuple(axis for axis, n in enumerate(shape) if n > 1)
