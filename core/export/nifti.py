"""Label maps and probabilities as NIfTI-1, on exactly the grid that their input came from.

Provenance stands in `descrip`, in short, and as JSON in a header extension of code 6 (comment), which readers skip.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.data.formats.nifti_write import LABEL_INTENT, write_nifti
from core.export.segmented_case import NotExportableError, SegmentedCase
from core.export.spec import MaskOnGrid
from core.export.writing import saying_why
from core.volume import Grid

WHOLE = 255  # a stored probability of 1


def write_mask(path: Path, mask: MaskOnGrid | SegmentedCase) -> None:
    """Write a label map as `write_label_map` does; of a segmented case in its scheme's labels, with provenance.

    Raises:
        NotWrittenError: the disk is full, or the folder cannot be written.
    """
    with saying_why(path.name):
        if isinstance(mask, MaskOnGrid):
            write_label_map(path, mask.labels, mask.grid)
            return
        labels = mask.scheme.to_labels(mask.bits)
        codes = {"labels": {str(value): name for value, name in mask.scheme.labels.items()}}
        write_label_map(path, labels, mask.grid, mask.provenance.short, _comment(mask, codes))


def write_label_map(
    path: Path, labels: npt.NDArray[np.uint8 | np.uint16], grid: Grid, description: str = "", comment: str = ""
) -> None:
    """Write labels with the input's affine, form codes, quaternion, voxel sizes and axis order.

    Args:
        path: ends in `.nii.gz`; appears whole or not at all.
        labels: (X, Y, Z) uint8 or uint16 in RAS+.
        grid: the input file's grid, through which the labels go back.
        description: at most 79 bytes for the header.
        comment: what the header's extension says.

    Raises:
        ValueError: the labels are not of the grid's shape.
    """
    if labels.shape != grid.ras_shape:
        raise ValueError(f"labels of shape {labels.shape}; expected {grid.ras_shape}, the grid they are written on")
    native = grid.from_ras(labels)
    write_nifti(path, native, grid, intent=LABEL_INTENT, description=description, comment=comment)


def write_probabilities(path: Path, case: SegmentedCase) -> None:
    """Write (I, J, K, R) uint8 on the input's grid, one volume per region: probability = stored / 255.

    What is stored is what the network's answer was kept as, so nothing is lost; `scl_slope` is 1/255. Of exclusive
    classes a region's probability is the sum over its classes.

    Raises:
        NotExportableError: the case holds a mask alone.
        NotWrittenError: the disk is full, or the folder cannot be written.
    """
    if sentence := no_probabilities(case):
        raise NotExportableError(sentence)
    found = case.prediction
    assert found is not None, "no_probabilities says so"
    native = np.zeros((*case.grid.shape, len(case.regions)), np.uint8, order="F")
    for number, region in enumerate(case.regions):
        whole = found.box.paste(found.region_probabilities(region), found.shape)
        native[..., number] = case.grid.from_ras(whole)
    comment = _comment(case, {"volumes": list(case.regions)})
    with saying_why(path.name):
        write_nifti(path, native, case.grid, 1 / WHOLE, description=case.provenance.short, comment=comment)


def no_probabilities(case: SegmentedCase) -> str:
    """Say why a case's probabilities cannot be written; empty where they can."""
    if case.prediction is None:
        return f"{case.case_id} holds a mask alone, without probabilities; segment it again, or export the mask"
    if case.prediction.shape != case.bits.shape or case.prediction.regions != case.regions:
        return f"{case.case_id} holds probabilities of another grid or other regions than its mask; segment it again"
    return ""


def _comment(case: SegmentedCase, more: dict[str, Any]) -> str:
    said = {"case": case.case_id, "scheme": case.scheme.name, **more, "provenance": case.provenance.to_json()}
    return json.dumps(said, sort_keys=True)
