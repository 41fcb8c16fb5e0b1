"""How a growing tumour pushes the brain aside."""

from __future__ import annotations

import numpy as np

from core.data.phantom.noise import Field
from core.data.phantom.shapes import Points
from core.data.phantom.traits import Lesion

# Share of a tumour's volume that displaces tissue; the rest replaced it.
PUSHING_SHARE = 0.65


def displaced(points: Points, head_depth: Field, lesions: tuple[Lesion, ...]) -> Points:
    """Return where the tissue at each point came from before the tumours grew.

    Around a ball of volume V that grew inside an incompressible medium, what was at radius q is found
    at r with r^3 = q^3 + 3 V / (4 pi). The skull holds the surface in place.

    Args:
        points: head coordinates in mm.
        head_depth: distance beneath the head's surface, in mm.
        lesions: the tumours.
    """
    hold = np.clip(head_depth / np.float32(16), np.float32(0), np.float32(1))
    x, y, z = points
    for lesion in lesions:
        offset = [p - np.float32(c) for p, c in zip((x, y, z), lesion.site_mm, strict=True)]
        square = sum((o * o for o in offset), np.float32(0))
        radius = np.sqrt(square) + np.float32(1e-3)
        pushed = np.float32(PUSHING_SHARE * (lesion.radius_mm + 0.15 * lesion.oedema_mm) ** 3)
        # softened at the middle, where the tumour hides what the formula tears apart
        origin = np.cbrt(np.maximum(radius**3 - pushed, np.float32(0)) + np.float32(0.02) * pushed)
        factor = 1 - hold * (1 - np.minimum(origin / radius, np.float32(1)))
        x, y, z = (np.float32(c) + o * factor for o, c in zip(offset, lesion.site_mm, strict=True))
    return x, y, z
