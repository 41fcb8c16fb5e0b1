"""The flips and quarter turns of test-time augmentation, and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.inference.arrays import Tensor


@dataclass(frozen=True, slots=True)
class Turn:
    """A symmetry of the square: quarter turns, then a flip of the last axis or none."""

    quarters: int
    flip: bool

    def of(self, slices: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Turn slices (..., H, W); height and width change places at odd quarters."""
        turned = np.rot90(slices, self.quarters, axes=(-2, -1))
        return np.ascontiguousarray(turned[..., ::-1] if self.flip else turned)

    def back(self, turned: Tensor) -> Tensor:
        """Undo `of` on a tensor (..., H, W)."""
        if isinstance(turned, np.ndarray):
            unflipped = turned[..., ::-1] if self.flip else turned
            return np.ascontiguousarray(np.rot90(unflipped, -self.quarters, axes=(-2, -1)))
        import torch

        flipped = torch.flip(turned, dims=(-1,)) if self.flip else turned
        return torch.rot90(flipped, -self.quarters, dims=(-2, -1))


def turns(height: int, width: int) -> Iterator[Turn]:
    """Yield the symmetries that keep a slice's size: four of a rectangle, eight of a square; the identity first."""
    for quarters in range(0, 4, 1 if height == width else 2):
        for flip in (False, True):
            yield Turn(quarters, flip)
