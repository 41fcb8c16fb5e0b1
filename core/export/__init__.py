"""What a segmented case, a comparison of models or a checkpoint can be written as. `EXPORTS` is what is plugged in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.checkpoints import Checkpoint
from core.errors import RefusedError
from core.export.case_files import write_case
from core.export.dicom.marks import why_not_dicom
from core.export.dicom.rtstruct import write_rtstruct
from core.export.dicom.seg import write_dicom_seg
from core.export.dicom.series import with_patient
from core.export.measurements import not_measured, write_csv_measurements, write_json_measurements
from core.export.nifti import no_probabilities, write_mask, write_probabilities
from core.export.onnx import write_onnx
from core.export.provenance import RESEARCH_ONLY, Provenance, provenance_of
from core.export.report import Comparison, write_report
from core.export.segmented_case import NotExportableError, SegmentedCase, SegmentedRegion
from core.export.spec import ExportSpec, MaskOnGrid
from core.export.surfaces import no_millimetres, write_glb, write_ply, write_stl
from core.export.writing import NotWrittenError
from core.registry import look_up

__all__ = [
    "CASE_FORMATS",
    "EXPORTS",
    "GROUPS",
    "RESEARCH_ONLY",
    "ExportSpec",
    "MaskOnGrid",
    "NotExportableError",
    "NotWrittenError",
    "Provenance",
    "SegmentedCase",
    "SegmentedRegion",
    "UnknownExportError",
    "export_case",
    "export_named",
    "formats_named",
    "provenance_of",
]

EXPORTS: dict[str, ExportSpec] = {
    "nifti": ExportSpec(
        "nifti", "NIfTI-1 label map on the input's own grid", (MaskOnGrid, SegmentedCase), (".nii.gz",), write_mask
    ),
    "nifti-probabilities": ExportSpec(
        "nifti-probabilities",
        "NIfTI-1 probabilities on the input's own grid, a volume per region",
        (SegmentedCase,),
        (".nii.gz",),
        write_probabilities,
        called="probabilities",
        why_not=no_probabilities,
    ),
    "dicom-seg": ExportSpec(
        "dicom-seg",
        "DICOM segmentation on the source series",
        (SegmentedCase,),
        (".dcm",),
        write_dicom_seg,
        why_not=why_not_dicom,
    ),
    "rtstruct": ExportSpec(
        "rtstruct",
        "DICOM structure set (RTSTRUCT) on the source series",
        (SegmentedCase,),
        (".dcm",),
        write_rtstruct,
        called="rtstruct",
        why_not=why_not_dicom,
    ),
    "stl": ExportSpec(
        "stl", "Surface of each region in mm (STL)", (SegmentedRegion,), (".stl",), write_stl, why_not=no_millimetres
    ),
    "ply": ExportSpec(
        "ply", "Surface of each region in mm (PLY)", (SegmentedRegion,), (".ply",), write_ply, why_not=no_millimetres
    ),
    "glb": ExportSpec(
        "glb", "Surfaces of all regions in mm, coloured", (SegmentedCase,), (".glb",), write_glb, why_not=no_millimetres
    ),
    "csv": ExportSpec(
        "csv",
        "Measurements as a table",
        (SegmentedCase,),
        (".csv",),
        write_csv_measurements,
        called="measurements",
        why_not=not_measured,
    ),
    "json": ExportSpec(
        "json",
        "Measurements as JSON",
        (SegmentedCase,),
        (".json",),
        write_json_measurements,
        called="measurements",
        why_not=not_measured,
    ),
    "report": ExportSpec(
        "report",
        "Printable report",
        (Comparison, SegmentedCase),
        (".html", ".pdf"),
        write_report,
        called="report",
    ),
    "onnx": ExportSpec("onnx", "Network for ONNX Runtime, with its card", (Checkpoint,), (".onnx",), write_onnx),
}
# one name for several
GROUPS: dict[str, tuple[str, ...]] = {"mesh": ("stl", "ply", "glb")}
# what a segmented case can be written as
CASE_FORMATS = tuple(name for name, spec in EXPORTS.items() if not {SegmentedCase, SegmentedRegion}.isdisjoint(spec.of))


class UnknownExportError(RefusedError):
    """An export's name that is not one of `EXPORTS`."""


def export_named(name: str) -> ExportSpec:
    """Return the export called `name`.

    Raises:
        UnknownExportError: no such export; the message lists the known ones.
    """
    return look_up(EXPORTS, name, "export", UnknownExportError)


def formats_named(names: Sequence[str]) -> tuple[str, ...]:
    """Return the formats of a segmented case by their names or their groups', each once, in order.

    Raises:
        UnknownExportError: one is neither; the message lists the known ones.
    """
    known = {name: EXPORTS[name] for name in CASE_FORMATS}
    every = [each for name in names for each in GROUPS.get(name, (name,))]
    return tuple(look_up(known, name, "export of a case", UnknownExportError).name for name in dict.fromkeys(every))


def export_case(case: SegmentedCase, formats: Sequence[str], out: Path, reidentify: Path | None = None) -> list[Path]:
    """Write a segmented case as `<case_id>_seg.nii.gz`, `<case_id>_seg.dcm` and so on.

    Args:
        case: what to write.
        formats: names of `EXPORTS`, or of `GROUPS`; each is written once.
        out: the folder; made if need be.
        reidentify: a file of the study, or a folder that holds one, to take the patient's name from for DICOM
            exports; None calls the patient by the case's pseudonym. No other format ever says who it is.

    Returns:
        The files, in the order of the formats. STL and PLY have one for each region that is not empty; a report is
        HTML and, where this machine can print, PDF.

    Raises:
        UnknownExportError: a format is not known.
        NotExportableError: the case lacks what a format needs; nothing is written.
        NotWrittenError: the disk is full, or the folder cannot be written; no half file is left.
        RefusedError: the patient is to be taken from files that are not of the study.
    """
    if reidentify is not None and case.dicom is not None:
        case = replace(case, dicom=with_patient(case.dicom, reidentify))
    try:
        return write_case(case, [EXPORTS[name] for name in formats_named(formats)], out)
    except ModuleNotFoundError as error:  # requirements-light.txt has not everything
        raise NotExportableError(
            f"{' or '.join(formats)} needs {error.name}, which is not installed here; choose another format, or "
            "install requirements.txt"
        ) from None
