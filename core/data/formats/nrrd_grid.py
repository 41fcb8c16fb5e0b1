"""Where a NRRD header says its voxels are, in RAS+ mm."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from core.data.formats.findings import refusal, warning
from core.data.formats.grid import grid_from_affine, require_affine, shear_findings
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.formats.nrrd_header import NrrdHeader
from core.data.refusal import Finding
from core.volume import Grid

Affine = npt.NDArray[np.float64]
# signs that turn a space's axes to the right, the front and up
SPACES = {
    "right-anterior-superior": (1, 1, 1),
    "ras": (1, 1, 1),
    "left-anterior-superior": (-1, 1, 1),
    "las": (-1, 1, 1),
    "left-posterior-superior": (-1, -1, 1),
    "lps": (-1, -1, 1),
}
LPS = SPACES["lps"]
UNITS_MM = {
    "": 1.0, "mm": 1.0, "millimeter": 1.0, "millimeters": 1.0, "millimetre": 1.0, "millimetres": 1.0,
    "um": 1e-3, "µm": 1e-3, "μm": 1e-3, "micron": 1e-3, "microns": 1e-3, "micrometer": 1e-3, "micrometers": 1e-3,
    "cm": 10.0, "m": 1e3, "meter": 1e3, "meters": 1e3, "metre": 1e3, "metres": 1e3,
}  # fmt: skip
VECTOR = re.compile(r"\(([^()]*)\)")
QUOTED = re.compile(r'"([^"]*)"')


@np.errstate(all="ignore")  # a header may hold any numbers; what they make is looked at
def grid_of(header: NrrdHeader) -> tuple[Grid, tuple[Finding, ...]]:
    """Return the grid of the image, without an affine where the header gives no lengths, and findings about it.

    Raises:
        DamagedFileError: directions or origin cannot be read.
        InputRefusedError: the affine is singular or not finite.
    """
    directions = _directions(header)
    if directions is None:
        if len(header.spatial_axes) == 2:
            return Grid(header.shape), ()
        fix = "save it with its directions if volumes in ml and distances in mm matter"
        found = "a volume without voxel sizes"
        return Grid(header.shape), (warning("no_geometry", found, "space directions or spacings", fix),)
    length_mm, unit_findings = _unit(header)
    space = header.fields.get("space", "").lower()
    affine = np.eye(4)
    affine[:3, :3] = directions
    affine[:3, 3] = _origin(header)
    affine[:3] *= length_mm * np.array(SPACES.get(space, LPS))[:, None]
    require_affine(affine)
    findings = [*unit_findings, *_space_findings(space), *shear_findings(header.shape, affine)]
    return grid_from_affine(header.shape, affine), tuple(findings)


def _directions(header: NrrdHeader) -> Affine | None:
    """Return the (3, 3) steps from voxel to voxel in the header's own space, or None where it has none."""
    fields, count = header.fields, len(header.spatial_axes)
    if "space directions" in fields:
        steps = [_numbers(text) for text in VECTOR.findall(fields["space directions"])]
        if len(steps) != count or any(len(step) != len(steps[0]) for step in steps):
            raise DamagedFileError(f"{len(steps)} space directions for {count} axes of space")
        if len(steps[0]) != 3:
            return None
        if count == 2:  # a slice in space: one voxel of 1 mm across it
            across = np.cross(steps[0], steps[1])
            steps.append(list(across / np.linalg.norm(across)))
        return np.array(steps).T
    if "spacings" in fields and count == 3:
        spacings = _numbers(fields["spacings"])
        if len(spacings) != len(header.sizes):
            raise DamagedFileError(f"{len(spacings)} spacings for {len(header.sizes)} axes")
        return np.diag([spacings[axis] for axis in header.spatial_axes])
    return None


def _origin(header: NrrdHeader) -> list[float]:
    if "space origin" not in header.fields:
        return [0.0, 0.0, 0.0]
    found = VECTOR.findall(header.fields["space origin"])
    origin = _numbers(found[0]) if len(found) == 1 else []
    if len(origin) != 3:
        raise DamagedFileError(f"a space origin that is {header.fields['space origin'][:40]!r}; expected (x,y,z)")
    return origin


def _numbers(text: str) -> list[float]:
    try:
        return [float(word) for word in text.replace(",", " ").split()]
    except ValueError:
        raise DamagedFileError(f"{text[:40]!r} where numbers were expected") from None


def _unit(header: NrrdHeader) -> tuple[float, tuple[Finding, ...]]:
    units = QUOTED.findall(header.fields.get("space units", ""))
    lengths = {UNITS_MM.get(unit.strip().lower()) for unit in units} or {1.0}
    length = lengths.pop()
    if lengths or length is None:
        raise refusal("unknown_unit", f"space units {', '.join(units)}", "one unit of length", "correct the header")
    if length == 1.0:
        return length, ()
    fix = "nothing to do if that is so: they are read as mm; else correct the unit in the header"
    return length, (warning("units_not_mm", f"lengths in {units[0].strip()}", "millimetres", fix),)


def _space_findings(space: str) -> tuple[Finding, ...]:
    if space in SPACES:
        return ()
    found = f"the space {space!r}" if space else "no word on which way the axes run"
    fix = "save it with its space if left and right matter: it is read as left-posterior-superior"
    return (warning("no_form", found, f"one of {', '.join(name for name in SPACES if '-' in name)}", fix),)
