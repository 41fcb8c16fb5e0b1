"""Read one series: its planes put in order, its pixels made values, with what may be shown and what is kept apart."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from core.data import limits
from core.data.formats.dicom.context import context_of
from core.data.formats.dicom.elements import Elements
from core.data.formats.dicom.frames import Frame, frames_of
from core.data.formats.dicom.geometry import affine
from core.data.formats.dicom.header import Header, read_header
from core.data.formats.dicom.objects import SECONDARY_CAPTURES
from core.data.formats.dicom.pixels import read_pixels
from core.data.formats.dicom.series import Series, arrange
from core.data.formats.dicom.values import fill_padding, scale, turn_inverted
from core.data.formats.findings import warning
from core.data.formats.grid import grid_from_affine
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.formats.spec import Files
from core.data.image import ContextValue, StoredImage
from core.data.refusal import Finding
from core.volume import Grid

INFLATING_THREADS = 2
OF_A_SERIES = ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "SOPClassUID")


def read_dicom(files: Files) -> StoredImage:
    """Read all slices of one series, in any order, or enhanced multi-frame files.

    Returns:
        stored (C, I, J, K): columns, rows, slices along the normal; one channel for each echo, phase, b-value or
        time point at the same positions. Identifiers are in `uids` only: of the series once, of the objects
        (`SOPInstanceUID`) and their frames (`FrameNumber`, from 1) for each slice as stored, channel by channel.

    Raises:
        DamagedFileError: a file is no DICOM, truncated or corrupt, or claims more than the limits allow.
        InputRefusedError: the slices make no volume; its findings say why.
        OSError: a file cannot be opened.
    """
    if len(files) > limits.MAX_SERIES_FILES:
        raise DamagedFileError(f"{len(files):,} files of one series (limit {limits.MAX_SERIES_FILES:,})")
    headers = _headers(files)
    series = arrange([frame for header in headers for frame in frames_of(header)])
    ordered = [frame for channel in series.channels for frame in channel]
    findings = [*series.findings, *_burned_in(ordered[0].header)]
    planes = read_pixels(ordered)
    fill_padding(planes, ordered[0], findings)
    turn_inverted(planes, ordered[0], findings)
    stacks = planes.reshape(len(series.channels), -1, *planes.shape[1:])
    stored, slopes, intercepts = scale(stacks, series.channels, findings)
    stored = stored.transpose(0, 3, 2, 1)  # (C, N, rows, columns) to (C, columns, rows, N)
    i, j, k = stored.shape[1:]
    grid = _grid((i, j, k), series)
    context = series_context(ordered[0].header)
    return StoredImage(stored, slopes, intercepts, grid, tuple(findings), context, _uids(ordered))


def _headers(files: Files) -> list[Header]:
    """Read the headers, side by side where whole files have to be inflated, which releases the interpreter lock."""
    if not files:
        raise DamagedFileError("no files; expected the slices of one series")
    first, rest = read_header(files[0]), files[1:]
    if first.content is None:
        return [first, *map(read_header, rest)]
    with ThreadPoolExecutor(INFLATING_THREADS) as pool:
        return [first, *pool.map(read_header, rest)]


def series_context(header: Header) -> dict[str, ContextValue]:
    """Return what may be shown of the series that a file belongs to."""
    shared = header.elements.item("SharedFunctionalGroupsSequence")
    first = header.elements.item("PerFrameFunctionalGroupsSequence")
    names = ("MREchoSequence", "MRTimingAndRelatedParametersSequence", "MRModifierSequence", "PixelMeasuresSequence")
    nested = Elements(little=header.little)
    for name in names:
        nested.values.update((first if name in first else shared).item(name).values)
    return context_of(header.elements, nested)


def _grid(shape: tuple[int, int, int], series: Series) -> Grid:
    if series.turned is None or series.step_mm is None:
        return Grid(shape)
    return grid_from_affine(shape, affine(series.channels[0][0], series.turned, series.step_mm))


def _burned_in(header: Header) -> list[Finding]:
    said = header.elements
    if said.text("BurnedInAnnotation") == "YES":
        found = "an image that says it has text burned into its pixels"
    elif said.text("SOPClassUID") in SECONDARY_CAPTURES:
        found = "a secondary capture (a screenshot or a scanned film), which often shows the patient's name"
    else:
        return []
    return [warning("burned_in_text", found, "an image of the scanner", "look at it before you pass it on")]


def _uids(ordered: Sequence[Frame]) -> dict[str, tuple[str, ...]]:
    said = ordered[0].header.elements
    uids: dict[str, tuple[str, ...]] = {keyword: (said.text(keyword),) for keyword in OF_A_SERIES if said.text(keyword)}
    uids["SOPInstanceUID"] = tuple(frame.uid for frame in ordered)
    uids["FrameNumber"] = tuple(str(frame.index + 1) for frame in ordered)
    return uids
