"""Time Dice, HD95 and NSD of three regions of a real 240 x 240 x 155 case beside MONAI and surface-distance.

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
from benchmarks.metrics.contestants import CONTESTANTS, TOLERANCE_MM
from benchmarks.metrics.scenarios import REGIONS, Scenario, scenarios
from core.data.load import load_label_file
from core.labels import scheme_named

HERE = Path(__file__).parent
PACKAGES = ("numpy", "scipy", "torch", "monai", "surface-distance")
# who is compared: a peer, and what stands beside it. Against surface-distance once with its HD95 and once with ours
COMPARED = {
    "monai": ("monai", "segscope"),
    "surface_distance": ("surface_distance", "segscope_elements"),
    "surface_distance_other_hd95": ("surface_distance", "segscope"),
}
NAMES = {
    "monai": "MONAI",
    "surface_distance": "surface-distance",
    "surface_distance_other_hd95": "surface-distance, MONAI's HD95 in ours",
}


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
            name: {
                region: {"dice": row[0], "hd95_mm": row[1], "nsd": row[2]}
                for region, row in zip(REGIONS, values[name].tolist(), strict=True)
            }
            for name in runs
        },
        "largest_difference": {
            name: dict(
                zip(("dice", "hd95_mm", "nsd"), np.abs(values[own] - values[peer]).max(axis=0).tolist(), strict=True)
            )
            for name, (peer, own) in COMPARED.items()
        },
        "median_s": {name: round(value, 4) for name, value in medians.items()},
        "median_cpu_s": {name: round(median(times), 4) for name, times in busy.items()},
        "fastest_s": {name: round(min(times), 4) for name, times in seconds.items()},
        "times_less_cpu": {
            name: round(median(busy[peer]) / median(busy[own]), 1) for name, (peer, own) in COMPARED.items()
        },
        "times_as_fast": {name: round(medians[peer] / medians[own], 1) for name, (peer, own) in COMPARED.items()},
    }


TABLE = """\
# Dice, HD95 and NSD of three regions of one case

A real BraTS-Africa reference, {shape} voxels, against two made predictions; median of {repeats} runs in turn.
{machine}; load average {load} at the start.

| prediction | peer | Segscope | peer's time | ratio | CPU time | CPU ratio | largest difference: Dice, HD95, NSD |
|---|---|---:|---:|---:|---:|---:|---|
{rows}

NSD at {tolerance:g} mm. Beside MONAI ours is `dice`, `hd95_mm`, `nsd`; beside surface-distance `dice`,
`hd95_elements_mm`, `nsd`: each with the peer's own HD95. The third row of each prediction has our `hd95_mm`, MONAI's
definition (voxels, not surface, and interpolated), whose values are not surface-distance's. MONAI (which answers in
float32) is asked for NSD over sub-voxel elements. Segscope starts from region bits (one uint8 volume),
MONAI from one-hot float tensors and surface-distance from bool masks made before their clocks start. Everything that
`evaluate` computes by default: {default}. On a machine that is busy otherwise the CPU times are the ones to read.

Written by `python -m benchmarks.metrics`.
"""


def to_markdown(results: dict[str, Any]) -> str:
    """Write the results as the table that stands beside them."""
    rows = [_line(row, name) for row in results["rows"] for name in COMPARED]
    default = "; ".join(f"{row['median_s']['segscope_default']:.3f} s ({row['scenario']})" for row in results["rows"])
    return TABLE.format(
        shape=" × ".join(map(str, results["rows"][0]["shape"])),
        machine=machine_line(results["machine"]),
        repeats=results["repeats"],
        load=results["load_average"],
        rows="\n".join(rows),
        tolerance=TOLERANCE_MM,
        default=default,
    )


def _line(row: dict[str, Any], name: str) -> str:
    peer, own = COMPARED[name]
    seconds, cpu = row["median_s"], row["median_cpu_s"]
    differences = ", ".join(f"{value:.1e}" for value in row["largest_difference"][name].values())
    cells = [
        f"{row['scenario']}: {row['prediction']}",
        NAMES[name],
        f"{seconds[own]:.3f} s",
        f"{seconds[peer]:.3f} s",
        str(row["times_as_fast"][name]),
        f"{cpu[own]:.3f} / {cpu[peer]:.3f} s",
        str(row["times_less_cpu"][name]),
        differences,
    ]
    return f"| {' | '.join(cells)} |"


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
