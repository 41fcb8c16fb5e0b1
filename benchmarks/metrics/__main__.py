"""Time Dice and HD95 of three regions of a real 240 x 240 x 155 case beside MONAI.

`python -m benchmarks.metrics [--data FOLDER] [--repeats N]` takes the first BraTS-Africa case of the data
folder, runs the contestants in turn, and writes `results.json` and `results.md` beside this file.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np

from benchmarks.machine import describe_machine, machine_line
from benchmarks.metrics.contestants import CONTESTANTS
from benchmarks.metrics.scenarios import REGIONS, Scenario, scenarios
from core.data.load import load_label_file
from core.labels import scheme_named

HERE = Path(__file__).parent
PACKAGES = ("numpy", "scipy", "torch", "monai")


def measure(scenario: Scenario, repeats: int) -> dict[str, Any]:
    """Run every contestant `repeats` times in turn, after one round that is not counted."""
    runs = {name: make(scenario) for name, make in CONTESTANTS.items()}
    values = {name: run() for name, run in runs.items()}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    busy: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            started, worked = perf_counter(), process_time()
            run()
            seconds[name].append(perf_counter() - started)
            busy[name].append(process_time() - worked)
    medians = {name: median(times) for name, times in seconds.items()}
    return {
        "scenario": scenario.name,
        "prediction": scenario.what,
        "shape": list(scenario.reference.shape),
        "values": {
            region: {"dice": row[0], "hd95_mm": row[1]}
            for region, row in zip(REGIONS, values["segscope"].tolist(), strict=True)
        },
        "largest_difference": float(np.abs(values["segscope"] - values["monai"]).max()),
        "median_s": {name: round(value, 4) for name, value in medians.items()},
        "median_cpu_s": {name: round(median(times), 4) for name, times in busy.items()},
        "fastest_s": {name: round(min(times), 4) for name, times in seconds.items()},
        "times_less_cpu": round(median(busy["monai"]) / median(busy["segscope"]), 1),
        "times_as_fast": round(medians["monai"] / medians["segscope"], 1),
    }


TABLE = """\
# Dice and HD95 of three regions of one case

A real BraTS-Africa reference, {shape} voxels, against two made predictions; median of {repeats} runs in turn.
{machine}; load average {load} at the start.

| prediction | Segscope | MONAI | ratio | CPU time | CPU ratio | largest difference in value |
|---|---:|---:|---:|---:|---:|---:|
{rows}

Segscope starts from region bits (one uint8 volume), MONAI from one-hot float tensors made before its clock starts.
MONAI answers in float32. On a machine that is busy otherwise the CPU times are the ones to read.

Written by `python -m benchmarks.metrics`.
"""


def to_markdown(results: dict[str, Any]) -> str:
    """Write the results as the table that stands beside them."""
    rows = [
        f"| {row['scenario']}: {row['prediction']} | {row['median_s']['segscope']:.3f} s | "
        f"{row['median_s']['monai']:.3f} s | {row['times_as_fast']} | "
        f"{row['median_cpu_s']['segscope']:.3f} / {row['median_cpu_s']['monai']:.3f} s | {row['times_less_cpu']} | "
        f"{row['largest_difference']:.1e} |"
        for row in results["rows"]
    ]
    shape = " × ".join(map(str, results["rows"][0]["shape"]))
    machine = machine_line(results["machine"])
    repeats, load = results["repeats"], results["load_average"]
    return TABLE.format(shape=shape, repeats=repeats, machine=machine, load=load, rows="\n".join(rows))


def main() -> None:
    """Measure, print the table and write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.metrics", description=__doc__)
    data = os.environ.get("SEGSCOPE_TEST_DATA") or HERE.parents[1].parent / "shared" / "data"
    parser.add_argument("--data", type=Path, default=data, help="the folder that holds brats_africa/")
    parser.add_argument("--repeats", type=int, default=11)
    arguments = parser.parse_args()
    masks = sorted((Path(arguments.data) / "brats_africa").glob("*/*-seg.nii.gz"))
    if not masks:
        parser.error(f"found no BraTS-Africa mask below {arguments.data}, expected brats_africa/CASE/CASE-seg.nii.gz")
    reference, grid = load_label_file(masks[0], scheme_named("brats-2023"))
    geometry = grid.geometry()
    if geometry is None:
        parser.error(f"{masks[0]} has no voxel sizes, and HD95 is in mm")
    made = scenarios(np.ascontiguousarray(reference), geometry)
    results = {
        "machine": describe_machine(PACKAGES),
        "load_average": round(os.getloadavg()[0], 1),
        "repeats": arguments.repeats,
        "rows": [measure(scenario, arguments.repeats) for scenario in made],
    }
    (HERE / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    (HERE / "results.md").write_text(to_markdown(results))
    print(to_markdown(results))


if __name__ == "__main__":
    main()
