"""One mask made elsewhere, read onto the grid of the case that it belongs to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.case import Source
from core.data.formats import FORMATS
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.image import StoredImage
from core.data.label_values import whole_labels
from core.data.load import GRID_TOLERANCE_MM, as_drawn, corner_distance_mm, same_grid
from core.data.refusal import InputRefusedError
from core.errors import RefusedError
from core.labels import LabelScheme, UnknownLabelError, listed
from core.volume import Grid

DRAWN_ONTO_A_GRID = ("dicom-seg",)  # formats whose frames are put among the images' voxels as they are read


class MaskRefusedError(RefusedError):
    """A mask made elsewhere cannot be used; the message says why."""


def read_mask(source: Source, scheme: LabelScheme, grid: Grid, called: str = "") -> npt.NDArray[np.uint8]:
    """Read a label map as region bits on a case's own grid.

    Args:
        source: one file.
        scheme: what its integers mean; region r of it is bit r.
        grid: the case's; the file must lie on it, in whatever order its axes run.
        called: what a sentence calls the file, where its own name may be a person's.

    Returns:
        (X, Y, Z) uint8 region bits in RAS+; zeros for a mask without any label.

    Raises:
        MaskRefusedError: the file is damaged, holds several volumes, lies elsewhere, or has labels that the scheme
            does not know.
    """
    name = called or source.file.name
    image = as_drawn(_read(source, grid, name), grid)
    if image.channels != 1:
        raise _refused(name, f"{image.channels} volumes in one file", "one label map (X, Y, Z)", "export one per file")
    _require_grid(image.grid, grid, name)
    try:
        labels, _ = whole_labels(image.values(0))
        return scheme.to_regions(np.ascontiguousarray(image.grid.to_ras(labels)).astype(np.int64))
    except InputRefusedError as error:
        raise _of_findings(name, error) from None
    except UnknownLabelError as error:
        expected = f"0 background and the labels of {scheme.name}: {scheme.legend}"
        fix = "say what its numbers mean with --predictions-scheme NAME=SCHEME, or a file that lists them"
        raise _refused(name, f"label value(s) {listed(error.values)}", expected, fix) from None


def _read(source: Source, grid: Grid, name: str) -> StoredImage:
    spec = FORMATS[source.format]
    try:
        # a picture's colours become labels only where it is read as a mask
        if source.format in DRAWN_ONTO_A_GRID or source.palette is not None:
            return spec.read_mask(source, grid)
        return spec.read(source.files)
    except InputRefusedError as error:
        raise _of_findings(name, error) from None
    except DamagedFileError as error:
        raise _refused(name, str(error), "a whole mask", "export or copy the file again") from None
    except OSError as error:
        found = f"a file that cannot be opened ({error.strerror})"
        raise _refused(name, found, "a whole mask", "check that it is there and readable") from None


def _require_grid(found: Grid, expected: Grid, name: str) -> None:
    one, other = _in_ras(found), _in_ras(expected)
    if same_grid(one, other):
        return
    fix = "write the mask on the scan's own grid (resampled with the nearest neighbour)"
    if one.shape != other.shape:
        shapes = (f"{x} × {y} × {z} voxels" for x, y, z in (one.shape, other.shape))
        raise _refused(name, next(shapes), f"{next(shapes)} as its case has", fix)
    if one.affine is None or other.affine is None:
        words = (
            "no place in the patient" if grid.affine is None else "a place in the patient" for grid in (one, other)
        )
        raise _refused(name, f"a mask with {next(words)}", f"{next(words)}, as its case has", fix)
    moved = f"a grid whose corners lie up to {corner_distance_mm(one, other):.2f} mm away"
    raise _refused(name, moved, f"the grid of its case (within {GRID_TOLERANCE_MM} mm)", fix)


def _in_ras(grid: Grid) -> Grid:
    geometry = grid.geometry()
    return Grid(grid.ras_shape, None if geometry is None else geometry.affine)


def _of_findings(name: str, error: InputRefusedError) -> MaskRefusedError:
    first = error.findings[0]
    return _refused(name, first.found, first.expected, first.fix)


def _refused(name: str, found: str, expected: str, fix: str) -> MaskRefusedError:
    return MaskRefusedError(f"{name}: found {found}; expected {expected}; {fix}")
