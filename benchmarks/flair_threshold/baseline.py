"""The baseline: oedema is bright on FLAIR, so whatever is brighter than a threshold is whole tumour."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, label

from core.volume import Box

Image = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Scale = Literal["mean and sd", "median and MAD"]

SCALES: tuple[Scale, ...] = ("mean and sd", "median and MAD")
SIGMAS_VOXELS = (0.0, 1.0, 2.0)
THRESHOLDS = tuple(round(0.1 * step, 1) for step in range(5, 51))
MAD_OF_A_NORMAL = 1.4826  # makes the median absolute deviation estimate a standard deviation


@dataclass(frozen=True, slots=True)
class Smoothing:
    """How an image is made comparable before the threshold.

    Attributes:
        scale: centre and width over voxels other than 0.
        sigma_voxels: of the Gaussian; 0 leaves the image as it is.
    """

    scale: Scale
    sigma_voxels: float


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is tuned.

    Attributes:
        smoothing: what comes before the threshold.
        threshold: in units of the scale's width above its centre.
        largest_component: whether only the largest 6-connected piece is kept.
    """

    smoothing: Smoothing
    threshold: float
    largest_component: bool

    @property
    def is_bare(self) -> bool:
        """Whether nothing but the threshold acts on a z-scored image."""
        return self.smoothing == Smoothing("mean and sd", 0.0) and not self.largest_component

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


# Two baselines: the threshold alone, and with scale, smoothing and the largest piece tuned as well.
BASELINES: dict[str, Callable[[Settings], bool]] = {
    "flair-threshold": lambda settings: settings.is_bare,
    "flair-threshold-cleaned": lambda _: True,
}


def smoothings() -> Iterator[Smoothing]:
    """List what can come before the threshold."""
    return (Smoothing(scale, sigma) for scale, sigma in product(SCALES, SIGMAS_VOXELS))


def prepare(flair: Image, smoothing: Smoothing) -> Image:
    """Scale an image over its voxels other than 0 and smooth it; what was 0 becomes -inf.

    Args:
        flair: (X, Y, Z) float32, 0 outside the head.
        smoothing: how.

    Returns:
        (X, Y, Z) float32; an image without a head, or with one value, is all -inf.
    """
    head = flair != 0
    values = flair[head]
    if values.size == 0:
        return np.full(flair.shape, -np.inf, np.float32)
    if smoothing.scale == "mean and sd":
        centre, width = float(values.mean()), float(values.std())
    else:
        centre = float(np.median(values))
        width = MAD_OF_A_NORMAL * float(np.median(np.abs(values - centre)))
    if width == 0:
        return np.full(flair.shape, -np.inf, np.float32)
    scaled = np.where(head, (flair - centre) / width, 0).astype(np.float32)
    if smoothing.sigma_voxels:
        scaled = gaussian_filter(scaled, smoothing.sigma_voxels)
    return np.where(head, scaled, np.float32(-np.inf))


def segment(flair: Image, settings: Settings) -> Mask:
    """Segment the whole tumour of one case: (X, Y, Z) bool."""
    mask = prepare(flair, settings.smoothing) > settings.threshold
    return largest_component(mask) if settings.largest_component else mask


def largest_component(mask: Mask) -> Mask:
    """Keep the largest 6-connected piece of a mask (X, Y, Z); an empty mask stays empty."""
    box = Box.around(mask)
    if box is None:
        return mask
    pieces, count = label(box.crop(mask))
    if count == 1:
        return mask
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return np.asarray(box.paste(pieces == sizes.argmax(), (mask.shape[0], mask.shape[1], mask.shape[2])), np.bool_)
