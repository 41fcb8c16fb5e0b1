"""The series that a mask was made from, as far as a DICOM export has to refer to it.

It is read from the series' files, or from the identifiers that an import keeps (0600) where the files are gone.
Whose it is stands in none of them: an export is called by the case's pseudonym, unless the patient is asked for.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.case import Source
from core.data.formats.dicom.frames import Frame, frames_of
from core.data.formats.dicom.header import read_header
from core.data.formats.dicom.series import arrange
from core.data.formats.gzip_bounded import GZIP_MAGIC
from core.errors import RefusedError
from core.volume import Grid

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

Vector = tuple[float, float, float]
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
STUDY = ("StudyDate", "StudyTime")
PATIENT = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyID",
    "ReferringPhysicianName",
)
IDENTIFIERS = ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "SOPClassUID")
DATE, TIME = re.compile(r"\d{8}"), re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?")
FORMS = {"StudyDate": DATE, "PatientBirthDate": DATE, "StudyTime": TIME, "PatientSex": re.compile("[MFO]")}
HEAD = 1 << 20  # bytes of a zipped file in which names and dates stand


@dataclass(frozen=True, slots=True)
class SourceSlice:
    """One slice of the series.

    Attributes:
        uid: of the object that holds it.
        frame: its number in that object, from 1; None where the object holds one image.
        position: centre of its first pixel, LPS+ mm.
    """

    uid: str
    frame: int | None
    position: Vector


@dataclass(frozen=True, slots=True)
class DicomSeries:
    """What a DICOM export says of the series it belongs to.

    Attributes:
        study_uid: of the study.
        series_uid: of the series.
        frame_of_reference_uid: of its coordinates; where the series names none, one that follows from its own.
        sop_class_uid: what kind of images they are.
        shape: columns, rows, slices.
        slices: in the order of the grid's third axis.
        orientation: along a row, then along a column, LPS+ unit vectors.
        spacing_mm: between rows, between columns.
        step_mm: from a slice to the next.
        study_date: YYYYMMDD as the study says it, or empty.
        study_time: HHMMSS as the study says it, or empty.
        patient: DICOM keyword to what the source says of whose it is; empty writes the pseudonym.
    """

    study_uid: str
    series_uid: str
    frame_of_reference_uid: str
    sop_class_uid: str
    shape: tuple[int, int, int]
    slices: tuple[SourceSlice, ...]
    orientation: tuple[float, ...]
    spacing_mm: tuple[float, float]
    step_mm: float
    study_date: str = ""
    study_time: str = ""
    patient: tuple[tuple[str, str], ...] = ()

    def misses(self, grid: Grid) -> float:
        """Return by how many mm the farthest slice's corner lies beside the grid's; infinity for another shape."""
        if grid.affine is None or grid.shape != self.shape:
            return float("inf")
        lps = LPS_TO_RAS @ grid.affine
        row, column = np.array(self.orientation[:3]), np.array(self.orientation[3:])
        between_rows, between_columns = self.spacing_mm
        worst = 0.0
        for number, found in enumerate(self.slices):
            for i, j in ((0, 0), (self.shape[0] - 1, 0), (0, self.shape[1] - 1)):
                here = np.array(found.position) + row * between_columns * i + column * between_rows * j
                worst = max(worst, float(np.linalg.norm(here - (lps @ [i, j, number, 1])[:3])))
        return worst


def series_of_files(source: Source) -> DicomSeries:
    """Read what an export refers to from the files of a series, in the order in which its volume is read.

    Args:
        source: the files, in any order, and which channel of them.

    Raises:
        DamagedFileError: a file is no DICOM, or damaged.
        InputRefusedError: the slices make no volume.
        RefusedError: the slices do not say where they are.
        OSError: a file cannot be opened.
    """
    found = arrange([frame for file in source.files for frame in frames_of(read_header(file))])
    frames = found.channels[source.channel]
    first = frames[0]
    if found.turned is None or found.step_mm is None or first.spacing_mm is None:
        raise RefusedError("the image does not say where in the patient it lies, so nothing can be placed on it")
    said = first.header.elements
    rows, columns = first.size
    dates = _said_by(first.header.path, STUDY)
    return DicomSeries(
        study_uid=said.text("StudyInstanceUID"),
        series_uid=said.text("SeriesInstanceUID"),
        frame_of_reference_uid=said.text("FrameOfReferenceUID") or derived_uid("frame", said.text("SeriesInstanceUID")),
        sop_class_uid=said.text("SOPClassUID"),
        shape=(columns, rows, len(frames)),
        slices=tuple(SourceSlice(frame.uid, _number(frame), _placed(frame)) for frame in frames),
        orientation=(*map(float, found.turned.along_row), *map(float, found.turned.along_column)),
        spacing_mm=first.spacing_mm,
        step_mm=float(np.linalg.norm(found.step_mm)),
        study_date=dates.get("StudyDate", "") or said.text("StudyDate"),
        study_time=dates.get("StudyTime", ""),
    )


def series_of_uids(uids: Mapping[str, Sequence[str]], grid: Grid, channel: int = 0) -> DicomSeries | None:
    """Return what an export refers to from the identifiers that reading a series gave, and its grid.

    Args:
        uids: keyword to identifiers, as `StoredImage.uids` holds them and an import keeps them.
        grid: the grid the series was read on: columns, rows, slices.
        channel: which of several channels of the series.

    Returns:
        The series, without the date of its study; None where the identifiers are not those of a placed series.
    """
    objects, frames = uids.get("SOPInstanceUID", ()), uids.get("FrameNumber", ())
    count = grid.shape[2]
    here = slice(channel * count, (channel + 1) * count)
    if grid.affine is None or len(objects[here]) != count or any(not uids.get(name) for name in IDENTIFIERS[:2]):
        return None
    several = len(set(objects)) < len(objects) or any(number != "1" for number in frames)
    lps = LPS_TO_RAS @ grid.affine
    between_columns, between_rows, step_mm = (float(np.linalg.norm(lps[:3, axis])) for axis in range(3))
    one = {name: uids[name][0] if uids.get(name) else "" for name in IDENTIFIERS}
    return DicomSeries(
        study_uid=one["StudyInstanceUID"],
        series_uid=one["SeriesInstanceUID"],
        frame_of_reference_uid=one["FrameOfReferenceUID"] or derived_uid("frame", one["SeriesInstanceUID"]),
        sop_class_uid=one["SOPClassUID"],
        shape=grid.shape,
        slices=tuple(
            SourceSlice(uid, int(frames[here][k]) if several else None, _vector(lps @ [0, 0, k, 1]))
            for k, uid in enumerate(objects[here])
        ),
        orientation=(*map(float, lps[:3, 0] / between_columns), *map(float, lps[:3, 1] / between_rows)),
        spacing_mm=(between_rows, between_columns),
        step_mm=step_mm,
    )


def with_patient(series: DicomSeries, source: Path) -> DicomSeries:
    """Return the series with what the source says of the patient and the study's date.

    Args:
        series: to be written with the patient's name.
        source: a DICOM file of the same study, or a folder that holds one.

    Raises:
        RefusedError: there is no DICOM file, or none of the study.
    """
    files = [source] if source.is_file() else sorted(path for path in source.rglob("*") if path.is_file())
    others = 0
    for file in files:
        said = _said_by(file, ("StudyInstanceUID", *STUDY, *PATIENT))
        if said.get("StudyInstanceUID") == series.study_uid:
            return replace(
                series,
                patient=tuple((keyword, said[keyword]) for keyword in PATIENT if said.get(keyword)),
                study_date=said.get("StudyDate", "") or series.study_date,
                study_time=said.get("StudyTime", "") or series.study_time,
            )
        others += bool(said.get("StudyInstanceUID"))
    found = f"{others} DICOM file(s), all of other studies" if others else "no DICOM file"
    raise RefusedError(f"the source to take the patient from holds {found}; give files of the segmented study")


def derived_uid(*parts: str | bytes) -> str:
    """Return an identifier that follows from what it is given.

    Reference: DICOM PS3.5, B.2 (identifiers made of a UUID under 2.25).
    """
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else part.encode())
        digest.update(b"\0")
    return f"2.25.{uuid.UUID(bytes=digest.digest()[:16], version=5).int}"


def _said_by(file: Path, keywords: Sequence[str]) -> dict[str, str]:
    """Return what a file says, as text; nothing where it cannot be read."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    try:
        with file.open("rb") as stream:
            zipped = stream.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        whole: Path | BytesIO = file
        if zipped:
            with gzip.open(file) as stream:
                whole = BytesIO(stream.read(HEAD))
        said: Dataset = dcmread(whole, force=True, stop_before_pixels=True, specific_tags=list(keywords))
        found = {name: str(said[name].value) for name in keywords if name in said and said[name].value is not None}
    except (InvalidDicomError, OSError, ValueError, KeyError, AttributeError, EOFError):
        return {}
    # what a file says against the standard cannot be written again
    return {name: value for name, value in found.items() if name not in FORMS or FORMS[name].fullmatch(value)}


def _number(frame: Frame) -> int | None:
    return frame.index + 1 if frame.header.elements.integer("NumberOfFrames", 1) > 1 else None


def _placed(frame: Frame) -> Vector:
    assert frame.position is not None, "arranged frames have a place"
    return frame.position


def _vector(place: npt.NDArray[np.float64]) -> Vector:
    return float(place[0]), float(place[1]), float(place[2])
