"""Where a head is in a scan: what is brighter than air, in one piece and without holes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.volume import Array

Mask = npt.NDArray[np.bool_]

HISTOGRAM_BINS = 256
BRIGHTEST_PERCENTILE = 99.5
AIR_SHARE = 0.5  # of Otsu's threshold, which parts bright tissue from the rest rather than tissue from air


def find_head(values: Array) -> Mask:
    """Return where the head is, (X, Y, Z) bool.

    Args:
        values: (X, Y, Z); an image with one value everywhere has no head.
    """
    threshold = AIR_SHARE * otsu_threshold(values)
    return solid_piece(values > threshold)[0] if values.min() < values.max() else np.zeros(values.shape, bool)


def otsu_threshold(values: Array) -> float:
    """Return the threshold that parts the values into two classes with the most variance between them.

    Reference: Otsu, "A threshold selection method from gray-level histograms", IEEE TSMC 9 (1979).
    """
    low, high = float(values.min()), float(np.percentile(values, BRIGHTEST_PERCENTILE))
    if high <= low:
        return low
    counts, edges = np.histogram(values, HISTOGRAM_BINS, (low, high))
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    sums = np.cumsum(counts * centres)
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    # where no value lies between the classes every threshold there is as good: the middle one
    best = between >= np.nanmax(between) * (1 - 1e-9)
    return float(edges[1:][best].mean())


def solid_piece(mask: Mask) -> tuple[Mask, float]:
    """Keep the largest piece of a mask, its holes filled.

    Args:
        mask: (X, Y, Z) bool.

    Returns:
        The piece, 6-connected, and the share of the mask's voxels that it holds (an empty mask: itself and 0).
    """
    from scipy.ndimage import binary_fill_holes, label

    pieces, count = label(mask)
    if count == 0:
        return mask, 0.0
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    largest = pieces == sizes.argmax()
    return np.asarray(binary_fill_holes(largest), np.bool_), float(sizes.max() / sizes.sum())
