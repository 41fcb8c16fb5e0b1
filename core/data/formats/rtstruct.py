"""DICOM structure sets (RTSTRUCT) as reference masks: closed contours, filled on the slices of the images.

Reference: DICOM PS3.3, A.19 (RT structure set IOD), C.8.8.5 and C.8.8.6 (structures and their contours).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.case import Source
from core.data.formats.contour_slices import lay_on_slices, masks_of, misses
from core.data.formats.dicom.elements import Elements
from core.data.formats.dicom.header import Header, read_header
from core.data.formats.dicom.objects import STRUCTURES, not_an_image
from core.data.formats.findings import note, refusal, warning
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.formats.label_painting import paint
from core.data.formats.planes import LPS_TO_RAS
from core.data.formats.roi_names import harmless_name
from core.data.formats.spec import Files, FormatSpec
from core.data.image import StoredImage, plain_image
from core.data.refusal import Finding
from core.labels import MAX_LABEL, listed
from core.volume import Grid

Floats = npt.NDArray[np.float64]

CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
FARTHEST_MM = 1e6  # a point beyond it belongs to no patient
NAMED = 24  # structures that a sentence names


@dataclass(frozen=True, slots=True, eq=False)
class _Roi:
    """One structure.

    Attributes:
        label: its place among the structures' numbers, from 1.
        name: what it may be called.
        contours: corners (N, 3) of each closed one, RAS+ mm.
        skipped: how many others it has: points, open lines.
    """

    label: int
    name: str
    contours: tuple[Floats, ...]
    skipped: int


def read_structures(source: Source, onto: Grid | None) -> StoredImage:
    """Read a structure set as labels on the images' grid: 1 to n in the order of the structures' numbers.

    Args:
        source: one file; its channel is ignored.
        onto: the images' grid, in any orientation; contours lie in its planes.

    Returns:
        (1, I, J, K) of `onto`, uint8 or uint16, 0 outside every structure.

    Raises:
        DamagedFileError: the file is truncated, corrupt or contradicts itself.
        InputRefusedError: it is no structure set, there are no images, its contours do not lie on their slices, or
            its structures overlap more than one label map can hold.
        OSError: it cannot be opened.
    """
    if len(source.files) != 1:
        raise DamagedFileError(f"{len(source.files)} files for one structure set; expected one")
    rois = _rois(read_header(source.file))
    if onto is None or onto.affine is None:
        raise refusal(
            "needs_images",
            "contours alone, which have no pixels of their own",
            "the image series they were drawn on",
            "give the series as well, with its positions",
        )
    drawing = lay_on_slices({roi.label: roi.contours for roi in rois}, onto)
    findings = misses(drawing)
    masks = masks_of(drawing)
    labels, overlaps = paint(onto.shape, masks, "ROI")
    empty = tuple(label for label, mask in masks.items() if not mask.size)
    return plain_image(labels[np.newaxis], onto, (*_about(rois, empty), *findings, *overlaps))


def _rois(header: Header) -> list[_Roi]:
    said = header.elements
    if said.text("SOPClassUID") != STRUCTURES:
        fix = "choose the file that holds the contours"
        found = not_an_image(header) or "a DICOM image"
        raise refusal("not_a_structure_set", found, "a DICOM structure set (RTSTRUCT)", fix)
    names = {item.integer("ROINumber", -1): item.text("ROIName") for item in said.items("StructureSetROISequence")}
    if not 0 < len(names) <= MAX_LABEL or min(names) < 0:
        raise DamagedFileError(f"{len(names):,} numbered structures; expected 1 to {MAX_LABEL:,}")
    contours: dict[int, list[Elements]] = defaultdict(list)
    for item in said.items("ROIContourSequence"):
        contours[item.integer("ReferencedROINumber", -1)] += item.items("ContourSequence")
    if not contours.keys() <= names.keys():
        raise DamagedFileError("contours of a structure that the file does not list")
    return [
        _roi(label, harmless_name(names[number]), contours[number]) for label, number in enumerate(sorted(names), 1)
    ]


def _roi(label: int, name: str, contours: Sequence[Elements]) -> _Roi:
    closed = []
    for contour in contours:
        points = contour.numbers("ContourData")
        if len(points) % 3 or ("ContourData" in contour and not points):
            raise DamagedFileError("a contour whose points are not three numbers each")
        corners = np.array(points).reshape(-1, 3)
        if np.abs(corners).max(initial=0) > FARTHEST_MM:
            raise DamagedFileError("a contour kilometres away")
        if contour.text("ContourGeometricType") in CLOSED and len(corners) >= 3:
            closed.append(corners * LPS_TO_RAS)
    return _Roi(label, name or f"ROI {label}", tuple(closed), len(contours) - len(closed))


def _about(rois: Sequence[_Roi], empty: tuple[int, ...]) -> list[Finding]:
    """Say what the labels stand for, and which structures are missing from the mask."""
    names = ", ".join(f"{roi.label} {roi.name}" for roi in rois[:NAMED])
    more = f" and {len(rois) - NAMED} more" if len(rois) > NAMED else ""
    fix = "write down what each label means in a scheme file; names of unknown words are not shown"
    findings = [note("roi_labels", f"structures numbered as labels: {names}{more}", "a scheme that knows them", fix)]
    if skipped := sum(roi.skipped for roi in rois):
        found = f"{skipped} contours that are points or open lines"
        findings.append(note("contours_skipped", found, "closed contours, which hold voxels", "they are left out"))
    if empty:
        found = f"structures that hold no voxel (ROI {listed(empty)})"
        findings.append(warning("empty_rois", found, "a voxel centre within each", "look whether they are meant to be"))
    return findings


def _read(files: Files) -> StoredImage:  # noqa: ARG001
    fix = "choose the series it was drawn on, and give this file as its reference mask"
    raise refusal("not_an_image", "contours (RTSTRUCT)", "an image", fix)


RTSTRUCT = FormatSpec(
    name="rtstruct",
    title="DICOM structure set (RTSTRUCT), as a reference mask",
    suffixes=(),
    read=_read,
    read_mask=read_structures,
)
