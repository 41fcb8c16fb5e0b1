"""Voxels and where they are: volumes, geometry, the file's own grid, and boxes.

Everything in memory is RAS+: the first voxel axis runs to the patient's right, the second to the
front, the third up, reached by permuting and flipping axes only. `Grid` remembers the file's own
axes, and every export goes back through it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """Where RAS+ voxels lie in the patient.

    Attributes:
        affine: (4, 4) float64, voxel index to RAS+ millimetres.
    """

    affine: npt.NDArray[np.float64]

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Edge lengths of a voxel in mm: the column norms of the affine."""
        x, y, z = np.sqrt((self.affine[:3, :3] ** 2).sum(axis=0))
        return float(x), float(y), float(z)

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres: |det| of the affine's 3 x 3 part / 1000."""
        return float(abs(np.linalg.det(self.affine[:3, :3])) / 1000)


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The grid of the file a volume came from.

    Attributes:
        shape: the file's own (I, J, K).
        affine: (4, 4) float64 of the file, or None for images without geometry.
        sform_code: NIfTI sform code (0 when the file has none).
        qform_code: NIfTI qform code.
        qform: the header's quaternion as stored: pixdim[0], b, c, d, offsets x, y, z.
        pixdim: the header's voxel sizes as stored.
        xyzt_units: the header's unit byte as stored.
    """

    shape: tuple[int, int, int]
    affine: npt.NDArray[np.float64] | None = None
    sform_code: int = 0
    qform_code: int = 0
    qform: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    pixdim: tuple[float, float, float] = (1.0, 1.0, 1.0)
    xyzt_units: int = 2
    # for each RAS+ axis: (axis of the file, +1 or -1)
    _axes: tuple[tuple[int, int], ...] = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "_axes", _ras_axes(self.affine))

    @property
    def axis_codes(self) -> str:
        """Where the file's axes run, such as `RAS` or `LPS`; `---` without geometry."""
        if self.affine is None:
            return "---"
        letters = [""] * 3
        for ras_axis, (axis, sign) in enumerate(self._axes):
            letters[axis] = ("RAS" if sign > 0 else "LPI")[ras_axis]
        return "".join(letters)

    @property
    def ras_shape(self) -> tuple[int, int, int]:
        i, j, k = (self.shape[axis] for axis, _ in self._axes)
        return i, j, k

    def to_ras(self, array: Array) -> Array:
        """Turn an array whose last three axes are the file's into RAS+ order, as a view."""
        lead = array.ndim - 3
        order = [*range(lead), *(lead + axis for axis, _ in self._axes)]
        view: Array = array.transpose(order)[self._flips()]
        return view

    def from_ras(self, array: Array) -> Array:
        """Undo `to_ras`: from RAS+ order back to the file's own axes, as a view."""
        lead = array.ndim - 3
        position = [axis for axis, _ in self._axes]
        order = [*range(lead), *(lead + position.index(axis) for axis in range(3))]
        view: Array = array[self._flips()].transpose(order)
        return view

    def geometry(self) -> Geometry | None:
        """Return the geometry of the RAS+ array, or None where the file has none."""
        if self.affine is None:
            return None
        change = np.zeros((4, 4))
        change[3, 3] = 1.0
        for ras_axis, (axis, sign) in enumerate(self._axes):
            change[axis, ras_axis] = sign
            if sign < 0:
                change[axis, 3] = self.shape[axis] - 1
        return Geometry(self.affine @ change)

    def _flips(self) -> tuple[Any, ...]:
        return (..., *(slice(None, None, sign) for _, sign in self._axes))

    def to_json(self) -> dict[str, Any]:
        return {
            "shape": list(self.shape),
            "affine": None if self.affine is None else self.affine.tolist(),
            "sform_code": self.sform_code,
            "qform_code": self.qform_code,
            "qform": list(self.qform),
            "pixdim": list(self.pixdim),
            "xyzt_units": self.xyzt_units,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        i, j, k = data["shape"]
        x, y, z = data["pixdim"]
        return cls(
            shape=(i, j, k),
            affine=None if data["affine"] is None else np.array(data["affine"], np.float64),
            sform_code=data["sform_code"],
            qform_code=data["qform_code"],
            qform=tuple(data["qform"]),
            pixdim=(x, y, z),
            xyzt_units=data["xyzt_units"],
        )


def _ras_axes(affine: npt.NDArray[np.float64] | None) -> tuple[tuple[int, int], ...]:
    if affine is None:
        return ((0, 1), (1, 1), (2, 1))
    from nibabel.orientations import io_orientation

    orientation = io_orientation(affine)  # for each file axis: (RAS axis, sign)
    axes: list[tuple[int, int]] = [(0, 1)] * 3
    for axis, (ras_axis, sign) in enumerate(orientation):
        axes[int(ras_axis)] = (axis, int(sign))
    return tuple(axes)


@dataclass(frozen=True, slots=True)
class Box:
    """A half-open box of voxels: `start <= index < stop` on each of three axes."""

    start: tuple[int, int, int]
    stop: tuple[int, int, int]

    @classmethod
    def around(cls, mask: npt.NDArray[np.bool_]) -> Self | None:
        """Return the smallest box that holds every True voxel of `mask` (X, Y, Z), or None if there is none."""
        start, stop = [], []
        for axis in range(3):
            hit = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
            if hit.size == 0:
                return None
            start.append(int(hit[0]))
            stop.append(int(hit[-1]) + 1)
        return cls((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))

    @classmethod
    def whole(cls, shape: tuple[int, int, int]) -> Self:
        return cls((0, 0, 0), shape)

    @property
    def shape(self) -> tuple[int, int, int]:
        x, y, z = (b - a for a, b in zip(self.start, self.stop, strict=True))
        return x, y, z

    @property
    def size(self) -> int:
        x, y, z = self.shape
        return x * y * z

    def crop(self, array: Array) -> Array:
        """Cut the box out of the last three axes, as a view."""
        index: tuple[Any, ...] = (..., *(slice(a, b) for a, b in zip(self.start, self.stop, strict=True)))
        view: Array = array[index]
        return view

    def paste(self, array: Array, shape: tuple[int, int, int]) -> Array:
        """Put a cropped array back into zeros of the full `shape`."""
        full = np.zeros((*array.shape[:-3], *shape), array.dtype)
        self.crop(full)[...] = array
        return full


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """Voxels of one case in RAS+ order.

    Attributes:
        voxels: (C, X, Y, Z) as stored in the files, in the narrowest dtype that holds every channel.
        modalities: the name of each channel.
        slope: value per stored unit, one per channel; value = stored * slope + intercept.
        intercept: value of a stored zero, one per channel.
        geometry: where the voxels are, or None for images without it.
        native: the file's own grid.
    """

    voxels: Array
    modalities: tuple[str, ...]
    slope: tuple[float, ...]
    intercept: tuple[float, ...]
    geometry: Geometry | None
    native: Grid

    @property
    def shape(self) -> tuple[int, int, int]:
        x, y, z = self.voxels.shape[1:]
        return x, y, z

    def values(self, channel: int) -> npt.NDArray[np.float32]:
        """Return one channel's values, (X, Y, Z) float32, slope and intercept applied."""
        return stored_to_values(self.voxels[channel], self.slope[channel], self.intercept[channel])


def stored_to_values(stored: Array, slope: float, intercept: float) -> npt.NDArray[np.float32]:
    """Apply slope and intercept in float32: value = stored * slope + intercept."""
    values = stored.astype(np.float32)
    if slope != 1.0:
        values *= np.float32(slope)
    if intercept != 0.0:
        values += np.float32(intercept)
    return values
