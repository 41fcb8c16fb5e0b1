"""Time four modalities from `.nii.gz` to one array beside other readers, and count what damaged files come to.

`python -m benchmarks.reading [--data FOLDER] [--repeats N] [--damages N]` takes two BraTS-Africa cases of the data
folder (one as published, in float32, one stored again in int16), runs the contestants in turn, and writes
`results.json` and `results.md` beside this file.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import nibabel as nib
import numpy as np

from benchmarks.machine import describe_machine, machine_line
from benchmarks.reading.contestants import CONTESTANTS, Contestant
from benchmarks.reading.robustness import damaged, hostile
from core.case import BRATS_MODALITIES

HERE = Path(__file__).parent
PACKAGES = ("numpy", "isal", "nibabel", "simpleitk", "monai")
CASES = ("BraTS-SSA-00002-000", "BraTS-SSA-00028-000")
HOSTILE = 1000


def measure(case: Path, repeats: int) -> dict[str, Any]:
    """Run every contestant `repeats` times in turn, after one round that is not counted."""
    files = [case / f"{case.name}-{modality}.nii.gz" for modality in BRATS_MODALITIES]
    runs = {name: make(files) for name, make in CONTESTANTS.items()}
    _require_equal(runs)
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    busy: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            started, worked = perf_counter(), process_time()
            run()
            seconds[name].append(perf_counter() - started)
            busy[name].append(process_time() - worked)
    wall = {name: median(times) for name, times in seconds.items()}
    cpu = {name: median(times) for name, times in busy.items()}
    header = nib.load(files[0]).header
    return {
        "case": case.name,
        "stored_as": str(header.get_data_dtype()),
        "shape": list(header.get_data_shape()),
        "compressed_mb": round(sum(file.stat().st_size for file in files) / 1e6, 1),
        "median_s": {name: round(value, 4) for name, value in wall.items()},
        "median_cpu_s": {name: round(value, 4) for name, value in cpu.items()},
        "fastest_s": {name: round(min(times), 4) for name, times in seconds.items()},
        "times_as_fast": {name: round(value / wall["segscope"], 2) for name, value in wall.items()},
        "times_less_cpu": {name: round(value / cpu["segscope"], 2) for name, value in cpu.items()},
    }


def _require_equal(runs: dict[str, Contestant]) -> None:
    """Stop where our values are not nibabel's: speed would mean nothing."""
    ours, theirs = runs["segscope"](), runs["nibabel"]()
    assert ours is not None
    assert theirs is not None
    if not np.array_equal(ours, theirs.astype(ours.dtype)):
        raise AssertionError("the readers disagree on the voxels")
    for run in runs.values():
        run()


def a_plain_file() -> bytes:
    """Make the small uncompressed image whose header is made hostile."""
    image = nib.Nifti1Image(np.zeros((20, 20, 10), np.int16), np.eye(4))
    return bytes(image.to_bytes())


TABLE = """\
# One case from four .nii.gz files to one array

Real BraTS-Africa cases, four modalities of {shape} voxels; median of {repeats} runs in turn, files in the page cache.
{machine}; load average {load} at the start.

| stored as, size | reader | wall | beside Segscope | CPU time | beside Segscope |
|---|---|---:|---:|---:|---:|
{rows}

Segscope reads two files at a time, verifies checksum and length, and stacks in RAS+ order in the narrowest type that
holds every value; nibabel answers in float64, SimpleITK and MONAI as they do by default. Inflation alone is ISA-L on
the same bytes, with nothing done to the result. On a machine that is busy otherwise the CPU times are the ones to read.

# Damaged files

| {cuts} cuts and {cuts} flipped bits of one of these files | refused | read exactly | silently wrong |
|---|---:|---:|---:|
{damages}

A bit that nothing depends on, such as one of the time stamp in gzip's header, may flip without harm.
Of {hostile_files:,} hostile headers Segscope refused {hostile_refused:,} and read the others as what they say.
Crashes: {hostile_crashed}; most memory for one of them: {hostile_mb} MB.

Written by `python -m benchmarks.reading`.
"""
NAMES = {
    "segscope": "Segscope",
    "nibabel": "nibabel `get_fdata`, `np.stack`",
    "simpleitk": "SimpleITK, `np.stack`",
    "monai": "MONAI `LoadImage`",
    "inflate_in_turn": "inflation alone, in turn",
    "inflate_two_threads": "inflation alone, two threads",
}


def to_markdown(results: dict[str, Any]) -> str:
    """Write the results as the tables that stand beside them."""
    rows = [
        f"| {case['stored_as']}, {case['compressed_mb']} MB | {NAMES[name]} | {case['median_s'][name]:.3f} s | "
        f"{case['times_as_fast'][name]:.2f} | {case['median_cpu_s'][name]:.3f} s | {case['times_less_cpu'][name]:.2f} |"
        for case in results["cases"]
        for name in CONTESTANTS
    ]
    damages = [
        f"| {NAMES[name].split()[0]}, {'cuts' if kind == 'cut' else 'flipped bits'} | "
        f"{count['refused']} | {count['exact']} | {count['wrong']} |"
        for name, kinds in results["damaged"].items()
        for kind, count in kinds.items()
    ]
    return TABLE.format(
        shape=" × ".join(map(str, results["cases"][0]["shape"])),
        repeats=results["repeats"],
        machine=machine_line(results["machine"]),
        load=results["load_average"],
        rows="\n".join(rows),
        cuts=results["damages"],
        damages="\n".join(damages),
        hostile_files=results["hostile"]["files"],
        hostile_refused=results["hostile"]["refused"],
        hostile_crashed=results["hostile"]["crashed"],
        hostile_mb=results["hostile"]["peak_mb"],
    )


def main() -> None:
    """Measure, print the tables and write them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading", description=__doc__)
    data = os.environ.get("SEGSCOPE_TEST_DATA") or HERE.parents[1].parent / "shared" / "data"
    parser.add_argument("--data", type=Path, default=data, help="the folder that holds brats_africa/")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--damages", type=int, default=200, help="cuts, and as many flipped bits")
    arguments = parser.parse_args()
    cases = [Path(arguments.data) / "brats_africa" / name for name in CASES]
    if missing := [case for case in cases if not case.is_dir()]:
        parser.error(f"found no {missing[0]}, expected the BraTS-Africa cases {', '.join(CASES)}")
    load = round(os.getloadavg()[0], 1)
    with tempfile.TemporaryDirectory() as scratch:
        whole = cases[-1] / f"{CASES[-1]}-t1c.nii.gz"
        results = {
            "machine": describe_machine(PACKAGES),
            "load_average": load,
            "repeats": arguments.repeats,
            "cases": [measure(case, arguments.repeats) for case in cases],
            "damages": arguments.damages,
            "damaged": damaged(whole, arguments.damages, Path(scratch)),
            "hostile": hostile(a_plain_file(), HOSTILE, Path(scratch)),
        }
    (HERE / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    (HERE / "results.md").write_text(to_markdown(results))
    print(to_markdown(results))


if __name__ == "__main__":
    main()
