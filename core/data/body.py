"""Where the patient lies in a CT: the largest thing in it that is not air, its lungs and bowel filled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.volume import Array, stored_to_values

AIR_HU = -300.0  # between fat, about -100, and the lungs, about -500 and lower
FINEST = 256  # voxels along an axis: a finer grid is thinned, which moves the outline by less than one step


def body_mask(stored: Array, slope: float, intercept: float) -> npt.NDArray[np.bool_] | None:
    """Find the body: the largest connected part at or above -300 HU, holes within each axial slice filled.

    Table, tubes and noise around it are left out as far as they do not touch it.

    Args:
        stored: (X, Y, Z) as stored.
        slope: Hounsfield units per stored unit.
        intercept: Hounsfield units of a stored zero.

    Returns:
        (X, Y, Z) bool, or None where nothing is air or everything is: then there is no body to be told apart.
    """
    from scipy import ndimage

    steps = tuple(-(-size // FINEST) for size in stored.shape)
    thin = stored[tuple(slice(None, None, step) for step in steps)]
    tissue = stored_to_values(thin, slope, intercept) >= AIR_HU
    if tissue.all() or not tissue.any():
        return None
    parts, count = ndimage.label(tissue)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    body = np.asarray(parts == 1 + int(sizes[1:].argmax()))
    for slice_number in range(body.shape[2]):
        body[..., slice_number] = ndimage.binary_fill_holes(body[..., slice_number])
    for axis, step in enumerate(steps):
        if step > 1:
            body = body.repeat(step, axis=axis)
    return np.asarray(body[tuple(slice(0, size) for size in stored.shape)])
