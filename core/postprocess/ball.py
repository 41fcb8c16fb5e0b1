"""Erosion and dilation by a ball in mm, by distance transforms: the ball is as round as the voxels allow.

A voxel is in the ball where its centre is at most the radius away, so that a radius below the edge of a voxel reaches
no neighbour along that edge.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.postprocess.spec import ROUNDING, Mask


def eroded(mask: Mask, radius: float, spacing: Sequence[float]) -> Mask:
    """Return where the whole ball around a voxel is in the mask; what is outside the array does not count.

    Args:
        mask: (x, y, z) bool.
        radius: in the unit of `spacing`.
        spacing: edge lengths of a voxel.

    Reference: P. Soille, Morphological Image Analysis, 2nd ed., 2004: erosion, as a threshold of the distance.
    """
    from scipy.ndimage import distance_transform_edt

    if mask.all():  # there is no background to be far from
        return mask.copy()
    inside: Mask = distance_transform_edt(mask, spacing) > radius * (1 + ROUNDING)
    return inside


def dilated(mask: Mask, radius: float, spacing: Sequence[float]) -> Mask:
    """Return where the ball around a voxel meets the mask; an empty mask stays empty.

    Args:
        mask: (x, y, z) bool.
        radius: in the unit of `spacing`.
        spacing: edge lengths of a voxel.

    Reference: P. Soille, Morphological Image Analysis, 2nd ed., 2004: dilation, as a threshold of the distance.
    """
    from scipy.ndimage import distance_transform_edt

    if not mask.any():
        return mask.copy()
    near: Mask = distance_transform_edt(~mask, spacing) <= radius * (1 + ROUNDING)
    return near
