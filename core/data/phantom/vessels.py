"""Blood vessels that show after contrast agent: venous sinuses, large arteries, veins in the sulci."""

from __future__ import annotations

import numpy as np

from core.data.phantom.noise import Field
from core.data.phantom.shapes import Points, share, tube


def large_vessels(points: Points, head_depth: Field) -> Field:
    """Return the distance into sinuses and arteries at the base, in mm, positive inside (2 mm grid).

    Args:
        points: head coordinates.
        head_depth: distance beneath the head's surface, in mm.
    """
    x, y, z = points
    side: Points = (np.abs(x), y, z)
    # triangular: the falx hangs from its base
    sagittal = np.minimum(3.2 - side[0] - np.float32(0.6) * np.maximum(head_depth, np.float32(0)), z - 2)
    sagittal = np.minimum(sagittal, (30 - y) * np.float32(0.2))
    midline = tube(side, [(1.6, 0, 8, 0.6), (1.4, -26, 7, 0.9), (0, -42, 7, 1.5), (0, -62, 1, 1.5), (0, -92, -8, 1.8)])
    middle_cerebral = tube(
        side, [(7, 0, -16, 1.2), (20, 3, -16, 1.1), (33, 4, -11, 1.0), (38, -4, -4, 0.7), (39, -18, 3, 0.5)]
    )
    basilar = tube(side, [(0, -6, -24, 1.3), (0, -5, -36, 1.3), (3, -12, -46, 1.1), (6, -18, -58, 1.0)])
    posterior = tube(side, [(0, -8, -20, 1.0), (10, -14, -17, 0.9), (16, -28, -11, 0.7), (12, -44, -2, 0.6)])
    anterior = tube(
        side, [(1.5, 4, -15, 0.9), (1.5, 20, -8, 0.9), (1.5, 36, 6, 0.8), (1.5, 30, 24, 0.6), (1.5, 0, 31, 0.5)]
    )
    arteries = np.maximum(np.maximum(middle_cerebral, basilar), np.maximum(posterior, anterior))
    return np.asarray(np.maximum(np.maximum(sagittal, midline), arteries), np.float32)


def sulcal_veins(pial: Field, first: Field, second: Field) -> Field:
    """Return the share of each voxel taken by veins that run in the sulci.

    A vein is where a sulcus crosses the zero level of one random field, as long as another is high.

    Args:
        pial: depth beneath the nearest pia, in mm.
        first: the field that veins follow, wavelength about 20 mm.
        second: the field that says where there are any.
    """
    off_course = np.abs(first) * np.float32(3.0)
    in_sulcus = share(np.float32(0.4) - pial, 1.0) * share(pial + np.float32(2.5), 1.0)
    return np.asarray(
        share(np.float32(0.55) - off_course, 1.2) * in_sulcus * share(second - np.float32(0.5), 0.5), np.float32
    )
