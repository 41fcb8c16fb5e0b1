"""How much memory a large CT takes, from its file to the mask's, in a process of its own.

`python -m benchmarks.inference.large_ct [--slices N…] [--fast] [--canvas SIDE]` segments a CT of 512 × 512 × N voxels
by `python -m core segment` and prints the most memory in each step; of several N also the straight line through them,
at 1000 slices. Air around the body is cropped as in any segmentation; with `--canvas 512` the network still runs on
whole slices.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.inference.network import body_spec, random_checkpoint
from core.data.formats.grid import grid_from_affine
from core.data.formats.nifti_write import write_nifti

SIDE, SLICES = 512, 1000
AIR_HU, WATER_HU = -1000, 40
LOOK_EVERY_S = 0.05
MIB = 1024**2


def write_ct(folder: Path, slices: int = SLICES) -> Path:
    """Write a body in air: an elliptic cylinder of 40 HU with grains of noise, int16, 0.8 × 0.8 × 1 mm."""
    x, y = np.linspace(-1, 1, SIDE, dtype=np.float32)[:, None], np.linspace(-1, 1, SIDE, dtype=np.float32)
    body = (x / 0.85) ** 2 + (y / 0.65) ** 2 < 1
    rng = np.random.default_rng(0)
    grain = rng.integers(-20, 20, (SIDE, SIDE, 8), np.int16)
    voxels = np.full((SIDE, SIDE, slices), AIR_HU, np.int16, order="F")
    for z in range(slices):
        voxels[..., z] = np.where(body, WATER_HU + grain[..., z % 8], AIR_HU)
    grid = grid_from_affine(voxels.shape, np.diag([0.8, 0.8, 1.0, 1.0]))
    path = folder / "phantom" / "phantom_ct.nii.gz"
    path.parent.mkdir(parents=True)
    write_nifti(path, voxels, grid)
    return path.parent


def measure(scratch: Path, slices: int = SLICES, fast: bool = False, canvas: int | None = None) -> dict[str, Any]:
    """Segment a CT with a ResNet34 U-Net of random weights.

    Args:
        scratch: a folder of its own.
        slices: how many the CT has.
        fast: in bfloat16 where the processor has it.
        canvas: the least side of what goes through the network; None crops to the body.

    Returns:
        `shape`, `network`, `seconds` of each step, `peak_memory_mb`, `peak_by_step_mb`, `file_bytes`.
    """
    folder = write_ct(scratch / "ct", slices)
    spec = body_spec().model_copy(update={"input_size": (canvas, canvas) if canvas else None})
    random_checkpoint(scratch / "body", spec)
    document, seen = segment(folder, scratch / "body", scratch / "out", fast)
    return {
        "shape": [SIDE, SIDE, slices],
        "network": "a ResNet34 U-Net",
        "precision": document["precision"],
        "canvas": canvas,
        "peak_memory_mb": document["peak_memory_mb"],
        "peak_by_step_mb": peaks(document["seconds"], Path(document["files"][0]).stat().st_mtime, seen),
        "seconds": document["seconds"],
        "file_bytes": next(folder.iterdir()).stat().st_size,
    }


def segment(folder: Path, checkpoint: Path, out: Path, fast: bool) -> tuple[dict[str, Any], list[tuple[float, int]]]:
    """Run `segment`; return its document, and its resident bytes at moments in seconds since the epoch."""
    command = [sys.executable, "-m", "core", "segment", str(folder), "--checkpoint", str(checkpoint)]
    options = ["--out", str(out), "--layout", "proposed", "--call", "image=ct", "--json", *(["--fast"] if fast else [])]
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen([*command, *options], stdout=said, stderr=complaints, env=os.environ)
        watched, seen = psutil.Process(process.pid), []
        while process.poll() is None:
            seen.append((time.time(), int(watched.memory_info().rss)))
            time.sleep(LOOK_EVERY_S)
        said.seek(0)
        complaints.seek(0)
        if process.returncode:
            raise RuntimeError(complaints.read())
        document: dict[str, Any] = json.loads(said.read())
    return document, seen


def peaks(seconds: dict[str, float], ended: float, seen: list[tuple[float, int]]) -> dict[str, int]:
    """Return the most MiB that were seen in each step; the steps follow one another, the last one ends at `ended`."""
    found = {}
    for step in reversed(seconds):
        began = ended - seconds[step]
        found[step] = max((rss // MIB for at, rss in seen if began <= at <= ended), default=0)
        ended = began
    return dict(reversed(found.items()))


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser("python -m benchmarks.inference.large_ct", description=__doc__)
    arguments.add_argument("--slices", type=int, nargs="+", default=[SLICES])
    arguments.add_argument("--fast", action="store_true")
    arguments.add_argument("--canvas", type=int, choices=(SIDE,))
    options = arguments.parse_args()
    found = []
    for slices in options.slices:
        with tempfile.TemporaryDirectory() as scratch:
            found.append(measure(Path(scratch), slices, options.fast, options.canvas))
        print(json.dumps(found[-1]), flush=True)
    if len(found) > 1:
        for name in ("load", "forward", "postprocess", "write"):
            slope, fixed = np.polyfit(options.slices, [each["peak_by_step_mb"][name] for each in found], 1)
            print(f"{name}: {fixed:.0f} MiB + {slope:.3f} MiB a slice; {fixed + slope * SLICES:.0f} MiB at {SLICES}")


if __name__ == "__main__":
    main()
