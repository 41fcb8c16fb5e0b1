"""The plane between the two halves of a brain: what decides which side a lesion is on.

It is the plane in which the brain's surface is most nearly its own mirror image: the signed distance to the surface, on
a coarse grid, is compared with itself across the plane, and the plane's place and two angles are moved until they
agree best. Large differences count little, so that a brain that lacks a part is still halved where the rest says.
Coordinates of the scanner decide nothing: zero may lie anywhere.

Reference: the symmetry plane as the one of the best mirrored correlation, S. Prima, S. Ourselin and N. Ayache,
Computation of the mid-sagittal plane in 3-D brain images, IEEE Trans. Med. Imaging 21(2), 2002.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from core.measuring.outline import Mask
from core.volume import Box, Geometry

Side = Literal["left", "right", "midline"]
Floats = npt.NDArray[np.float64]

MARGIN_MM = 5.0  # a centre that lies nearer to the plane is on the midline, whatever the plane's uncertainty
GRID_MM = 3.0
SHELL_MM = 15.0  # how far from the surface voxels are compared
POINTS = 4000  # of the shell that are compared
ROBUST_MM = 2.0  # differences beyond this count less and less
MOST_TURNED = np.deg2rad(45.0)
MOST_CUT = 0.1  # area of the brain on the left or right face of the volume / its largest sagittal section
LEAST_VOXELS = 100  # on the coarse grid
STEPS = (0.5, 0.01, 0.01)  # mm, radians and radians: what a plane is moved by to see whether it gets better
BLOCKS = 8  # parts of the brain that are left out in turn to see how far the plane moves


@dataclass(frozen=True, slots=True)
class MidPlane:
    """A plane between left and right.

    Attributes:
        point_mm: on the plane, next to the brain's middle, RAS+.
        normal: of length 1, towards the patient's right.
        uncertainty_mm: standard error of the plane's place, over the whole brain.
    """

    point_mm: tuple[float, float, float]
    normal: tuple[float, float, float]
    uncertainty_mm: float

    @property
    def margin_mm(self) -> float:
        """How near a centre is "midline": `MARGIN_MM`, or twice the uncertainty where that is more."""
        return max(MARGIN_MM, 2 * self.uncertainty_mm)

    def to_the_right_mm(self, point_mm: npt.ArrayLike) -> Floats:
        """Return how far points (..., 3) in RAS+ mm lie to the right of the plane, less than 0 to the left."""
        apart: Floats = (np.asarray(point_mm, np.float64) - self.point_mm) @ np.array(self.normal)
        return apart

    def side_of(self, point_mm: npt.ArrayLike) -> Side:
        """Return the side of one point (3,) in RAS+ mm."""
        right = float(self.to_the_right_mm(point_mm))
        if abs(right) <= self.margin_mm:
            return "midline"
        return "right" if right > 0 else "left"

    def to_json(self) -> dict[str, Any]:
        return {
            "point_mm": list(self.point_mm),
            "normal": list(self.normal),
            "uncertainty_mm": self.uncertainty_mm,
            "margin_mm": self.margin_mm,
        }


def find_mid_plane(brain: Mask, geometry: Geometry) -> MidPlane | None:
    """Find the plane between left and right.

    Args:
        brain: (X, Y, Z) bool, RAS+: where the brain is, or the head.
        geometry: of the same voxels.

    Returns:
        None where there is too little brain, it is cut off on its left or right, or no plane near the sagittal halves
        it.
    """
    box = Box.around(brain)
    if box is None or _is_cut(brain):
        return None
    depth, centre = _depth(box.crop(brain), box, geometry)
    if depth.voxels < LEAST_VOXELS:
        return None
    shell = _shell(depth)
    found = _fit(depth, shell, np.zeros(3))
    if np.abs(found[1:]).max() > MOST_TURNED:
        return None
    blocks = _blocks(shell)
    moved = np.array([_fit(depth, shell[blocks != block], found) for block in range(BLOCKS) if (blocks == block).any()])
    inside = shell[depth.at(shell) > 0]
    normal = _normal(found)
    x, y, z = centre + found[0] * normal
    a, b, c = normal
    return MidPlane((float(x), float(y), float(z)), (float(a), float(b), float(c)), _standard_error(moved, inside))


@dataclass(frozen=True, slots=True, eq=False)
class _Depth:
    """Signed distance to the brain's surface on a coarse grid whose axes are the patient's.

    Attributes:
        values: (X, Y, Z) float32 in mm, positive inside, clipped to `SHELL_MM`.
        first: (3,) where the first voxel lies, in mm from the brain's centre.
        voxels: how many are inside.
    """

    values: npt.NDArray[np.float32]
    first: Floats
    voxels: int

    def at(self, points: Floats) -> Floats:
        """Return the depth at points (N, 3) in mm from the brain's centre; outside the grid it is the shallowest."""
        from scipy.ndimage import map_coordinates

        places = (points - self.first).T / GRID_MM
        found: Floats = map_coordinates(self.values, places, np.float64, order=1, mode="constant", cval=-SHELL_MM)
        return found


