"""From planes in any order to stacks: which belong together, in which order, and why they may not.

What is found is said in numbers only: no name, identifier, date or path stands in a sentence.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from core.data.formats.dicom.frames import Frame
from core.data.formats.dicom.geometry import Directions, Floats, directions, positions
from core.data.formats.dicom.repeats import split_repeats
from core.data.formats.dicom.steps import check_steps, even_step
from core.data.formats.findings import note, refusal
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.refusal import Finding

SAME_SPACING_MM = 1e-4  # files round pixel spacing to four digits or more
FEW = 0.2  # share of the planes up to which those that lie otherwise are taken for localizers
LEAST_PLANES = 3  # two planes give no step to compare another with


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Planes in order.

    Attributes:
        channels: stacks over the same places, each from the first plane along the normal to the last.
        turned: how the planes lie, or None where a single picture does not say.
        step_mm: (3,) LPS+ from plane to plane, or None likewise.
        findings: what is odd.
    """

    channels: tuple[tuple[Frame, ...], ...]
    turned: Directions | None
    step_mm: Floats | None
    findings: tuple[Finding, ...]


def arrange(frames: list[Frame]) -> Series:
    """Put the planes of one series in order.

    Raises:
        InputRefusedError: they make no volume.
        DamagedFileError: what they say of their place makes no sense.
    """
    _require_one_series(frames)
    findings: list[Finding] = []
    frames = _without_copies(frames, findings)
    if len(frames) == 1 and not _has_place(frames[0]):
        return _picture(frames[0])
    _require_places(frames)
    frames = _without_localizers(frames, findings)
    _require_alike(frames)
    turned = directions(frames[0])
    if len(frames) == 1:
        return Series(((frames[0],),), turned, turned.normal * _thickness_mm(frames[0]), tuple(findings))
    channels = split_repeats(frames, turned, findings)
    _require_planes(len(channels[0]))
    findings += check_steps(channels[0], turned)
    return Series(tuple(map(tuple, channels)), turned, even_step(positions(channels[0])), tuple(findings))


def _require_one_series(frames: list[Frame]) -> None:
    names = Counter(frame.header.elements.text("SeriesInstanceUID") for frame in frames)
    if len(names) > 1:
        counts = ", ".join(map(str, sorted(names.values(), reverse=True)))
        raise refusal(
            "mixed_series", f"{len(names)} series ({counts} slices)", "the slices of one series", "read each by itself"
        )
    kinds = Counter(_storage(frame) for frame in frames)
    if len(kinds) > 1:
        found = f"slices stored in {len(kinds)} ways ({', '.join(sorted(kinds))})"
        raise refusal("mixed_storage", found, "one number of bits, signed or not", "export the series again")


def _storage(frame: Frame) -> str:
    said = frame.header.elements
    sign = "signed" if said.integer("PixelRepresentation", 0) else "unsigned"
    return f"{said.integer('BitsAllocated', 0)} bits {sign}"


def _without_copies(frames: list[Frame], findings: list[Finding]) -> list[Frame]:
    """Drop planes that are in the list a second time under the same identifier."""
    kept: dict[tuple[str, int], Frame] = {}
    for order, frame in enumerate(frames):
        kept.setdefault((frame.uid or f"unnamed {order}", frame.index), frame)
    if dropped := len(frames) - len(kept):
        found = f"{dropped} slice(s) that are there twice"
        findings.append(note("copied_slices", found, "each slice once", "the copies were left out"))
    return list(kept.values())


def _has_place(frame: Frame) -> bool:
    return None not in (frame.position, frame.along_row, frame.along_column, frame.spacing_mm)


def _picture(frame: Frame) -> Series:
    found = "one image that does not say where in the patient it lies"
    fix = "it is used as a picture: lengths and volumes are left out"
    return Series(((frame,),), None, None, (note("no_geometry", found, "position, orientation and spacing", fix),))


def _require_places(frames: list[Frame]) -> None:
    several = sorted({frame.header.elements.integer("NumberOfFrames", 1) for frame in frames})
    if unplaced := sum(frame.position is None or frame.along_row is None for frame in frames):
        what = "frames of one file" if several[-1] > 1 else "slices"
        found = f"{unplaced} of {len(frames)} {what} without a position or orientation"
        fix = "export the series again, or choose another: films and projections are no volume"
        raise refusal("missing_position", found, "the place of every slice in the patient", fix)
    if unspaced := sum(frame.spacing_mm is None for frame in frames):
        found = f"{unspaced} of {len(frames)} slices without PixelSpacing"
        raise refusal("missing_pixel_spacing", found, "the distance of pixels in mm", "export the series again")
    for row, column in {frame.spacing_mm for frame in frames if frame.spacing_mm}:
        if not (row > 0 and column > 0):
            raise DamagedFileError(f"pixels {row:g} x {column:g} mm apart; expected distances above 0")


def _without_localizers(frames: list[Frame], findings: list[Finding]) -> list[Frame]:
    """Drop a few planes that lie otherwise than the rest, as overviews inside a series do.

    Raises:
        InputRefusedError: too many lie otherwise.
    """
    groups: list[tuple[Directions, list[Frame]]] = []
    for frame in frames:
        turned = directions(frame)
        group = next((members for known, members in groups if known.like(turned)), None)
        if group is None:
            groups.append((turned, [frame]))
        else:
            group.append(frame)
    most = max((members for _, members in groups), key=len)
    others = [frame for _, members in groups if members is not most for frame in members]
    if not others:
        return frames
    if not (all(frame.localizer for frame in others) or len(others) <= FEW * len(most)):
        counts = ", ".join(str(len(members)) for _, members in groups)
        found = f"slices in {len(groups)} orientations ({counts})"
        raise refusal("mixed_orientations", found, "parallel slices", "read each orientation as a series of its own")
    found = f"{len(others)} of {len(frames)} slices that lie otherwise (localizers)"
    findings.append(note("localizer", found, "parallel slices", "they were left out"))
    return most


def _require_alike(frames: list[Frame]) -> None:
    if len(sizes := Counter(frame.size for frame in frames)) > 1:
        listed = ", ".join(f"{count} of {rows} x {columns}" for (rows, columns), count in sorted(sizes.items()))
        raise refusal("mixed_sizes", f"slices of several sizes: {listed}", "one size", "read each as a series")
    spacings = np.array([frame.spacing_mm for frame in frames])
    if np.ptp(spacings, axis=0).max() > SAME_SPACING_MM:
        low, high = spacings.min(axis=0), spacings.max(axis=0)
        found = f"pixels {low[0]:g} to {high[0]:g} mm by {low[1]:g} to {high[1]:g} mm apart"
        raise refusal("mixed_spacing", found, "one spacing in all slices", "read each as a series")


def _require_planes(count: int) -> None:
    if count < LEAST_PLANES:
        fix = "choose a series with more slices"
        raise refusal("too_few_slices", f"{count} slices", f"at least {LEAST_PLANES}, or a single one", fix)


def _thickness_mm(frame: Frame) -> float:
    said = frame.header.elements
    numbers = (said.number(name) for name in ("SpacingBetweenSlices", "SliceThickness"))
    return next((number for number in numbers if number and number > 0), 1.0)
