"""Connected components of a mask and their sizes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.postprocess.spec import Mask

# touching by a face, an edge or a corner, as metrics count lesions: 26 neighbours, 8 in a single slice
NEIGHBOURHOOD = np.ones((3, 3, 3), bool)
Labels = npt.NDArray[np.int32]
Sizes = npt.NDArray[np.int64]


def components_of(mask: Mask) -> tuple[Labels, Sizes]:
    """Number the 26-connected components of a mask from 1, in the order of their first voxels.

    Args:
        mask: (x, y, z) bool.

    Returns:
        The numbers, (x, y, z) int32, 0 where the mask is not; and the voxels of each, the background's first. An
        empty mask has no component.

    Reference: A. Rosenfeld and J. L. Pfaltz, Sequential operations in digital picture processing, J. ACM 13, 1966.
    """
    from scipy.ndimage import label

    labels, count = label(mask, NEIGHBOURHOOD)
    return np.asarray(labels, np.int32), np.bincount(labels.reshape(-1), minlength=count + 1).astype(np.int64)


def at_least(labels: Labels, sizes: Sizes, voxels: int) -> Mask:
    """Return the mask of the components that have at least so many voxels."""
    kept = sizes >= voxels
    kept[0] = False
    large: Mask = kept[labels]
    return large
