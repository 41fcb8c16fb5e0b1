"""The folia of the cerebellum: thin leaves that fan out from its white matter."""

from __future__ import annotations

import numpy as np

from core.data.phantom.noise import Field, noise
from core.data.phantom.shapes import Points

FOLIUM_MM = 5.2


def folia_depth(seed: int, points: Points, depth: Field) -> Field:
    """Return how deep each voxel lies beneath the pia of the nearest folium, in mm.

    Args:
        seed: of the patient.
        points: head coordinates of the voxels, in mm.
        depth: distance into the cerebellum, in mm.

    Returns:
        float32 of the points' shape, negative in the clefts.
    """
    x, y, z = points
    wobble = noise(seed, "folia", 28.0, 0.5).at(x, y, z)
    bend = noise(seed, "folia bend", 12.0, 0.5).at(x, y, z)
    # leaves stand on a fan whose hinge is the roof of the fourth ventricle
    dy, dz = y + 40, z + 30 - np.float32(0.004) * x * x
    angle = np.arctan2(dz, -dy)
    radius = np.sqrt(dy * dy + dz * dz + np.float32(0.05) * x * x)
    phase = angle * np.float32(34 / FOLIUM_MM) + wobble * np.float32(0.8) + bend * np.float32(0.3)
    sheet = np.abs(phase - np.round(phase)) * np.maximum(radius, np.float32(12)) * np.float32(FOLIUM_MM / 34)
    # most leaves touch
    shut = np.float32(0.02) + np.float32(0.16) * wobble
    limit = np.float32(12) + np.float32(5) * noise(seed, "folia depth", 22.0, 0.5).at(x, y, z)
    beyond = np.maximum(depth - limit, np.float32(0))
    return np.asarray(np.minimum(depth, np.sqrt(sheet * sheet + beyond * beyond) + shut), np.float32)
