"""How much memory a large CT takes, from its file to the mask's, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from core.data.formats.grid import grid_from_affine
from core.data.formats.nifti_write import write_nifti

SHAPE = (512, 512, 1000)
AIR_HU, WATER_HU = -1000, 40


def write_ct(folder: Path, shape: tuple[int, int, int] = SHAPE) -> Path:
    """Write a body in air: an elliptic cylinder of 40 HU with grains of noise, int16, 0.8 × 0.8 × 1 mm."""
    x, y = (np.linspace(-1, 1, side, dtype=np.float32) for side in shape[:2])
    body = (x[:, None] / 0.85) ** 2 + (y / 0.65) ** 2 < 1
    rng = np.random.default_rng(0)
    grain = rng.integers(-20, 20, (*shape[:2], 8), np.int16)
    voxels = np.full(shape, AIR_HU, np.int16, order="F")
    for z in range(shape[2]):
        voxels[..., z] = np.where(body, WATER_HU + grain[..., z % 8], AIR_HU)
    grid = grid_from_affine(shape, np.diag([0.8, 0.8, 1.0, 1.0]))
    path = folder / "phantom" / "phantom_ct.nii.gz"
    path.parent.mkdir(parents=True)
    write_nifti(path, voxels, grid)
    return path.parent


def segment(folder: Path, checkpoint: Path, out: Path) -> dict[str, Any]:
    """Run `segment` on it and return its document."""
    command = [sys.executable, "-m", "core", "segment", str(folder), "--checkpoint", str(checkpoint)]
    options = ["--out", str(out), "--layout", "proposed", "--call", "image=ct", "--json"]
    done = subprocess.run([*command, *options], capture_output=True, check=False, env=os.environ, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    document: dict[str, Any] = json.loads(done.stdout)
    return document