def _depth(brain: Mask, box: Box, geometry: Geometry) -> tuple[_Depth, Floats]:
    """Bring a brain to the coarse grid; returns it and its centre in mm."""
    from scipy.ndimage import affine_transform, distance_transform_edt

    thin = [max(1, int(GRID_MM / 2 / spacing)) for spacing in geometry.spacing_mm]
    thinned = brain[tuple(slice(None, None, step) for step in thin)].astype(np.float32)
    to_mm = geometry.affine[:3, :3] * thin
    first_mm = geometry.affine[:3, :3] @ box.start + geometry.affine[:3, 3]
    sums = [float(thinned.sum(axis=_others(axis)) @ np.arange(thinned.shape[axis])) for axis in range(3)]
    centre = to_mm @ (np.array(sums) / float(thinned.sum())) + first_mm
    corners = np.array([[0, size] for size in thinned.shape], np.float64)
    ends = np.array([to_mm @ (x, y, z) for x in corners[0] for y in corners[1] for z in corners[2]]) + first_mm - centre
    first = ends.min(axis=0) - SHELL_MM
    shape = tuple(int(size) for size in np.ceil((ends.max(axis=0) + SHELL_MM - first) / GRID_MM) + 1)
    back = np.linalg.inv(to_mm)
    start = back @ (first + centre - first_mm)
    coarse = affine_transform(thinned, back * GRID_MM, start, output_shape=shape, order=1, mode="constant")
    inside = coarse > 0.5
    outwards, inwards = distance_transform_edt(~inside), distance_transform_edt(inside)
    signed = np.clip((inwards - outwards) * GRID_MM, -SHELL_MM, SHELL_MM).astype(np.float32)
    return _Depth(signed, first, int(inside.sum())), centre


def _others(axis: int) -> tuple[int, ...]:
    return tuple(other for other in range(3) if other != axis)


def _shell(depth: _Depth) -> Floats:
    """Return points (N, 3) near the surface in mm from the centre, evenly thinned."""
    near = np.argwhere(np.abs(depth.values) < SHELL_MM)
    chosen = near[:: max(1, len(near) // POINTS)]
    return chosen * GRID_MM + depth.first


def _blocks(points: Floats) -> npt.NDArray[np.intp]:
    """Return which of `BLOCKS` sectors around the axis from left to right each point (N, 3) is in."""
    return np.asarray(np.floor(np.arctan2(points[:, 2], points[:, 1]) / (2 * np.pi) * BLOCKS) % BLOCKS, np.intp)


def _fit(depth: _Depth, points: Floats, start: Floats) -> Floats:
    """Return the plane (mm to the right, turn about the vertical, tilt about the front) that mirrors points best."""
    from scipy.optimize import least_squares

    own = depth.at(points)

    def differences(plane: Floats) -> Floats:
        normal = _normal(plane)
        mirrored = points - 2 * np.outer(points @ normal - plane[0], normal)
        return depth.at(mirrored) - own

    def slopes(plane: Floats) -> Floats:
        here = differences(plane)
        return np.stack([(differences(plane + step) - here) / step.max() for step in np.diag(STEPS)], axis=1)

    found = least_squares(
        differences, start, slopes, loss="soft_l1", f_scale=ROBUST_MM, x_scale=STEPS, xtol=1e-4, ftol=1e-5, max_nfev=40
    )
    plane: Floats = found.x
    return plane


def _normal(plane: Floats) -> Floats:
    _, turn, tilt = plane
    normal: Floats = np.array([np.cos(turn) * np.cos(tilt), np.sin(turn) * np.cos(tilt), np.sin(tilt)])
    return normal


def _standard_error(planes: Floats, points: Floats) -> float:
    """Return the jackknife's standard error of where the plane passes, over points (N, 3) of the brain.

    Reference: B. Efron and C. Stein, The jackknife estimate of variance, Ann. Statist. 9(3), 1981.
    """
    count = len(planes)
    if count < 2 or not len(points):
        return 0.0
    apart = np.array([points @ _normal(plane) - plane[0] for plane in planes])
    return float(np.sqrt((count - 1) * apart.var(axis=0).mean()))


def _is_cut(brain: Mask) -> bool:
    """Tell whether the brain goes on beyond the left or right face of the volume."""
    areas = brain.sum(axis=(1, 2))
    return bool(max(areas[0], areas[-1]) > MOST_CUT * areas.max())
