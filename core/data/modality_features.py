"""A brain image in a dozen numbers that do not depend on its scale.

The tails of its histogram, where it is bright, its fine structure, and how it varies with the other images of the
same head.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.volume import Array, Box

SIDE = 80  # voxels along an axis that are enough: taken by stride, whatever the resolution
OWN = ("low1", "high95", "high99", "high999", "quartile", "rim", "deep", "fine_skew", "fine_high", "fine_low")
COMPANY = ("least_correlation", "most_correlation", "mean_correlation")
LEAST_BRAIN = 500  # voxels at the coarse resolution below which quantiles mean nothing

Floats = npt.NDArray[np.float64]


def coarse_brain(images: Sequence[Array]) -> tuple[list[Floats], npt.NDArray[np.bool_]] | None:
    """Cut images of one grid to the brain that they share, and thin them out.

    Args:
        images: (X, Y, Z) each; the background has the value that most of the corners have.

    Returns:
        The images in float64 and the mask where all of them have signal, or None where too little of one does.
    """
    mask = np.logical_and.reduce([np.isfinite(image) & (image != _background(image)) for image in images])
    box = Box.around(mask)
    if box is None:
        return None
    thin = tuple(slice(None, None, max(1, round(n / SIDE))) for n in box.shape)
    mask = box.crop(mask)[thin]
    if int(mask.sum()) < LEAST_BRAIN:
        return None
    return [np.where(mask, box.crop(image)[thin], 0).astype(np.float64) for image in images], mask


def background_share(image: Array) -> float:
    """Return the share of voxels (X, Y, Z) that have exactly the background's value."""
    return float((image == _background(image)).mean())


def own_features(image: Floats, brain: npt.NDArray[np.bool_]) -> Floats | None:
    """Describe one image (X, Y, Z) by itself, in the order of `OWN`; None where half the brain has one value."""
    from scipy.ndimage import distance_transform_edt

    values = image[brain]
    low, first, middle, third, *high = np.percentile(values, [1, 25, 50, 75, 95, 99, 99.9])
    width = third - first
    if width <= 0:
        return None
    depth = distance_transform_edt(brain)[brain]
    rank = _ranks(values)
    fine = (_fine_structure(image, brain) / width)[depth > np.quantile(depth, 0.25)]
    fine_low, fine_high = (max(float(abs(end)), 1e-6) for end in np.percentile(fine, [0.5, 99.5]))
    return np.array(
        [
            np.log1p((middle - low) / width),
            *(np.log1p((end - middle) / width) for end in high),
            (middle - first) / width,
            rank[depth <= np.quantile(depth, 0.15)].mean(),
            rank[depth >= np.quantile(depth, 0.85)].mean(),
            np.log(fine_high / fine_low),
            np.log(fine_high),
            np.log(fine_low),
        ]
    )


def company_features(images: Sequence[Floats], brain: npt.NDArray[np.bool_]) -> Floats:
    """Describe each image by its rank correlations with the others, (N, 3) in the order of `COMPANY`."""
    correlation = np.corrcoef([_ranks(image[brain]) for image in images])
    others = [np.delete(row, index) for index, row in enumerate(correlation)]
    return np.array([[row.min(), row.max(), row.mean()] for row in others])


def _background(image: Array) -> float:
    ends = [(0, n - 1) for n in image.shape]
    corners = [float(image[x, y, z]) for x in ends[0] for y in ends[1] for z in ends[2]]
    return max(corners, key=corners.count)


def _ranks(values: Floats) -> Floats:
    """Return the share of values that lie below each, so that equal values have equal ranks."""
    return np.searchsorted(np.sort(values), values) / values.size


def _fine_structure(image: Floats, brain: npt.NDArray[np.bool_]) -> Floats:
    """Return the brain's voxels less the mean of the brain around them: vessels and sulci stand out."""
    from scipy.ndimage import uniform_filter

    size = tuple(5 if n >= 20 else 1 for n in image.shape)
    weight = uniform_filter(brain.astype(np.float64), size)
    around = uniform_filter(image, size)
    return (image - around / np.maximum(weight, 1e-9))[brain]
