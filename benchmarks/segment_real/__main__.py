"""Segment real cases that the checkpoint has never seen: train briefly, `segment`, check the grid, score.

`python -m benchmarks.segment_real [--data FOLDER] [--workspace DIR] [--only NAMES]` writes `results.json`, `results.md`
and a picture of each set whose licence allows one beside this file. What the workspace holds already, cohorts and
finished trainings, is used as it is and not trained again; from nothing it takes about an hour and a half of one core.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.machine import describe_machine
from benchmarks.segment_real.command import CommandLine
from benchmarks.segment_real.other_ct import SERIES, ct_series, ct_volume
from benchmarks.segment_real.picture import draw
from benchmarks.segment_real.segmenting import BRATS_SCHEMES, segment_set
from benchmarks.segment_real.sets import SETS
from benchmarks.segment_real.table import page
from benchmarks.segment_real.trained import TrainedRun, trained
from core.labels import scheme_named

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
PACKAGES = ("torch", "numpy", "nibabel")
KIDNEY, HEAD = "ct-kidney", "ct-haemorrhage"


def main() -> None:
    """Take every set from files to scores, and write what came of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.segment_real", description=__doc__)
    default = os.environ.get("SEGSCOPE_TEST_DATA") or HERE.parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(default), help="the folder of real scans")
    parser.add_argument("--workspace", type=Path, help="where cohorts and runs are kept (default: a new folder)")
    parser.add_argument("--only", default="", metavar="NAMES", help=f"of {', '.join(real.name for real in SETS)}")
    options = parser.parse_args()
    workspace = options.workspace or Path(tempfile.mkdtemp(prefix="segment-real-"))
    command = CommandLine(workspace.resolve())
    document = measured(options.data.resolve(), command, [name for name in options.only.split(",") if name])
    RESULTS.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    text = page(document)
    (HERE / "results.md").write_text(text, encoding="utf-8")
    print(text)


def measured(data: Path, command: CommandLine, only: list[str]) -> dict[str, Any]:
    """Measure every set, or those named while the others stay as they were measured last."""
    before = json.loads(RESULTS.read_text(encoding="utf-8")) if only and RESULTS.exists() else {"sets": {}, "ct": []}
    by_name = {real.name: real for real in SETS}
    sets: dict[str, Any] = before["sets"]
    for real in SETS:
        if only and real.name not in only:
            continue
        done = segment_set(real, by_name[real.trained_by or real.name], data, command)
        picture = f"{real.name}.png" if real.attribution else ""
        if picture:
            case = done.cases[0].case
            draw(case, done.masks[case.case_id], scheme_named(BRATS_SCHEMES[real.name]), HERE / picture)
        sets[real.name] = {**done.document, "picture": picture, "attribution": real.attribution}
        print(f"{real.name}: {done.document['mean_dice']}", flush=True)
    ct = before["ct"]
    if not only or "ct" in only:
        kidney, head = (_run(name, data, command) for name in (KIDNEY, HEAD))
        ct = [ct_volume(data, kidney, command), *(ct_series(data, series, head, command) for series in SERIES)]
    sets = {real.name: sets[real.name] for real in SETS if real.name in sets}
    load = round(os.getloadavg()[0], 1)
    return {"machine": describe_machine(PACKAGES), "load_average": load, "sets": sets, "ct": ct}


def _run(name: str, data: Path, command: CommandLine) -> TrainedRun:
    real = next(each for each in SETS if each.name == name)
    return trained(real, data / real.folder, command)[0][0]


if __name__ == "__main__":
    main()
