"""A study as the scanner left it, kept once its series are aligned and the brain is found: neither is done twice.

Other formats, another model, and a try after one that was killed go on from here. One folder per case, beside the
files and deleted with them:

    voxels.npy   (C, X, Y, Z) as stored, cut to the box outside of which everything is 0
    case.json    grids, transforms, what was done and what was found
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from core.atomic import new_folder, read_json, write_json
from core.case import Case
from core.data.refusal import Finding
from core.harmonise import Harmonised, Harmonising, Step
from core.inference.segment import Stopwatch
from core.jobs.ready_case import ReadyCase
from core.jobs.uploads import Upload
from core.volume import Box, Grid, Volume

FOLDER = "aligned"
DOCUMENT, VOXELS = "case.json", "voxels.npy"


class AlignedStudies:
    """The cases of one upload that were brought onto one grid."""

    def __init__(self, upload: Upload) -> None:
        """Look there.

        Args:
            upload: whose files they were made from.
        """
        self._folder = upload.folder / FOLDER

    def keep(self, ready: ReadyCase) -> None:
        """Keep a case that was brought onto one grid; others are read again just as fast."""
        place = self._place(ready.case)
        if ready.harmonised is None or (place / DOCUMENT).exists():
            return
        volume = ready.volume
        box = Box.around((volume.voxels != 0).any(axis=0)) or Box.whole(volume.shape)
        with new_folder(place) as draft:
            np.save(draft / VOXELS, np.ascontiguousarray(box.crop(volume.voxels)), allow_pickle=False)
            write_json(draft / DOCUMENT, _document(ready, ready.harmonised, box))

    def find(self, case: Case, asked: Harmonising) -> ReadyCase | None:
        """Return a case as it was brought onto one grid; None where that was not done, or otherwise than asked."""
        place = self._place(case)
        try:
            kept = read_json(place / DOCUMENT)
        except FileNotFoundError:
            return None
        if kept["asked"] != asked.to_json() or sorted(kept["series"]) != sorted(case.sources):
            return None
        watch = Stopwatch()
        volume = _volume(kept, place)
        harmonised = Harmonised(
            asked,
            kept["fixed"],
            volume,
            None,
            None,
            tuple(Step(**step) for step in kept["steps"]),
            (),
            {name: np.array(rows, np.float64) for name, rows in kept["transforms"].items()},
        )
        findings = tuple(Finding(**finding) for finding in kept["findings"])
        series = {name: Grid.from_json(grid) for name, grid in kept["series"].items()}
        watch.lap("load")
        return ReadyCase(case, volume, findings, watch, harmonised, series)

    def _place(self, case: Case) -> Path:
        return self._folder / hashlib.sha256(case.case_id.encode()).hexdigest()[:32]


def _document(ready: ReadyCase, harmonised: Harmonised, box: Box) -> dict[str, Any]:
    volume = ready.volume
    return {
        "asked": harmonised.asked.to_json(),
        "fixed": harmonised.fixed,
        "steps": [step.to_json() for step in harmonised.steps],
        "transforms": {name: each.tolist() for name, each in harmonised.transforms.items()},
        "findings": [finding.to_json() for finding in ready.findings],
        "series": {name: grid.to_json() for name, grid in ready.series.items()},
        "modalities": list(volume.modalities),
        "slope": list(volume.slope),
        "intercept": list(volume.intercept),
        "native": volume.native.to_json(),
        "box": [list(box.start), list(box.stop)],
    }


def _volume(kept: dict[str, Any], place: Path) -> Volume:
    native = Grid.from_json(kept["native"])
    start, stop = kept["box"]
    box = Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))
    voxels = box.paste(np.load(place / VOXELS, allow_pickle=False), native.ras_shape)
    named, slope, intercept = tuple(kept["modalities"]), tuple(kept["slope"]), tuple(kept["intercept"])
    return Volume(voxels, named, slope, intercept, native.geometry(), native)
