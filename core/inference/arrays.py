"""What is done with logits once they are computed, for torch's tensors and for numpy's arrays, which need no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from typing_extensions import TypeVar

if TYPE_CHECKING:
    import torch

Floats = npt.NDArray[np.float32]
Tensor = TypeVar("Tensor", "torch.Tensor", "npt.NDArray[np.float32]", default="torch.Tensor")


def sigmoid(logits: Tensor) -> Tensor:
    """Return 1 / (1 + exp(-x)) of every number."""
    if isinstance(logits, np.ndarray):
        # exp of what is not positive only, so that nothing overflows
        small: Floats = np.exp(-np.abs(logits))
        return np.where(logits >= 0, 1, small).astype(np.float32, copy=False) / (1 + small)
    import torch

    return torch.sigmoid(logits)


def softmax(logits: Tensor) -> Tensor:
    """Return exp(x) over its sum along the second axis."""
    if isinstance(logits, np.ndarray):
        shares: Floats = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        return shares
    import torch

    return torch.softmax(logits, dim=1)


def resized(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Bring (S, R, h, w) to (S, R, *size) by linear interpolation between pixel centres, edges repeated."""
    if isinstance(maps, np.ndarray):
        for axis, new in zip((-2, -1), size, strict=True):
            maps = _interpolated(maps, axis, new)
        return maps
    from torch.nn.functional import interpolate

    # corners apart: pixel centres lie as they do when the slice is resized
    return interpolate(maps, size, mode="bilinear", align_corners=False)


def _interpolated(maps: Floats, axis: int, new: int) -> Floats:
    old = maps.shape[axis]
    # where the centre of each new pixel lies among the old ones; rounded once, as by torch's fused multiply and add
    centre = np.float64(np.float32(old) / np.float32(new)) * (np.arange(new) + 0.5) - 0.5
    place = np.maximum(centre.astype(np.float32), 0)
    before = np.minimum(place.astype(np.intp), old - 1)
    after = np.minimum(before + 1, old - 1)
    weight = (place - before).astype(np.float32)
    weight = weight[:, None] if axis == -2 else weight
    blended: Floats = maps.take(before, axis) * (1 - weight) + maps.take(after, axis) * weight
    return blended


def entr(shares: Tensor) -> Tensor:
    """Return -p ln p of every number, 0 at 0."""
    if isinstance(shares, np.ndarray):
        found: Floats = -shares * np.log(np.where(shares > 0, shares, 1))
        return found
    import torch

    terms: torch.Tensor = torch.special.entr(shares)
    return terms


def entropy(shares: Tensor, exclusive: bool) -> Tensor:
    """Return the entropy, 0 to 1, of regions (S, R, H, W), each by itself, or of classes (S, K, H, W) together.

    Returns:
        Float32 of the same shape, or (S, 1, H, W) of classes.
    """
    terms = entr(shares)
    if not exclusive:
        of_each: Tensor = (terms + entr(1 - shares)) / float(np.log(2))
        return of_each
    most = float(np.log(shares.shape[1]))
    if isinstance(terms, np.ndarray):
        total: Floats = terms.sum(axis=1, keepdims=True) / np.float32(most)
        return total
    return terms.sum(dim=1, keepdim=True) / most


def quantised(shares: Tensor) -> npt.NDArray[np.uint8]:
    """Return q = floor(255 p + 0.5), uint8 of the same shape."""
    if isinstance(shares, np.ndarray):
        rounded: npt.NDArray[np.uint8] = np.floor(shares * 255 + np.float32(0.5)).astype(np.uint8)
        return rounded
    import torch

    return torch.floor(shares * 255 + 0.5).to(torch.uint8).cpu().numpy()


def on_host(values: Tensor) -> Floats:
    """Return the numbers as numpy's, on the CPU."""
    if isinstance(values, np.ndarray):
        return values
    return values.cpu().numpy()
