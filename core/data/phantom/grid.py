"""The two grids a head is built on: 2 mm for distances, 1 mm for tissue."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.data.phantom.noise import Field, noise, stream
from core.data.phantom.shapes import Points
from core.data.phantom.traits import PhantomTraits

# 1 mm voxels; the head's origin (the anterior commissure) lies at ORIGIN_MM from the first voxel's corner.
SHAPE = (148, 186, 152)
ORIGIN_MM = (74.0, 109.0, 71.0)
COARSE_MM = 2.0
COARSE_SHAPE = (SHAPE[0] // 2, SHAPE[1] // 2, SHAPE[2] // 2)


def coarse_axes() -> Points:
    """Return the centres of the 2 mm voxels, as three broadcastable float32 axes in scanner mm."""
    x, y, z = (
        (np.arange(n // 2, dtype=np.float32) + np.float32(0.5)) * np.float32(COARSE_MM) - np.float32(o)
        for n, o in zip(SHAPE, ORIGIN_MM, strict=True)
    )
    return x[:, None, None], y[None, :, None], z[None, None, :]


def head_points(traits: PhantomTraits) -> Points:
    """Return where each 2 mm voxel lies in the average head: three float32 fields of `COARSE_SHAPE`, in mm.

    Every head is turned, scaled and gently warped by its seed.
    """
    rng = stream(traits.seed, "pose")
    stretch = rng.normal(1.0, 0.018, 3) * 0.955 * traits.size
    turn = _rotation(rng.normal(0.0, (1.5, 0.8, 1.5)))
    scanner = coarse_axes()
    inverse = (np.diag(1 / stretch) @ turn).astype(np.float32)
    rigid = [inverse[i, 0] * scanner[0] + inverse[i, 1] * scanner[1] + inverse[i, 2] * scanner[2] for i in range(3)]
    warped = []
    for name, amplitude_mm, along in zip("xyz", (0.9, 1.3, 1.2), rigid, strict=True):
        field = noise(traits.seed, f"warp {name}", 85.0, 0.4).on_grid(COARSE_SHAPE, COARSE_MM)
        warped.append((along + np.float32(amplitude_mm) * field).astype(np.float32))
    return warped[0], warped[1], warped[2]


def _rotation(degrees: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    a, b, c = np.deg2rad(degrees)
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(about_x @ about_y @ about_z, np.float64)


def refine(coarse: Field) -> Field:
    """Interpolate a field from the 2 mm grid to the 1 mm grid, linearly: (X, Y, Z) to (2X, 2Y, 2Z) float32."""
    fine = coarse
    for axis in range(3):
        fine = _refine_axis(fine, axis)
    return fine


def _refine_axis(field: Field, axis: int) -> Field:
    a = np.moveaxis(field, axis, 0)
    shape = list(field.shape)
    shape[axis] *= 2
    fine = np.empty(shape, np.float32)
    out = np.moveaxis(fine, axis, 0)
    near = a * np.float32(0.75)
    far = a * np.float32(0.25)
    np.add(near[1:], far[:-1], out=out[2::2])
    np.add(near[:-1], far[1:], out=out[1:-1:2])
    out[0] = a[0]
    out[-1] = a[-1]
    return fine
