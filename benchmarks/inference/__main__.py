"""Time a case from files to mask beside a plain loop, MONAI's sliding window and the bare network.

`python -m benchmarks.inference [--data FOLDER] [--repeats N] [--checkpoint REF…] [--study REF,…] [--only PART…]`
takes a BraTS-Africa case of the data folder and a ResNet34 U-Net of random weights, runs the contestants in turn, then
the slice on screen, a large CT, and the clinical study; it writes `results.json` and `results.md` beside this file.
Checkpoints of the workspace that were trained on BraTS: each of `--checkpoint` says how far our masks are from plain
float32, and those of `--study` segment the clinical study together.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.inference import large_ct, raw_study
from benchmarks.inference.agreement import region_dice
from benchmarks.inference.contestants import job_of, ours, plain_loop
from benchmarks.inference.first_slice import first_slices
from benchmarks.inference.network import brain_spec, random_checkpoint
from benchmarks.inference.table import to_markdown
from benchmarks.inference.turns import in_turn
from benchmarks.machine import describe_machine
from core.checkpoints import Checkpoint, resolve_checkpoint
from core.workspace import Workspace

HERE = Path(__file__).parent
PACKAGES = ("numpy", "torch", "monai", "segmentation_models_pytorch", "isal", "SimpleITK")
PARTS = ("case", "first", "ct", "study")


def one_case(folder: Path, repeats: int, left_out: Sequence[str], scratch: Path) -> dict[str, Any]:
    """Time a case with the ResNet34 U-Net."""
    random_checkpoint(scratch / "random", brain_spec())
    return {"case": folder.name, **in_turn(folder, scratch / "random", scratch / "case", repeats, left_out)}


def agreement(folder: Path, checkpoints: Mapping[str, Checkpoint], scratch: Path) -> dict[str, Any]:
    """Compare our masks with float32's on the same canvas, and those with the whole slices of the plain loop."""
    found = {}
    for name, checkpoint in checkpoints.items():
        job = job_of(folder, checkpoint, scratch / "agreement" / name)
        exact = ours(job, fast=False)()
        fast = region_dice(ours(job, fast=True)(), exact)
        found[name] = {"fast_and_float32": fast, "float32_and_whole_slices": region_dice(exact, plain_loop(job)())}
    return found


def study(data: Path, reference: str, scratch: Path) -> dict[str, Any]:
    """Segment the clinical study, compare its mask, and draw it."""
    document = raw_study.segment(data, reference, scratch / "study")
    series = document["cases"][0]["series"]
    masks = {name: scratch / "study" / entry["file"] for name, entry in series.items()}
    (HERE / "raw_study.png").write_bytes(raw_study.picture(data, masks))
    return {
        "reference": reference,
        "checkpoint_id": document["checkpoint_id"],
        "whole_tumour_dice": round(raw_study.whole_tumour_dice(data, masks["t2f"]), 4),
        "volumes_ml": document["volumes_ml"],
        "volumes_ml_on_series": {name: entry["volumes_ml"] for name, entry in series.items()},
        "seconds": document["seconds"],
        "peak_memory_mb": document["peak_memory_mb"],
    }


def main() -> None:
    """Measure what was asked for, keep the rest of the last results, print the table and write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inference", description=__doc__)
    data = os.environ.get("SEGSCOPE_TEST_DATA") or HERE.parents[1].parent / "shared" / "data"
    parser.add_argument("--data", type=Path, default=data, help="the folder that holds brats_africa/")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--clicks", type=int, default=60)
    parser.add_argument("--slices", type=int, default=large_ct.SLICES, help="of the large CT")
    parser.add_argument("--checkpoint", nargs="*", default=[], metavar="REF")
    parser.add_argument("--study", metavar="REF,…")
    parser.add_argument("--leave-out", nargs="*", default=[], metavar="CONTESTANT")
    parser.add_argument("--only", choices=PARTS, nargs="*", default=list(PARTS))
    arguments = parser.parse_args()
    folder = min(path for path in (arguments.data / "brats_africa").iterdir() if len(list(path.iterdir())) == 5)
    path = HERE / "results.json"
    results: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    about = {"machine": describe_machine(PACKAGES), "repeats": arguments.repeats}
    checkpoints = {name: resolve_checkpoint(Workspace.default(), name) for name in arguments.checkpoint}
    with tempfile.TemporaryDirectory() as scratch:
        here = Path(scratch)
        for part in arguments.only:
            load = round(os.getloadavg()[0], 1)
            if part == "case":
                results["case"] = one_case(folder, arguments.repeats, arguments.leave_out, here)
                results["agreement"] = agreement(folder, checkpoints, here)
            elif part == "first":
                checkpoint = random_checkpoint(here / "first", brain_spec())
                results["first"] = first_slices(folder, checkpoint, here / "slices", arguments.clicks)
            elif part == "ct":
                results["ct"] = large_ct.measure(here / "ct", arguments.slices)
            elif arguments.study:
                results["study"] = study(arguments.data, arguments.study, here)
            results[part] = results.get(part, {}) | {"load_average": load}
            results |= about
            path.write_text(json.dumps(results, indent=1) + "\n")
            (HERE / "results.md").write_text(to_markdown(results))
    print(to_markdown(results))


if __name__ == "__main__":
    main()
