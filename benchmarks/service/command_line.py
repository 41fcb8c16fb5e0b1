"""The same studies by one `python -m core segment`, timed warm: from its first mask to its last."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.service.processor import busy_s
from core.workspace import PROJECT

LOOK_EVERY_S = 0.02


def by_command(studies: Path, place: Path, checkpoint: str) -> dict[str, Any]:
    """Segment every case below a folder with one command.

    The first case is left out, which spares the command its start and the loading of the model.

    Returns:
        `studies_per_min`, `cpu_s_per_study`, and `masks`: the SHA-256 of each.
    """
    out = place / "masks"
    environment = os.environ | {"SEGSCOPE_WORKSPACE": str(place / "by-command"), "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "core", "segment", str(studies), "--checkpoint", checkpoint, "--out", str(out)]
    process = subprocess.Popen(
        [*command, "--json"], cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    watched = psutil.Process(process.pid)
    seen: dict[str, tuple[float, float]] = {}
    while process.poll() is None:
        for path in out.glob("*_seg.nii.gz"):
            if path.name not in seen:
                seen[path.name] = (time.perf_counter(), busy_s(watched))
        time.sleep(LOOK_EVERY_S)
    assert process.returncode == 0
    masks = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in out.glob("*_seg.nii.gz")}
    assert len(seen) == len(masks) > 1
    (first, first_cpu), *_, (last, last_cpu) = sorted(seen.values())
    return {
        "studies_per_min": round((len(seen) - 1) * 60 / (last - first), 2),
        "cpu_s_per_study": round((last_cpu - first_cpu) / (len(seen) - 1), 2),
        "masks": masks,
    }
