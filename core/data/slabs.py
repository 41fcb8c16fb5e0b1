"""One volume as the browser reads it: a manifest and small gzipped stacks of axial slices.

Pure: arrays in, bytes out. Nothing is lost for whole numbers of up to 16 bits; anything else is
stored in 65,536 steps between its lowest and highest value, which no screen can tell apart.
Only the box that differs from the background travels; the manifest says what lies outside it.
A volume that is too large to lie in a browser as a whole has a copy of half its resolution beside it.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

from core.data.limits import BROWSER_WHOLE_BYTES
from core.volume import Array, Box

PROTOCOL_VERSION = 1
# Large enough that a request costs little beside its bytes, small enough that the first slice is on screen at once.
SLAB_BYTES = 512 * 1024
WIRE_DTYPES = ("uint8", "int8", "uint16", "int16")
WINDOW_PERCENTILES = (0.5, 99.5)
STEPS = 65535


@dataclass(frozen=True, slots=True, eq=False)
class ViewerArray:
    """One channel, label map or region volume to look at.

    Attributes:
        voxels: (X, Y, Z) RAS+, any integer, boolean or floating dtype.
        affine: (4, 4) float64 of these voxels, or None for images without geometry.
        slope: value per stored unit; value = stored * slope + intercept.
        intercept: value of a stored zero.
        public: made here or published, so a browser may keep it; everything else is never stored by one.
    """

    voxels: Array
    affine: npt.NDArray[np.float64] | None = None
    slope: float = 1.0
    intercept: float = 0.0
    public: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """What lies on disk for one volume.

    Attributes:
        manifest: JSON document of protocol v1.
        slabs: gzipped slabs; each inflates to (z, y, x) C-order, little-endian, x running fastest.
        half: the same of the copy of half the resolution; empty where the whole fits into a browser.
    """

    manifest: dict[str, Any]
    slabs: tuple[bytes, ...]
    half: tuple[bytes, ...] = ()


def encode(source: ViewerArray, whole_bytes: int = BROWSER_WHOLE_BYTES) -> Encoded:
    """Turn a volume into its manifest and slabs.

    A volume of one single value has an empty box and no slabs.

    Args:
        source: the voxels.
        whole_bytes: a stored box of more bytes gets a copy of half its resolution.

    Raises:
        ValueError: the voxels are not three-dimensional.
    """
    if source.voxels.ndim != 3:
        raise ValueError(f"found {source.voxels.ndim} axes, expected (X, Y, Z); pass one channel at a time")
    stored, slope, intercept = to_wire(source.voxels, source.slope, source.intercept)
    # outside a mask is always 0, also where it reaches the first voxel
    fill = stored.flat[0] if stored.size and stored.dtype != np.uint8 else stored.dtype.type(0)
    inside = stored != fill
    box = Box.around(inside) or Box((0, 0, 0), (0, 0, 0))
    cropped = box.crop(stored)
    halved = half_resolution(cropped) if cropped.nbytes > whole_bytes else None
    low, high = _window(cropped[box.crop(inside)], float(slope), float(intercept))
    manifest = {
        "version": PROTOCOL_VERSION,
        "dtype": stored.dtype.name,
        "shape": list(box.shape),
        "full_shape": list(stored.shape),
        "box_offset": list(box.start),
        "affine": None if source.affine is None else source.affine.tolist(),
        "slope": slope,
        "intercept": intercept,
        "fill": int(fill),
        "window": [low, high],
        "range": _range(cropped, slope, intercept, int(fill)),
        "peaks": _peaks(box.crop(inside), box),
        "slabs": _places(box.shape, stored.itemsize),
        "half": None
        if halved is None
        else {
            "shape": list(halved.shape),
            "slabs": _places(_shape(halved), halved.itemsize),
            "near_bytes": whole_bytes // 2,
        },
        "public": source.public,
    }
    return Encoded(manifest, tuple(_slabs(cropped)), () if halved is None else tuple(_slabs(halved)))


def address(source: ViewerArray) -> str:
    """Return the SHA-256 under which a volume is kept (lower-case hex): voxels, geometry, scale and privacy."""
    head = {
        "version": PROTOCOL_VERSION,
        "dtype": source.voxels.dtype.str,
        "shape": source.voxels.shape,
        "affine": None if source.affine is None else source.affine.tolist(),
        "slope": source.slope,
        "intercept": source.intercept,
        "public": source.public,
    }
    digest = sha256(json.dumps(head, sort_keys=True).encode())
    digest.update(np.ascontiguousarray(source.voxels).view(np.uint8).data)
    return digest.hexdigest()


def to_wire(voxels: Array, slope: float = 1.0, intercept: float = 0.0) -> tuple[Array, float, float]:
    """Bring voxels to a dtype of at most 16 bits.

    Values that are not finite become the lowest finite one: they can be shown, not reported.

    Returns:
        voxels little-endian in one of `WIRE_DTYPES`, and the slope and intercept that turn them into values.
    """
    if voxels.dtype == np.bool_:
        return voxels.astype(np.uint8), slope, intercept
    if voxels.size == 0 or voxels.dtype.name in WIRE_DTYPES:
        return voxels.astype(voxels.dtype.newbyteorder("<"), copy=False), slope, intercept
    if voxels.dtype.kind == "f":
        finite = np.isfinite(voxels)
        if not finite.all():
            voxels = np.where(finite, voxels, voxels[finite].min() if finite.any() else 0)
    low, high = voxels.min(), voxels.max()
    if voxels.dtype.kind in "iu" or (max(-low, high) <= STEPS and bool((voxels == np.rint(voxels)).all())):
        for name in WIRE_DTYPES:
            limits = np.iinfo(name)
            if limits.min <= low and high <= limits.max:
                return voxels.astype(np.dtype(name).newbyteorder("<")), slope, intercept
    step = (float(high) - float(low)) / STEPS or 1.0
    stored = np.rint((voxels.astype(np.float64) - float(low)) / step).astype("<u2")
    return stored, slope * step, slope * float(low) + intercept


def slab_plan(shape: tuple[int, int, int], itemsize: int) -> list[tuple[int, int]]:
    """Return (first, count) of each slab: consecutive axial slices of the stored box, near `SLAB_BYTES` together."""
    x, y, depth = shape
    count = max(1, SLAB_BYTES // max(1, x * y * itemsize))
    return [(first, min(count, depth - first)) for first in range(0, depth, count)]


def half_resolution(voxels: Array) -> Array:
    """Return a copy whose voxel (i, j, k) stands for voxels 2 i to 2 i + 1, 2 j to 2 j + 1 and 2 k to 2 k + 1.

    Wide integers are averaged and rounded down. Bytes may be region bits, which have no mean: of them the first counts.

    Args:
        voxels: (X, Y, Z) integers of 8 or 16 bits; a last odd voxel stands for itself.

    Returns:
        (ceil(X / 2), ceil(Y / 2), ceil(Z / 2)), the same dtype.
    """
    if voxels.itemsize == 1:
        return voxels[::2, ::2, ::2]
    x, y, z = ((length + 1) // 2 for length in voxels.shape)
    halved = np.empty((x, y, z), voxels.dtype)
    for k in range(z):
        # two slices at a time: the sums of a whole CT would take four times its memory
        pair = voxels[:, :, 2 * k : 2 * k + 2].astype(np.int32)
        even = np.pad(pair, [(0, length % 2) for length in pair.shape], mode="edge")
        halved[:, :, k] = even.reshape(x, 2, y, 2, 2).sum(axis=(1, 3, 4)) // 8
    return halved


def _places(shape: tuple[int, int, int], itemsize: int) -> list[dict[str, int]]:
    return [{"first": first, "count": count} for first, count in slab_plan(shape, itemsize)]


def _shape(voxels: Array) -> tuple[int, int, int]:
    x, y, z = voxels.shape
    return x, y, z


def _slabs(cropped: Array) -> Iterator[bytes]:
    from isal import igzip

    for first, count in slab_plan(_shape(cropped), cropped.itemsize):
        raw = np.ascontiguousarray(cropped[:, :, first : first + count].transpose(2, 1, 0))
        # mtime 0: the same voxels give the same bytes
        yield igzip.compress(raw.tobytes(), compresslevel=2, mtime=0)


def decode_slab(slab: bytes, dtype: str, shape: tuple[int, int, int]) -> Array:
    """Return the (X, Y, count) voxels of one slab of a stored box whose shape is (X, Y, Z)."""
    x, y, _ = shape
    return np.frombuffer(gzip.decompress(slab), np.dtype(dtype).newbyteorder("<")).reshape(-1, y, x).transpose(2, 1, 0)


def _window(inside: Array, slope: float, intercept: float) -> tuple[float, float]:
    if inside.size == 0:
        return intercept, intercept + slope
    sample = inside[:: max(1, inside.size // 200_000)]
    low, high = (float(v) * slope + intercept for v in np.percentile(sample, WINDOW_PERCENTILES))
    return (low, high) if not math.isclose(low, high) else (low, low + abs(slope))


def _range(cropped: Array, slope: float, intercept: float, fill: int) -> list[float]:
    ends = (fill, *((int(cropped.min()), int(cropped.max())) if cropped.size else ()))
    return sorted(float(end) * slope + intercept for end in (min(ends), max(ends)))


def _peaks(inside: npt.NDArray[np.bool_], box: Box) -> list[int] | None:
    """Return, per axis, the slice with the most voxels that differ from the background: where to open a mask."""
    if inside.size == 0:
        return None
    counts = (inside.sum(axis=(1, 2)), inside.sum(axis=(0, 2)), inside.sum(axis=(0, 1)))
    return [start + int(count.argmax()) for start, count in zip(box.start, counts, strict=True)]
