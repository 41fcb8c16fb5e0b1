"""What one plane says of itself: where it is, how it is stored, and what tells it from others at its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.data import limits
from core.data.formats.dicom.elements import Elements
from core.data.formats.dicom.header import Header
from core.data.formats.dicom.objects import require_image
from core.data.formats.gzip_bounded import DamagedFileError

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """One plane of pixels.

    Attributes:
        header: the file that holds it.
        index: its number in that file, from 0.
        position: centre of its first pixel, LPS+ mm, or None.
        along_row: unit vector from column to column, LPS+, or None.
        along_column: unit vector from row to row, LPS+, or None.
        spacing_mm: between rows, between columns, or None.
        slope: value per stored unit.
        intercept: value of a stored zero.
        instance: the scanner's number of it.
        told_apart: name to value of what may differ between planes at one position: echo, b-value, time ...
        localizer: whether it says that it is one.
    """

    header: Header
    index: int
    position: Vector | None
    along_row: Vector | None
    along_column: Vector | None
    spacing_mm: tuple[float, float] | None
    slope: float
    intercept: float
    instance: int
    told_apart: tuple[tuple[str, str], ...]
    localizer: bool

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return rows_columns(self.header)

    @property
    def uid(self) -> str:
        """The identifier of the object that holds it."""
        return self.header.elements.text("SOPInstanceUID")


def rows_columns(header: Header) -> tuple[int, int]:
    """Return rows and columns as a file claims them, not yet bounded."""
    return header.elements.integer("Rows", 0), header.elements.integer("Columns", 0)


def frames_of(header: Header) -> list[Frame]:
    """List a file's planes, claims bounded before anything is made of them.

    Raises:
        DamagedFileError: sizes are missing or beyond the limits, or the functional groups do not match the frames.
        InputRefusedError: it is no image.
    """
    require_image(header)
    rows, columns = rows_columns(header)
    count = header.elements.integer("NumberOfFrames", 1)
    if not (1 <= rows <= limits.MAX_DIMENSION and 1 <= columns <= limits.MAX_DIMENSION):
        raise DamagedFileError(f"{rows:,} rows and {columns:,} columns; expected 1 to {limits.MAX_DIMENSION:,} of each")
    claimed = rows * columns * count * max(1, header.elements.integer("BitsAllocated", 8) // 8)
    if count < 1 or claimed > limits.MAX_VOLUME_BYTES:
        raise DamagedFileError(
            f"{count:,} frames of {rows:,} x {columns:,} pixels (limit {limits.MAX_VOLUME_BYTES:,} bytes)"
        )
    groups = header.elements.items("PerFrameFunctionalGroupsSequence")
    if groups and len(groups) != count:
        raise DamagedFileError(f"{len(groups):,} groups of frame attributes for {count:,} frames")
    if not groups:
        return [_plain_frame(header, index) for index in range(count)]
    return list(_enhanced_frames(header, groups))


def _plain_frame(header: Header, index: int) -> Frame:
    said = header.elements
    row, column = _directions(said.numbers("ImageOrientationPatient"))
    # without functional groups only the first of several frames has a place
    position = _vector(said.numbers("ImagePositionPatient")) if index == 0 else None
    return Frame(
        header=header,
        index=index,
        position=position,
        along_row=row,
        along_column=column,
        spacing_mm=_pair(said.numbers("PixelSpacing")),
        slope=_or(said.number("RescaleSlope"), 1.0),
        intercept=_or(said.number("RescaleIntercept"), 0.0),
        instance=said.integer("InstanceNumber", 0),
        told_apart=tuple(_told_apart([said], said)),
        localizer="LOCALIZER" in said.texts("ImageType"),
    )


def _enhanced_frames(header: Header, groups: list[Elements]) -> Iterator[Frame]:
    """Yield the frames of an enhanced image; what a frame does not say, its shared groups do.

    Reference: DICOM PS3.3, C.7.6.16 (multi-frame functional groups).
    """
    shared = header.elements.item("SharedFunctionalGroupsSequence")
    first = header.elements.integer("InstanceNumber", 0) * len(groups)
    for index, own in enumerate(groups):
        both = _Groups(own, shared)
        row, column = _directions(both.item("PlaneOrientationSequence").numbers("ImageOrientationPatient"))
        values = both.item("PixelValueTransformationSequence")
        kinds = [both.item(name) for name in ("MRImageFrameTypeSequence", "CTImageFrameTypeSequence")]
        said = [both.item(name) for name in ("FrameContentSequence", "MREchoSequence", "MRDiffusionSequence")]
        yield Frame(
            header=header,
            index=index,
            position=_vector(both.item("PlanePositionSequence").numbers("ImagePositionPatient")),
            along_row=row,
            along_column=column,
            spacing_mm=_pair(both.item("PixelMeasuresSequence").numbers("PixelSpacing")),
            slope=_or(values.number("RescaleSlope"), 1.0),
            intercept=_or(values.number("RescaleIntercept"), 0.0),
            instance=first + index,
            told_apart=tuple(_told_apart([*said, *kinds], header.elements)),
            localizer="LOCALIZER" in header.elements.texts("ImageType"),
        )


@dataclass(frozen=True, slots=True)
class _Groups:
    own: Elements
    shared: Elements

    def item(self, keyword: str) -> Elements:
        return (self.own if keyword in self.own else self.shared).item(keyword)


TOLD_APART = {
    "EchoNumbers": "echo",
    "EchoTime": "echo time",
    "EffectiveEchoTime": "echo time",
    "DiffusionBValue": "b-value",
    "TemporalPositionIdentifier": "time point",
    "TemporalPositionIndex": "time point",
    "TriggerTime": "trigger time",
    "InversionTime": "inversion time",
    "StackID": "stack",
}


def _told_apart(said: list[Elements], whole: Elements) -> Iterator[tuple[str, str]]:
    for keyword, name in TOLD_APART.items():
        for elements in said:
            if (number := elements.number(keyword)) is not None:
                yield name, f"{number:g}"
    kinds = next((kind for elements in said if (kind := elements.texts("FrameType"))), whole.texts("ImageType"))
    if component := kinds[2:]:  # M, P, R, I: magnitude, phase, real, imaginary, and what a maker adds
        yield "kind", " ".join(component)


def _vector(numbers: tuple[float, ...]) -> Vector | None:
    return (numbers[0], numbers[1], numbers[2]) if len(numbers) == 3 else None


def _pair(numbers: tuple[float, ...]) -> tuple[float, float] | None:
    return (numbers[0], numbers[1]) if len(numbers) == 2 else None


def _directions(numbers: tuple[float, ...]) -> tuple[Vector | None, Vector | None]:
    return (_vector(numbers[:3]), _vector(numbers[3:])) if len(numbers) == 6 else (None, None)


def _or(number: float | None, default: float) -> float:
    return default if number is None else number
