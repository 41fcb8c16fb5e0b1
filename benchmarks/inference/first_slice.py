"""How long the slice on screen waits for its mask: a stored case, the network warm."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

from core.checkpoints import Checkpoint, load_model
from core.data.layouts import read_layout
from core.data.load import load_case
from core.data.store import open_case, slice_case, write_case
from core.inference.device import choose_compute
from core.inference.predictor import Predictor


def first_slices(folder: Path, checkpoint: Checkpoint, scratch: Path, clicks: int) -> dict[str, Any]:
    """Open a case of the store and segment one slice, again and again, on slices drawn at random."""
    (case,) = read_layout(folder).cases
    write_case(scratch / "stored", slice_case(case.case_id, load_case(case, None).volume, None, "axial"))
    predictor = Predictor(load_model(checkpoint), checkpoint.spec, choose_compute("cpu"))
    rng = np.random.default_rng(0)
    waited, worked = [], []
    for number in range(clicks + 3):
        wanted = int(rng.choice(open_case(scratch / "stored", "axial").slice_index))
        begun, busy = perf_counter(), process_time()
        predictor.first_slice(open_case(scratch / "stored", "axial"), wanted)
        if number >= 3:  # the first calls choose their kernels
            waited.append(perf_counter() - begun)
            worked.append(process_time() - busy)
    return {
        "clicks": clicks,
        "median_s": round(float(np.median(waited)), 4),
        "p95_s": round(float(np.percentile(waited, 95)), 4),
        "median_cpu_s": round(float(np.median(worked)), 4),
        "p95_cpu_s": round(float(np.percentile(worked, 95)), 4),
    }
