"""Time random training slices from our slice store beside MONAI's CacheDataset and albumentations over `.npy` files.

`python -m benchmarks.loader [--data FOLDER] [--batches N]` imports BraTS-Africa cases into a temporary workspace,
draws random batches of the same slices from all three in turn, and writes `results.json` and `results.md` here.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from benchmarks.loader.contestants import BATCH, albumentations, monai, ours, padded, prepared_slices
from benchmarks.machine import describe_machine, machine_line
from core.data.store import SlicedCase, open_case
from core.importing import import_folder
from core.workspace import Workspace

HERE = Path(__file__).parent
CASES = 2
WARM_UP = 5  # batches
TITLES = {
    "ours": "slice store, prepared on read",
    "monai": "MONAI CacheDataset and transforms",
    "albumentations": "albumentations DataLoader, `.npy` files",
}


def measure(folders: Sequence[Path], batches: int, repeats: int) -> dict[str, Any]:
    """Draw batches from all three in turn; rates are per second of processor time of one thread."""
    with tempfile.TemporaryDirectory() as temporary:
        cases = _imported(folders, Path(temporary))
        slices = prepared_slices(cases)
        files = Path(temporary) / "npy"
        files.mkdir()
        contestants = {"ours": ours(cases), "monai": monai(slices), "albumentations": albumentations(slices, files)}
        known = {padded(image).tobytes() for image, _ in slices}
        rates: dict[str, dict[str, float]] = {name: {} for name in contestants}
        for kind, augmented in (("plain", False), ("augmented", True)):
            streams: dict[str, Iterator[Any]] = {name: make(augmented) for name, make in contestants.items()}
            for name, stream in streams.items():
                for batch in islice(stream, WARM_UP):
                    if not augmented:
                        _require_known(name, batch, known)
            rounds: dict[str, list[float]] = {name: [] for name in contestants}
            for _ in range(repeats):
                for name, stream in streams.items():
                    started = process_time()
                    for _batch in islice(stream, batches):
                        pass
                    rounds[name].append(batches * BATCH / (process_time() - started))
            for name, values in rounds.items():
                rates[name][kind] = round(median(values), 1)
        return {"slices": len(slices), "slices_per_s": rates, "bytes": _sizes(cases, slices, files)}


def _imported(folders: Sequence[Path], temporary: Path) -> list[SlicedCase]:
    source = temporary / "some"
    for folder in folders:
        shutil.copytree(folder, source / folder.name)
    workspace = Workspace(temporary / "workspace")
    import_folder(workspace, source, "some")
    return [open_case(workspace.store_folder("some", folder.name), "axial") for folder in folders]


def _sizes(cases: Sequence[SlicedCase], slices: Sequence[Any], files: Path) -> dict[str, int]:
    return {
        "ours": sum(path.stat().st_size for case in cases if case.folder for path in case.folder.iterdir()),
        "monai": sum(padded(image).nbytes + mask.nbytes for image, mask in slices),
        "albumentations": sum(path.stat().st_size for path in files.iterdir()),
    }


def _require_known(name: str, batch: Any, known: set[bytes]) -> None:
    images = batch.images if name == "ours" else batch["image"] if name == "monai" else batch[0]
    for image in images:
        pixels = image if name == "ours" else image.numpy()
        assert pixels.tobytes() in known, f"{name} makes other pixels"


TABLE = """\
# Random training slices

{slices} slices of {cases} BraTS-Africa cases, four modalities, z-scores, in batches of {batch} on 192 × 224, drawn at
random with replacement; median of {repeats} rounds of {batches} batches in turn, slices per second of processor time
of one thread.
Without augmentation all three make the same pixels. With it: flip, rotation, zoom and shift in one resampling, gain,
offset, gamma, noise, as often and as far as our `standard`. {machine}; load average {load} at the start.

| | slices/s, read and padded | slices/s, augmented | MB on disk or in memory |
|---|---:|---:|---:|
{rows}

MONAI keeps the padded slices in memory and reads nothing; its figure is memory. albumentations clips its intensities
to 0-1, which z-scores do not survive: it is timed here, not recommended.

Written by `python -m benchmarks.loader`.
"""


def main() -> None:
    """Measure, print the table and write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loader", description=__doc__)
    data = os.environ.get("SEGSCOPE_TEST_DATA") or HERE.parents[1].parent / "shared" / "data"
    parser.add_argument("--data", type=Path, default=data, help="the folder that holds brats_africa/")
    parser.add_argument("--batches", type=int, default=25)
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    folders = sorted(path.parent for path in (Path(arguments.data) / "brats_africa").glob("*/*-t2f.nii.gz"))[:CASES]
    if len(folders) < CASES:
        parser.error(f"found fewer than {CASES} BraTS-Africa cases below {arguments.data}")
    warnings.simplefilter("ignore")  # the others' about each other
    import torch

    torch.set_num_threads(1)
    machine = describe_machine(("numpy", "torch", "monai", "albumentations", "opencv-python-headless"))
    load = round(os.getloadavg()[0], 1)
    found = measure(folders, arguments.batches, arguments.repeats)
    results = {"machine": machine, "load_average": load, "repeats": arguments.repeats, "batches": arguments.batches}
    (HERE / "results.json").write_text(json.dumps(results | found, indent=2) + "\n")
    rows = "\n".join(
        f"| {TITLES[name]} | {rates['plain']:,.0f} | {rates['augmented']:,.0f} | {found['bytes'][name] / 1e6:.0f} |"
        for name, rates in found["slices_per_s"].items()
    )
    text = TABLE.format(
        slices=found["slices"], cases=CASES, batch=BATCH, repeats=arguments.repeats, batches=arguments.batches,
        machine=machine_line(machine), load=load, rows=rows,
    )  # fmt: skip
    (HERE / "results.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
