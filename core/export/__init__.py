"""What a mask or a comparison of models can be written as. `EXPORTS` is what is plugged in."""

from __future__ import annotations

from core.checkpoints import Checkpoint
from core.errors import RefusedError
from core.export.nifti import write_mask
from core.export.onnx import write_onnx
from core.export.report import Comparison, write_report
from core.export.spec import ExportSpec, MaskOnGrid
from core.registry import look_up

__all__ = ["EXPORTS", "ExportSpec", "MaskOnGrid", "UnknownExportError", "export_named"]

EXPORTS: dict[str, ExportSpec] = {
    "nifti": ExportSpec("nifti", "NIfTI-1 label map on the input's own grid", (MaskOnGrid,), (".nii.gz",), write_mask),
    "report": ExportSpec("report", "Printable report", (Comparison,), (".html", ".pdf"), write_report),
    "onnx": ExportSpec("onnx", "Network for ONNX Runtime, with its card", (Checkpoint,), (".onnx",), write_onnx),
}


class UnknownExportError(RefusedError):
    """An export's name that is not one of `EXPORTS`."""


def export_named(name: str) -> ExportSpec:
    """Return the export called `name`.

    Raises:
        UnknownExportError: no such export; the message lists the known ones.
    """
    return look_up(EXPORTS, name, "export", UnknownExportError)
