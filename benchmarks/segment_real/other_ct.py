"""A CT in Hounsfield units and DICOM series, for which no checkpoint here was trained: what is said, and done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom

from benchmarks.segment_real.command import CommandFailedError, CommandLine
from benchmarks.segment_real.trained import TrainedRun

KIDNEYS = (2, 3)  # right and left among the labels beside the volume
VOLUME = "nifti_oddities/ct_multi_organ/example_ct_sm.nii.gz"
ORGANS = "nifti_oddities/ct_multi_organ/example_seg.nii.gz"
SERIES = ("dicom/series_ct_head", "dicom/series_ct_reversed")
SAME_PLACE_MM = 0.01


def ct_volume(data: Path, run: TrainedRun, command: CommandLine) -> dict[str, Any]:
    """Segment a CT of the abdomen by a checkpoint of windowed pictures: refused, then done where insisted on."""
    scratch = command.workspace / "segmented" / "ct-volume"
    (scratch / "scans").mkdir(parents=True, exist_ok=True)
    (scratch / "scans" / Path(VOLUME).name).write_bytes((data / VOLUME).read_bytes())
    found = _refused_then_told(scratch / "scans", scratch / "masks", run, command)
    mask, scan = nib.load(found.pop("file")), nib.load(data / VOLUME)
    kidneys = np.isin(np.asanyarray(nib.load(data / ORGANS).dataobj), KIDNEYS)
    drawn = np.asanyarray(mask.dataobj) > 0
    found["dice"] = round(2 * float((drawn & kidneys).sum()) / float(drawn.sum() + kidneys.sum()), 3)
    same = mask.shape == scan.shape and np.array_equal(mask.affine, scan.affine)
    return {"name": VOLUME, "wrong": [] if same else ["another grid than the scan's"], **found}


def ct_series(data: Path, series: str, run: TrainedRun, command: CommandLine) -> dict[str, Any]:
    """Segment a DICOM series, and hold the mask's grid against the positions that its files state."""
    found = _refused_then_told(data / series, command.workspace / "segmented" / Path(series).name, run, command)
    mask = nib.load(found.pop("file"))
    files = [pydicom.dcmread(file, stop_before_pixels=True) for file in sorted((data / series).rglob("*.dcm"))]
    off = _farthest_corner_mm(mask, files)
    wrong = [] if off is not None and off <= SAME_PLACE_MM else [f"a corner lies {off} mm from where DICOM has it"]
    return {"name": series, "wrong": wrong, "off_mm": off, **found}


def _refused_then_told(source: Path, out: Path, run: TrainedRun, command: CommandLine) -> dict[str, Any]:
    """Segment as it is, which is to be refused, and again with `--call ct=image`."""
    try:
        command.ask("segment", source, "--checkpoint", run.run, "--out", out)
        refusal = ""
    except CommandFailedError as error:
        refusal = str(error).partition("error: ")[2].splitlines()[0]
    answer = command.ask("segment", source, "--checkpoint", run.run, "--out", out, "--call", "ct=image")
    (file,) = answer.document["files"]
    unlike = [each["found"] for each in answer.document["findings"] if each["code"] == "unlike_training"]
    case = answer.document["cases"][0]
    unlike += [each["found"] for each in case["findings"] if each["code"] == "unlike_training"]
    return {
        "file": file,
        "run": run.run,
        "refusal": refusal,
        "unlike": unlike[0] if unlike else "",
        "command": answer.line,
        "shape": list(nib.load(file).shape),
        "seconds": answer.seconds,
    }


def _farthest_corner_mm(mask: Any, files: list[Any]) -> float | None:
    """Return how far the corners of a mask lie from those of a series, each from the nearest; None of another size."""
    first = files[0]
    across, down = (np.array(first.ImageOrientationPatient[i : i + 3], float) for i in (0, 3))
    row_mm, column_mm = map(float, first.PixelSpacing)
    along = np.cross(across, down)
    origins = sorted((np.array(each.ImagePositionPatient, float) for each in files), key=lambda at: float(at @ along))
    if sorted(mask.shape) != sorted((int(first.Columns), int(first.Rows), len(files))):
        return None
    theirs = np.array([
        origin + across * column_mm * i + down * row_mm * j
        for origin in (origins[0], origins[-1]) for i in (0, int(first.Columns) - 1) for j in (0, int(first.Rows) - 1)
    ])  # fmt: skip
    theirs[:, :2] *= -1  # DICOM counts towards the patient's left and back, NIfTI towards the right and the front
    last = np.array(mask.shape) - 1
    ours = np.array([(mask.affine @ [*(last * bits), 1])[:3] for bits in np.ndindex(2, 2, 2)])
    apart = np.linalg.norm(ours[:, np.newaxis] - theirs[np.newaxis], axis=2)
    return round(float(max(apart.min(axis=0).max(), apart.min(axis=1).max())), 4)
