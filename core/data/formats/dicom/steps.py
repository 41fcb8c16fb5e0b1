"""From plane to plane: gaps, uneven steps, and steps that do not go along the normal (gantry tilt)."""

from __future__ import annotations

import numpy as np

from core.data.formats.dicom.frames import Frame
from core.data.formats.dicom.geometry import Directions, Floats, positions
from core.data.formats.findings import refusal, warning
from core.data.refusal import Finding, InputRefusedError

EVEN_MM = 0.01  # no word about planes that lie closer than this to their even place
UNEVEN_SHARE = 0.1  # of a step: a plane farther from its even place makes the series unusable
GAP_SHARE = 0.15  # of a step: how near to a multiple a step is where slices are missing
STRAIGHT_DEGREES = 0.1  # between steps and normal: rounded numbers
TILT_DEGREES = 1.0  # up to here the affine holds it exactly and no picture shows it; beyond, it shears the head


def even_step(places: Floats) -> Floats:
    """Return the (3,) step that leads from the first of (N, 3) places to the last in N - 1 equal steps."""
    return np.asarray((places[-1] - places[0]) / (len(places) - 1))


def check_steps(frames: list[Frame], turned: Directions) -> list[Finding]:
    """Return what is odd about the steps between planes in order.

    Raises:
        InputRefusedError: planes are missing, unevenly spaced or shifted against each other.
    """
    places = positions(frames)
    tilt = _tilt(places, turned)
    problems = [problem for problem in (tilt, _gap(places, turned)) if problem]
    if not any(problem.severity == "error" for problem in problems):
        problems += [problem for problem in (_uneven(places), _recorded_tilt(frames, turned)) if problem]
    if errors := [problem for problem in problems if problem.severity == "error"]:
        raise InputRefusedError(*errors)
    return problems


def _tilt(places: Floats, turned: Directions) -> Finding | None:
    steps = np.diff(places, axis=0)
    along = steps @ turned.normal
    sideways = np.linalg.norm(steps - along[:, None] * turned.normal, axis=1)
    degrees = float(np.degrees(np.arctan2(np.median(sideways), np.median(along))))
    found = f"slices stacked {degrees:.1f} degrees off their normal (gantry tilt)"
    if degrees > TILT_DEGREES:
        fix = "have the scanner or a converter correct the tilt; nothing is resampled silently"
        return refusal("gantry_tilt", found, "slices stacked straight", fix).findings[0]
    if degrees > STRAIGHT_DEGREES:
        return warning("gantry_tilt", found, "slices stacked straight", "the place of each voxel is kept as it is said")
    return None


def _gap(places: Floats, turned: Directions) -> Finding | None:
    steps = np.diff(places @ turned.normal)
    step = float(np.median(steps))
    many = np.rint(steps / step)
    if many.max() < 2 or (np.abs(steps / step - np.maximum(many, 1)) > GAP_SHARE).any():
        return None
    missing, where = int((np.maximum(many, 1) - 1).sum()), int(np.argmax(many)) + 1
    found = f"{missing} of {len(places) + missing} slices missing, the first gap"
    found = f"{found} of {steps[where - 1]:.2f} mm after slice {where}, where steps are {step:.2f} mm"
    return refusal("missing_slices", found, "every slice", "find the missing slices or export again").findings[0]


def _uneven(places: Floats) -> Finding | None:
    step = even_step(places)
    off = np.linalg.norm(places - places[0] - np.arange(len(places))[:, None] * step, axis=1)
    worst, length = float(off.max()), float(np.linalg.norm(step))
    if worst <= EVEN_MM:
        return None
    lengths = np.linalg.norm(np.diff(places, axis=0), axis=1)
    found = f"steps of {lengths.min():.2f} to {lengths.max():.2f} mm, slices up to {worst:.2f} mm off an even spacing"
    if worst > UNEVEN_SHARE * length:
        fix = "resample the series to even steps, or choose another"
        return refusal("uneven_spacing", found, "equal steps", fix).findings[0]
    return warning("uneven_spacing", found, "equal steps", "it is read with equal steps")


def _recorded_tilt(frames: list[Frame], turned: Directions) -> Finding | None:
    tilt = frames[0].header.elements.number("GantryDetectorTilt") or 0.0
    straight = float(np.abs(turned.normal).max()) > np.cos(np.radians(STRAIGHT_DEGREES))
    if abs(tilt) <= STRAIGHT_DEGREES or not straight:
        return None
    found = f"a recorded gantry tilt of {tilt:.1f} degrees that positions and orientation do not show"
    return warning("gantry_tilt", found, "positions that follow the tilt", "check the shape of the head in the viewer")
