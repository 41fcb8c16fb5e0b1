"""Time reading random slices from the slice store beside reading them from `.nii.gz`.

`python -m benchmarks.slice_store [--data FOLDER] [--slices N]` imports one BraTS-Africa case into a temporary
workspace, draws random slices of four modalities from both, and writes `results.json` and `results.md` here.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import nibabel
import numpy as np

from benchmarks.machine import describe_machine, machine_line
from core.case import BRATS_MODALITIES
from core.data.store import open_case
from core.importing import import_folder
from core.workspace import Workspace

HERE = Path(__file__).parent
NIFTI_SLICES = 6  # each costs a whole file's inflation, four times


def measure(case: Path, slices: int, repeats: int) -> dict[str, Any]:
    """Read slices both ways in turn and compare the pixels."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "one"
        shutil.copytree(case, folder / case.name)
        workspace = Workspace(Path(temporary) / "workspace")
        import_folder(workspace, folder, "one")
        stored = workspace.store_folder("one", case.name)
        sliced = open_case(stored, "axial")
        rng = np.random.default_rng(0)
        places = rng.integers(len(sliced.slices), size=slices)
        files = {name: next((folder / case.name).glob(f"*-{name}.nii.gz")) for name in BRATS_MODALITIES}

        def from_store(count: int) -> float:
            opened = open_case(stored, "axial")
            started = perf_counter()
            for place in places[:count]:
                np.array(opened.slices[place])
            return count / (perf_counter() - started)

        def from_files(count: int) -> float:
            started = perf_counter()
            for place in places[:count]:
                for path in files.values():
                    np.asarray(nibabel.load(path).dataobj[..., sliced.slice_index[place]])
            return count / (perf_counter() - started)

        _require_equal(sliced, files, int(places[0]))
        rates: dict[str, list[float]] = {"store": [], "nifti": []}
        contestants: dict[str, tuple[Callable[[int], float], int]] = {
            "store": (from_store, slices),
            "nifti": (from_files, NIFTI_SLICES),
        }
        for _ in range(repeats):
            for name, (read, count) in contestants.items():
                rates[name].append(read(count))
        medians = {name: median(values) for name, values in rates.items()}
        return {
            "slices_per_s": {name: round(value, 1) for name, value in medians.items()},
            "times_as_fast": round(medians["store"] / medians["nifti"]),
            "bytes_per_patient": {
                "store": sum(path.stat().st_size for path in stored.iterdir()),
                "nifti": sum(path.stat().st_size for path in (folder / case.name).iterdir()),
                "nifti, inflated": int(5 * np.prod(sliced.shape) * sliced.slices.itemsize),
            },
            "slice": [int(n) for n in sliced.slices.shape[1:]],
        }


def _require_equal(sliced: Any, files: dict[str, Path], place: int) -> None:
    x, y = (slice(a, b) for a, b in zip(sliced.box.start[:2], sliced.box.stop[:2], strict=True))
    for channel, name in enumerate(sliced.modalities):
        whole = np.asarray(nibabel.load(files[name]).dataobj[..., sliced.slice_index[place]])
        assert np.array_equal(whole[x, y], sliced.slices[place, channel]), name


TABLE = """\
# Random slices of four modalities

One BraTS-Africa case; {slices} random axial slices a round from the store, {few} from `.nii.gz` by nibabel's slicing;
median of {repeats} rounds in turn, equal pixels. {machine}; load average {load} at the start.

| | slice store | `.nii.gz` | ratio |
|---|---:|---:|---:|
| slices/s | {store:,.0f} | {nifti:.2f} | {ratio:,} |
| MB per patient, mask included | {store_mb:.1f} | {nifti_mb:.1f} ({inflated_mb:.1f} inflated) | |

Written by `python -m benchmarks.slice_store`.
"""


def main() -> None:
    """Measure, print the table and write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.slice_store", description=__doc__)
    data = os.environ.get("SEGSCOPE_TEST_DATA") or HERE.parents[1].parent / "shared" / "data"
    parser.add_argument("--data", type=Path, default=data, help="the folder that holds brats_africa/")
    parser.add_argument("--slices", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    cases = sorted(path.parent for path in (Path(arguments.data) / "brats_africa").glob("*/*-t2f.nii.gz"))
    if not cases:
        parser.error(f"found no BraTS-Africa case below {arguments.data}")
    machine, load = describe_machine(("numpy", "nibabel")), round(os.getloadavg()[0], 1)
    found = measure(cases[0], arguments.slices, arguments.repeats)
    results = {"machine": machine, "load_average": load, "repeats": arguments.repeats, **found}
    (HERE / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    rates, size = found["slices_per_s"], found["bytes_per_patient"]
    text = TABLE.format(
        slices=arguments.slices, few=NIFTI_SLICES, repeats=arguments.repeats, machine=machine_line(machine), load=load,
        store=rates["store"], nifti=rates["nifti"], ratio=found["times_as_fast"],
        store_mb=size["store"] / 1e6, nifti_mb=size["nifti"] / 1e6, inflated_mb=size["nifti, inflated"] / 1e6,
    )  # fmt: skip
    (HERE / "results.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
