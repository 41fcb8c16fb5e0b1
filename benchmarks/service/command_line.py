"""The same studies by one `python -m core segment`, timed warm: from its first mask to its last."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from core.workspace import PROJECT


def by_command(studies: Path, place: Path, checkpoint: str) -> dict[str, Any]:
    """Segment every case below a folder with one command.

    The first case is left out of the time, which spares the command its start and the loading of the model.

    Returns:
        `studies_per_min`, and `masks`: the SHA-256 of each.
    """
    out = place / "masks"
    environment = os.environ | {"SEGSCOPE_WORKSPACE": str(place / "by-command"), "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "core", "segment", str(studies), "--checkpoint", checkpoint, "--out", str(out)]
    process = subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    seen: dict[str, float] = {}
    while process.poll() is None:
        for path in out.glob("*_seg.nii.gz"):
            seen.setdefault(path.name, time.perf_counter())
        time.sleep(0.01)
    assert process.returncode == 0
    masks = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in out.glob("*_seg.nii.gz")}
    times = sorted([*seen.values(), *[time.perf_counter()] * (len(masks) - len(seen))])
    minutes = (times[-1] - times[0]) / 60
    return {"studies_per_min": round((len(times) - 1) / minutes, 2), "masks": masks}
