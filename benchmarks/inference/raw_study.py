"""The clinical study as the scanner left it, from files to masks by the command line, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.data.formats.nifti import read_nifti
from core.data.load import load_label_file
from core.harmonise.quality import dice
from core.harmonise.register import Scan, register
from core.harmonise.resample import resample
from core.labels import scheme_named

PATIENT = Path("clinical_study/TCGA-FG-6692")
FLAIR, T1C = "*_fla.nii.gz", "*_t1c.nii.gz"
SHOWN = 6  # slices of each series in the picture
TILE = 256
OUTLINES = ((2, (80, 200, 80)), (1, (90, 130, 255)), (3, (255, 90, 90)))  # label of BraTS 2023 to its colour


def segment(data: Path, checkpoint: str, out: Path) -> dict[str, Any]:
    """Run `segment` on the raw series and return its document."""
    command = [sys.executable, "-m", "core", "segment", str(data / PATIENT / "raw"), "--out", str(out), "--json"]
    done = subprocess.run([*command, "--checkpoint", checkpoint], capture_output=True, check=True, env=os.environ)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def whole_tumour_dice(data: Path, mask_on_flair: Path) -> float:
    """Lay a mask on the raw FLAIR's grid over the FLAIR that another pipeline prepared, and compare it with its mask.

    The two FLAIRs are aligned rigidly; the prepared mask was fused from five models, and no human drew it.
    """
    prepared = data / PATIENT / "prepared_by_brats_toolkit"
    theirs, _ = load_label_file(prepared / "fused_model_masks.nii.gz", scheme_named("brats-2021"))
    brain = read_nifti(prepared / "fla_bet.nii.gz")
    raw = read_nifti(next((data / PATIENT / "raw").glob(FLAIR)))
    mask = read_nifti(mask_on_flair)
    found = register(Scan(brain.values(0), brain.grid), Scan(raw.values(0), raw.grid))
    assert mask.grid.affine is not None
    drawn = (mask.values(0) != 0).astype(np.float32)
    ours = resample(drawn, mask.grid.affine, replace(brain.grid), found.transform) >= 0.5
    return dice(np.asarray(brain.grid.to_ras(ours)), np.asarray(theirs & 1 != 0))


def picture(data: Path, masks: dict[str, Path]) -> bytes:
    """Return a PNG: the slices of FLAIR and T1c with most tumour, the regions outlined on the series's own voxels."""
    import io

    from PIL import Image

    rows = []
    for series, pattern in (("t2f", FLAIR), ("t1c", T1C)):
        values = read_nifti(next((data / PATIENT / "raw").glob(pattern))).values(0)
        labels = np.asarray(read_nifti(masks[series]).values(0))
        most = np.argsort(-(labels > 0).sum(axis=(0, 1)), kind="stable")[:SHOWN]
        bright = float(np.percentile(values, 99.5))
        rows.append(np.hstack([_tile(values[..., z] / bright, labels[..., z]) for z in sorted(most)]))
    file = io.BytesIO()
    Image.fromarray(np.vstack(rows)).save(file, "PNG", optimize=True)
    return file.getvalue()


def _tile(values: npt.NDArray[np.floating[Any]], labels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    grey = (np.clip(values, 0, 1) * 255).astype(np.uint8)
    rgb = np.repeat(grey[..., None], 3, axis=2)
    for label, colour in OUTLINES:
        region = labels > 0 if label == 2 else np.isin(labels, (1, 3)) if label == 1 else labels == label
        rgb[region & ~_eroded(region)] = colour
    upright = np.rot90(rgb)[:TILE, :TILE]
    tile = np.zeros((TILE, TILE, 3), np.uint8)
    tile[: upright.shape[0], : upright.shape[1]] = upright
    return tile


def _eroded(region: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    inner = region.copy()
    inner[1:-1, 1:-1] &= region[:-2, 1:-1] & region[2:, 1:-1] & region[1:-1, :-2] & region[1:-1, 2:]
    return inner
