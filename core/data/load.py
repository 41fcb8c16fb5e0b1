"""Read a case's files into one volume, refusing what does not fit together."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.case import Case, Source
from core.data.formats import FORMATS
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.formats.nifti import NiftiImage
from core.data.refusal import Finding, InputRefusedError
from core.labels import LabelScheme, UnknownLabelError
from core.volume import Array, Grid, Volume

READING_THREADS = 2  # inflating is the cost, and ISA-L releases the interpreter lock
GRID_TOLERANCE_MM = 0.01  # grids agree when no corner moves by more
LABEL_TOLERANCE = 1e-3  # masks stored as real numbers may be off by rounding, not by more


@dataclass(frozen=True, slots=True, eq=False)
class LoadedCase:
    """A case in memory.

    Attributes:
        case: which case.
        volume: its channels in the order of `case.sources`.
        reference: uint8 region bits (X, Y, Z), or None where there is no reference mask.
    """

    case: Case
    volume: Volume
    reference: npt.NDArray[np.uint8] | None


def load_case(case: Case, scheme: LabelScheme | None) -> LoadedCase:
    """Read every file of a case and stack its modalities.

    Args:
        case: what to read.
        scheme: what the reference's integers mean; None leaves the reference unread.

    Raises:
        InputRefusedError: a file is damaged, grids disagree, voxels are not finite, or a label is unknown.
    """
    sources = list(case.sources.items())
    if scheme is not None and case.reference is not None:
        sources.append(("seg", case.reference))
    with ThreadPoolExecutor(READING_THREADS) as pool:
        images = dict(
            zip((name for name, _ in sources), pool.map(lambda s: _read(case.case_id, s[1]), sources), strict=True)
        )
    grid = images[sources[0][0]].grid
    if problems := [
        problem for name, source in sources if (problem := _grid_problem(case.case_id, source, images[name].grid, grid))
    ]:
        raise InputRefusedError(*problems)
    volume = stack([(name, images[name]) for name in case.sources])
    _require_finite(case, volume)
    reference = None
    if scheme is not None and case.reference is not None:
        reference = _regions(case.case_id, case.reference.file, images["seg"], scheme)
    return LoadedCase(case, volume, reference)


def load_regions(path: Path, scheme: LabelScheme) -> tuple[npt.NDArray[np.uint8], Grid]:
    """Read one label map as region bits (X, Y, Z) uint8 in RAS+, with the file's grid.

    Raises:
        InputRefusedError: the file is damaged or holds a value that the scheme does not know.
    """
    image = _read("", Source(path, "nifti"))
    return _regions("", path, image, scheme), image.grid


def stack(images: Iterable[tuple[str, NiftiImage]]) -> Volume:
    """Stack images of one grid into a volume in RAS+ order, in the narrowest dtype that holds them all."""
    named = list(images)
    first = named[0][1]
    dtype = _common_dtype([image.stored for _, image in named])
    voxels = np.empty((len(named), *first.grid.ras_shape), dtype)
    for channel, (_, image) in enumerate(named):
        voxels[channel] = image.grid.to_ras(image.stored)
    return Volume(
        voxels=voxels,
        modalities=tuple(name for name, _ in named),
        slope=tuple(image.slope for _, image in named),
        intercept=tuple(image.intercept for _, image in named),
        geometry=first.grid.geometry(),
        native=first.grid,
    )


def same_grid(a: Grid, b: Grid) -> bool:
    """Tell whether two grids have one shape and no corner lies more than 0.01 mm apart."""
    if a.shape != b.shape:
        return False
    if a.affine is None or b.affine is None:
        return a.affine is b.affine
    return bool(corner_distance_mm(a, b) <= GRID_TOLERANCE_MM)


def corner_distance_mm(a: Grid, b: Grid) -> float:
    """Return how far the farthest corner moves between two grids of one shape, in mm."""
    assert a.affine is not None
    assert b.affine is not None
    last = np.array(a.shape) - 1
    corners = np.array([[*(last * bits), 1] for bits in np.ndindex(2, 2, 2)], np.float64)
    moved = (corners @ (a.affine - b.affine).T)[:, :3]
    return float(np.sqrt((moved**2).sum(axis=1)).max())


def _common_dtype(arrays: list[Array]) -> np.dtype[np.generic]:
    """Return int16 or int32 when every array's values are such integers, else float32."""
    if all(np.issubdtype(array.dtype, np.integer) or _is_whole(array) for array in arrays):
        low = min(float(array.min()) for array in arrays)
        high = max(float(array.max()) for array in arrays)
        for dtype in (np.dtype(np.int16), np.dtype(np.int32)):
            if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
                return dtype
    return np.dtype(np.float32)


def _is_whole(array: Array) -> bool:
    return bool(np.isfinite(array).all() and (array == np.rint(array)).all())


def _read(case_id: str, source: Source) -> NiftiImage:
    try:
        return FORMATS[source.format].read(source.file)
    except DamagedFileError as error:
        found, fix = str(error), "export or download the file again"
    except OSError as error:
        found, fix = f"a file that cannot be opened ({error.strerror})", "check that it is there and readable"
    raise InputRefusedError(
        Finding("error", "damaged_file", case_id, source.file.name, found, "a whole image", fix)
    ) from None


def _grid_problem(case_id: str, source: Source, grid: Grid, first: Grid) -> Finding | None:
    if same_grid(grid, first):
        return None
    if grid.shape != first.shape:
        found, expected = f"shape {_times(grid.shape)}", f"{_times(first.shape)} as in the case's first file"
    else:
        found = f"a grid whose corners lie up to {corner_distance_mm(grid, first):.2f} mm away"
        expected = f"the grid of the case's first file (within {GRID_TOLERANCE_MM} mm)"
    fix = "resample the files onto one grid; nothing is resampled silently"
    return Finding("error", "grid_mismatch", case_id, source.file.name, found, expected, fix)


def _require_finite(case: Case, volume: Volume) -> None:
    if not np.issubdtype(volume.voxels.dtype, np.floating):
        return
    problems = []
    for name, channel in zip(volume.modalities, volume.voxels, strict=True):
        share = 1.0 - float(np.isfinite(channel).mean())
        if share:
            file = case.sources[name].file.name
            found = f"{share:.2%} of the voxels NaN or infinite"
            problems.append(Finding("error", "not_finite", case.case_id, file, found, "numbers", "export it again"))
    if problems:
        raise InputRefusedError(*problems)


def _regions(case_id: str, file: Path, image: NiftiImage, scheme: LabelScheme) -> npt.NDArray[np.uint8]:
    values = image.stored if image.slope == 1 and image.intercept == 0 else image.stored * image.slope + image.intercept
    labels = values if np.issubdtype(values.dtype, np.integer) else np.rint(values)
    if labels is not values and not (np.isfinite(values).all() and np.abs(labels - values).max() <= LABEL_TOLERANCE):
        found, fix = "values that are not whole numbers (a probability map?)", "threshold it, or export the mask again"
        raise InputRefusedError(Finding("error", "not_labels", case_id, file.name, found, "a mask of labels", fix))
    try:
        return scheme.to_regions(np.ascontiguousarray(image.grid.to_ras(labels)).astype(np.int64))
    except UnknownLabelError as error:
        expected = f"0 background and the labels of {scheme.name}: {scheme.legend}"
        found = f"label value(s) {', '.join(map(str, error.values))}"
        fix = "name the scheme the mask was drawn in with --scheme"
        raise InputRefusedError(Finding("error", "unknown_label", case_id, file.name, found, expected, fix)) from None


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
