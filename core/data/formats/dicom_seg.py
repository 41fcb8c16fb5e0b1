"""DICOM segmentations as reference masks: BINARY, FRACTIONAL and LABELMAP, each frame put where it says it is.

A voxel's label is the number of its segment. Frames come in any order and may be missing, so none is placed
by its order: each is placed by its position and orientation among the voxels of the images.

Reference: DICOM PS3.3, A.51 and C.8.20 (segmentation IOD and image module).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.case import Source
from core.data import limits
from core.data.formats.dicom.elements import Elements
from core.data.formats.dicom.header import Header, read_header
from core.data.formats.dicom.objects import SEGMENTATIONS, not_an_image
from core.data.formats.findings import note, refusal, warning
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.formats.label_painting import paint
from core.data.formats.planes import Placing, Plane, grid_of_planes, place, plane_of
from core.data.formats.seg_pixels import frame_reader
from core.data.formats.spec import Files, FormatSpec
from core.data.image import StoredImage, plain_image
from core.data.refusal import Finding, InputRefusedError
from core.volume import Array, Grid

KINDS = ("BINARY", "FRACTIONAL", "LABELMAP")
THRESHOLD = 0.5  # fraction from which a voxel belongs to a FRACTIONAL segment
DOUBTFUL = (0.25, 0.75)  # fractions nearer to the threshold than to either certainty
ON_GRID_MM = 0.01  # what grids may differ by without a word


@dataclass(frozen=True, slots=True, eq=False)
class _Segmentation:
    """A segmentation's header, its claims bounded.

    Attributes:
        header: the file.
        kind: one of `KINDS`.
        rows: of each frame.
        columns: of each frame.
        planes: where each frame lies.
        segments: the segment of each frame; 0 in a LABELMAP, whose pixels say it.
        spacing_mm: between slices as the file says it, or None.
    """

    header: Header
    kind: str
    rows: int
    columns: int
    planes: list[Plane]
    segments: list[int]
    spacing_mm: float | None


@dataclass(frozen=True, slots=True, eq=False)
class _Marked:
    """The marked pixels of one frame: their segment (0: see values), flat voxel indices and stored values, (N,)."""

    segment: int
    voxels: npt.NDArray[np.uint32]
    values: Array


def read_segmentation(source: Source, onto: Grid | None) -> StoredImage:
    """Read a segmentation as labels on the images' grid.

    Args:
        source: one file; its channel is ignored.
        onto: the images' grid; None takes the segmentation's own, missing slices filled with background.

    Returns:
        (1, I, J, K) of `onto`, uint8 or uint16: segment numbers, 0 where there is none.

    Raises:
        DamagedFileError: the file is truncated, corrupt or contradicts itself.
        InputRefusedError: it is no segmentation, has no place in the patient, does not lie on the images' grid,
            or its segments overlap more than one label map can hold.
        OSError: it cannot be opened.
    """
    if len(source.files) != 1:
        raise DamagedFileError(f"{len(source.files)} files for one segmentation; expected one")
    found = _segmentation(read_header(source.file))
    if onto is None:
        onto = grid_of_planes(found.planes, found.rows, found.columns, found.spacing_mm)
    if onto.affine is None:
        raise _without_position("images whose files do not say where they are")
    placings = [place(plane, found.rows, found.columns, onto) for plane in found.planes]
    _require_once(found, placings)
    marked = _marked(found, placings, onto.shape)
    findings: tuple[Finding, ...] = ()
    if found.kind == "LABELMAP":
        labels = _label_map(marked, onto.shape, found)
    elif found.kind == "BINARY":
        labels, findings = paint(onto.shape, _masks(marked), "segment")
    else:
        labels, findings = _fractional(marked, onto.shape, found.header.elements)
    return plain_image(labels[np.newaxis], onto, (*_off_grid(placings), *findings))


def _segmentation(header: Header) -> _Segmentation:
    said = header.elements
    if said.text("SOPClassUID") not in SEGMENTATIONS:
        raise _not_a_segmentation(not_an_image(header) or "a DICOM image")
    kind = said.text("SegmentationType")
    if kind not in KINDS:
        raise DamagedFileError("a segmentation that does not say whether it is BINARY, FRACTIONAL or LABELMAP")
    rows, columns = said.integer("Rows", 0), said.integer("Columns", 0)
    count = said.integer("NumberOfFrames", 1)
    if not (1 <= rows <= limits.MAX_DIMENSION and 1 <= columns <= limits.MAX_DIMENSION and count >= 1):
        raise DamagedFileError(f"{count:,} frames of {rows:,} x {columns:,} pixels")
    if rows * columns * count > limits.MAX_SEGMENT_PIXELS:
        raise DamagedFileError(
            f"{count:,} frames of {rows:,} x {columns:,} pixels (limit {limits.MAX_SEGMENT_PIXELS:,} pixels)"
        )
    groups = said.items("PerFrameFunctionalGroupsSequence")
    shared = said.item("SharedFunctionalGroupsSequence")
    if any("PlanePositionSlideSequence" in group for group in (*groups[:1], shared)):
        raise _without_position("a segmentation of a microscope slide")
    if not any("PlanePositionSequence" in group for group in (*groups[:1], shared)):
        raise _without_position("a segmentation whose frames do not say where they are")
    if len(groups) != count:
        raise DamagedFileError(f"{len(groups):,} groups of frame attributes for {count:,} frames")
    frames = [_Groups(own, shared) for own in groups]
    segments = [0 if kind == "LABELMAP" else frame.segment() for frame in frames]
    spacing = frames[0].item("PixelMeasuresSequence").number("SpacingBetweenSlices")
    return _Segmentation(header, kind, rows, columns, [frame.plane() for frame in frames], segments, spacing)


@dataclass(frozen=True, slots=True)
class _Groups:
    """What a frame says of itself; what it does not, its shared groups say."""

    own: Elements
    shared: Elements

    def item(self, keyword: str) -> Elements:
        return (self.own if keyword in self.own else self.shared).item(keyword)

    def plane(self) -> Plane:
        return plane_of(
            self.item("PlanePositionSequence").numbers("ImagePositionPatient"),
            self.item("PlaneOrientationSequence").numbers("ImageOrientationPatient"),
            self.item("PixelMeasuresSequence").numbers("PixelSpacing"),
        )

    def segment(self) -> int:
        number = self.item("SegmentIdentificationSequence").integer("ReferencedSegmentNumber", 0)
        if number < 1:
            raise DamagedFileError("a frame that does not say which segment it belongs to")
        return number


def _require_once(found: _Segmentation, placings: Sequence[Placing]) -> None:
    places = {(segment, *placing.start) for segment, placing in zip(found.segments, placings, strict=True)}
    if len(places) < len(placings):
        again = f"{len(placings) - len(places)} of {len(placings)} frames at a place that its segment already has"
        fix = "export the mask of one time point"
        raise refusal("repeated_frames", again, "each segment once at each place", fix)


def _marked(found: _Segmentation, placings: Sequence[Placing], shape: tuple[int, int, int]) -> Iterator[_Marked]:
    """Yield the pixels of each frame that are not background.

    Raises:
        InputRefusedError: some lie outside the images.
        DamagedFileError: there are more than the limit, or pixels are missing.
    """
    read = frame_reader(found.header, len(placings))
    background = found.header.elements.integer("PixelPaddingValue", 0) if found.kind == "LABELMAP" else 0
    total = 0
    for index, (segment, placing) in enumerate(zip(found.segments, placings, strict=True)):
        pixels = read(index)
        rows, columns = np.nonzero((pixels != 0) & (pixels != background))
        total += rows.size
        if total > limits.MAX_MARKED_VOXELS:
            raise DamagedFileError(f"segments of more than {limits.MAX_MARKED_VOXELS:,} voxels together")
        voxels = placing.voxels(rows, columns)
        if rows.size and ((voxels.min(axis=1) < 0).any() or (voxels.max(axis=1) >= shape).any()):
            fix = "choose the series the mask was drawn on"
            raise refusal("mask_outside_images", "a segment that reaches beyond the images", "a mask within them", fix)
        yield _Marked(segment, np.ravel_multi_index(tuple(voxels), shape).astype(np.uint32), pixels[rows, columns])


def _label_map(marked: Iterator[_Marked], shape: tuple[int, int, int], found: _Segmentation) -> Array:
    bits = found.header.elements.integer("BitsAllocated", 8)
    labels = np.zeros(int(np.prod(shape)), np.uint8 if bits <= 8 else np.uint16)
    for frame in marked:
        labels[frame.voxels] = frame.values
    return labels.reshape(shape)


def _masks(marked: Iterator[_Marked]) -> dict[int, npt.NDArray[np.uint32]]:
    parts: dict[int, list[npt.NDArray[np.uint32]]] = defaultdict(list)
    for frame in marked:
        parts[frame.segment].append(frame.voxels)
    return {segment: np.unique(np.concatenate(voxels)) for segment, voxels in parts.items()}


def _fractional(
    marked: Iterator[_Marked], shape: tuple[int, int, int], said: Elements
) -> tuple[Array, tuple[Finding, ...]]:
    """Paint the segments' voxels of at least half the highest fraction, and say how many were in doubt."""
    highest = said.integer("MaximumFractionalValue", 0)
    if highest < 1:
        raise DamagedFileError("a FRACTIONAL segmentation that does not say which value is the whole")
    touched = doubtful = 0

    def halves() -> Iterator[_Marked]:
        nonlocal touched, doubtful
        for frame in marked:
            fraction = frame.values / highest
            touched += fraction.size
            doubtful += int(np.count_nonzero((fraction > DOUBTFUL[0]) & (fraction < DOUBTFUL[1])))
            inside = fraction >= THRESHOLD
            yield _Marked(frame.segment, frame.voxels[inside], frame.values[inside])

    labels, findings = paint(shape, _masks(halves()), "segment")
    if not doubtful:
        return labels, findings
    low, high = DOUBTFUL
    share = f"fractions cut at {THRESHOLD}, {doubtful / touched:.2%} of them doubtful (between {low} and {high})"
    return labels, (note("fractional_mask", share, "a mask of yes and no", "look at the mask's edge"), *findings)


def _off_grid(placings: Sequence[Placing]) -> tuple[Finding, ...]:
    off_mm = max(placing.off_mm for placing in placings)
    if off_mm <= ON_GRID_MM:
        return ()
    found = f"frames up to {off_mm:.3f} mm beside the centres of the images' voxels"
    return (warning("frames_beside_slices", found, f"at most {ON_GRID_MM} mm", "each pixel went to the nearest voxel"),)


def _without_position(found: str) -> InputRefusedError:
    fix = "choose a segmentation of a series of slices, or export it as a picture"
    return refusal("no_position", found, "frames with a position in the patient", fix)


def _not_a_segmentation(found: str) -> InputRefusedError:
    return refusal("not_a_segmentation", found, "a DICOM segmentation (SEG)", "choose the file that holds the mask")


def _read(files: Files) -> StoredImage:  # noqa: ARG001
    fix = "choose the series it was drawn on, and give this file as its reference mask"
    raise refusal("not_an_image", "a segmentation", "an image", fix)


DICOM_SEG = FormatSpec(
    name="dicom-seg",
    title="DICOM segmentation, as a reference mask",
    suffixes=(),
    read=_read,
    read_mask=read_segmentation,
)
