"""Time reading one real DICOM series in several syntaxes beside a plain pydicom loop and SimpleITK.

`python -m benchmarks.dicom [--data FOLDER] [--repeats N]` writes the series again in each syntax, runs the
contestants in turn, checks that all give the same pixels, and writes `results.json` and `results.md` here.
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

import numpy as np

from benchmarks.dicom.contestants import CONTESTANTS
from benchmarks.dicom.series import SYNTAXES, write_series
from benchmarks.machine import describe_machine, machine_line

HERE = Path(__file__).parent
PACKAGES = ("numpy", "pydicom", "SimpleITK", "pillow", "pyjpegls", "pylibjpeg-openjpeg")
SERIES = Path("dicom") / "series_mr_oblique_and_syntaxes" / "volume"


def measure(name: str, files: tuple[Path, ...], repeats: int) -> dict[str, Any]:
    """Run every contestant `repeats` times in turn, after one round that is compared and not counted."""
    first = {contestant: read(files) for contestant, read in CONTESTANTS.items()}
    seconds: dict[str, list[float]] = {contestant: [] for contestant in CONTESTANTS}
    busy: dict[str, list[float]] = {contestant: [] for contestant in CONTESTANTS}
    for _ in range(repeats):
        for contestant, read in CONTESTANTS.items():
            started, worked = perf_counter(), process_time()
            read(files)
            seconds[contestant].append(perf_counter() - started)
            busy[contestant].append(process_time() - worked)
    medians = {contestant: median(times) for contestant, times in seconds.items()}
    return {
        "syntax": name,
        "slices": len(files),
        "bytes": sum(file.stat().st_size for file in files),
        "shape": list(first["segscope"].shape),
        "equal_pixels": {other: bool(np.array_equal(pixels, first["segscope"])) for other, pixels in first.items()},
        "median_s": {contestant: round(value, 5) for contestant, value in medians.items()},
        "median_cpu_s": {contestant: round(median(times), 5) for contestant, times in busy.items()},
        "times_less_cpu": {other: round(median(times) / median(busy["segscope"]), 1) for other, times in busy.items()},
        "times_as_fast": {other: round(value / medians["segscope"], 1) for other, value in medians.items()},
    }


TABLE = """\
# Reading a DICOM series

A real MR of {slices} slices of {rows} x {columns}, written again in each syntax; median of {repeats} runs in turn.
{machine}; load average {load} at the start.

| syntax | Segscope | pydicom loop | SimpleITK | pydicom / Segscope | SimpleITK / Segscope | CPU time | equal pixels |
|---|---:|---:|---:|---:|---:|---:|---|
{lines}

Segscope checks the series (gaps, tilt, mixed slices), reads its acquisition and builds its grid in that time; the
pydicom loop sorts and stacks. Files are in the operating system's cache. On a machine that is busy otherwise the CPU
times (pydicom's and SimpleITK's over ours) are the ones to read.

Written by `python -m benchmarks.dicom`.
"""


def to_markdown(results: dict[str, Any]) -> str:
    """Write the results as the table that stands beside them."""
    lines = [
        f"| {row['syntax']} | {milliseconds(row, 'segscope')} | {milliseconds(row, 'pydicom')} | "
        f"{milliseconds(row, 'simpleitk')} | {row['times_as_fast']['pydicom']} | "
        f"{row['times_as_fast']['simpleitk']} | {row['times_less_cpu']['pydicom']}, "
        f"{row['times_less_cpu']['simpleitk']} | {'yes' if all(row['equal_pixels'].values()) else 'no'} |"
        for row in results["rows"]
    ]
    slices, rows, columns = results["rows"][0]["shape"]
    return TABLE.format(
        slices=slices,
        rows=rows,
        columns=columns,
        repeats=results["repeats"],
        machine=machine_line(results["machine"]),
        load=results["load_average"],
        lines="\n".join(lines),
    )


def milliseconds(row: dict[str, Any], contestant: str) -> str:
    """Write a median for the table."""
    return f"{row['median_s'][contestant] * 1000:.1f} ms"


def main() -> None:
    """Measure, print the table and write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dicom", description=__doc__)
    data = os.environ.get("SEGSCOPE_TEST_DATA") or HERE.parents[1].parent / "shared" / "data"
    parser.add_argument("--data", type=Path, default=data, help="the folder that holds dicom/")
    parser.add_argument("--repeats", type=int, default=11)
    arguments = parser.parse_args()
    source = Path(arguments.data) / SERIES
    if not source.is_dir():
        parser.error(f"found no folder {SERIES} below {arguments.data}")
    load = round(os.getloadavg()[0], 1)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, syntax) in enumerate(SYNTAXES.items()):
            files = write_series(source, Path(folder) / str(number), syntax)
            rows.append(measure(name, files, arguments.repeats))
    results = {
        "machine": describe_machine(PACKAGES),
        "load_average": load,
        "repeats": arguments.repeats,
        "rows": rows,
    }
    (HERE / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    (HERE / "results.md").write_text(to_markdown(results))
    print(to_markdown(results))


if __name__ == "__main__":
    main()
