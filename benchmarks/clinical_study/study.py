"""The measurements: harmonise the study, and compare with what another pipeline made of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

from benchmarks.clinical_study.ventricles import BRIGHT_FLUID, deep_part, fluid_map, shift_mm, ventricle_box
from core.data.formats.nifti import read_nifti
from core.data.image import StoredImage
from core.harmonise import Harmonised, Harmonising, attempt
from core.harmonise.head import solid_piece
from core.harmonise.quality import dice
from core.harmonise.register import Scan, register
from core.harmonise.resample import resample

PATIENT = Path("clinical_study/TCGA-FG-6692")
SERIES = {"t1n": "T1_AX_Other*.nii.gz", "t1c": "*_t1c.nii.gz", "t2w": "*_t2.nii.gz", "t2f": "*_fla.nii.gz"}
PREPARED = "prepared_by_brats_toolkit/fla_bet.nii.gz"
ASKED = Harmonising(register=True, spacing_mm=1.0, strip=True)
FLAIR = "t2f"


@dataclass(frozen=True, slots=True, eq=False)
class Timed:
    """A study harmonised, and how long each step took: on the clock, and of one processor core's time."""

    images: dict[str, StoredImage]
    done: Harmonised
    seconds: dict[str, float]
    cpu_seconds: dict[str, float]


def raw_series(data: Path) -> dict[str, StoredImage]:
    """Read the four series as the scanner left them."""
    folder = data / PATIENT / "raw"
    return {name: read_nifti(next(folder.glob(pattern))) for name, pattern in SERIES.items()}


def harmonised(images: dict[str, StoredImage], cache_dir: Path | None = None) -> Timed:
    """Harmonise the study, errors in its findings included, with a stopwatch."""
    clock = _Stopwatch()
    done = attempt(images, ASKED, on_step=clock.say, cache_dir=cache_dir)
    clock.stop()
    return Timed(images, done, clock.seconds, clock.cpu_seconds)


def ventricle_shifts_mm(done: Harmonised) -> dict[str, list[float]]:
    """Return for each series but the fixed one how far its ventricles lie from the fixed one's, in mm (x, y, z)."""
    assert done.brain is not None
    deep = deep_part(done.brain)
    names = done.volume.modalities
    maps = {
        name: fluid_map(done.volume.values(channel), deep, name in BRIGHT_FLUID) for channel, name in enumerate(names)
    }
    box = ventricle_box(maps[done.fixed], deep)
    moving = [name for name in names if name != done.fixed]
    return {name: shift_mm(maps[done.fixed], maps[name], box).tolist() for name in moving}


def against_prepared(done: Harmonised, data: Path) -> dict[str, float]:
    """Lay our FLAIR brain on the one prepared by another pipeline, rigidly, and compare the two brains."""
    prepared = read_nifti(data / PATIENT / PREPARED)
    theirs, _ = solid_piece(prepared.grid.to_ras(prepared.values(0)) != 0)
    grid, brain = done.volume.native, done.brain
    assert brain is not None
    assert grid.affine is not None
    flair = done.volume.values(done.volume.modalities.index(FLAIR))
    found = register(Scan(prepared.values(0), prepared.grid), Scan(flair, grid))
    ours = resample(brain, grid.affine, prepared.grid, found.transform, labels=True) != 0
    voxel_ml = float(abs(np.linalg.det(grid.affine[:3, :3])) / 1000)
    return {
        "dice": dice(prepared.grid.to_ras(ours), theirs),
        "ours_ml": float(brain.sum() * voxel_ml),
        "prepared_ml": float(theirs.sum() / 1000),
    }


class _Stopwatch:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.cpu_seconds: dict[str, float] = {}
        self._running, self._since, self._cpu_since = "", 0.0, 0.0

    def say(self, what: str, _done: int, _total: int) -> None:
        self.stop()
        self._running, self._since, self._cpu_since = what, perf_counter(), process_time()

    def stop(self) -> None:
        if self._running:
            self.seconds[self._running] = round(perf_counter() - self._since, 2)
            self.cpu_seconds[self._running] = round(process_time() - self._cpu_since, 2)


def measurements(timed: Timed, data: Path) -> dict[str, Any]:
    """Return every number that the result page shows."""
    done = timed.done
    shifts = ventricle_shifts_mm(done)
    return {
        "asked": done.asked.to_json(),
        "shape": list(done.volume.shape),
        "steps": [step.to_json() for step in done.steps],
        "findings": [finding.to_json() for finding in done.findings],
        "ventricles_off_mm": {name: round(float(np.linalg.norm(shift)), 2) for name, shift in shifts.items()},
        "prepared": against_prepared(done, data),
        "seconds": timed.seconds,
        "cpu_seconds": timed.cpu_seconds,
    }
