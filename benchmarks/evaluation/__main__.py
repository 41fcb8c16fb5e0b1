"""Time `evaluate` over fifty cases on one core and on two, every default metric of three regions.

`python -m benchmarks.evaluation [--cohort NAME] [--cases N] [--repeats N]` repeats the cases of a cohort of the
workspace, or of five phantoms made for it, until there are N; their masks are the references with a displaced
boundary, read from files as masks made elsewhere are. It writes `results.json` and `results.md` beside this file.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import replace
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from benchmarks.machine import describe_machine, machine_line
from benchmarks.metrics.scenarios import scenarios
from core.case import Source
from core.data.load import load_regions
from core.data.phantom import cohort_traits, write_cohort
from core.evaluation.contenders import MasksElsewhere
from core.evaluation.evaluate import Wishes, evaluate
from core.evaluation.masks_elsewhere import MaskFolder
from core.export.nifti import write_label_map
from core.importing import ImportChoices, import_folder
from core.workspace import Cohort, Workspace

HERE = Path(__file__).parent
PHANTOMS = 5
CORES = (1, 2)


def measure(cohort: Cohort, masks: MaskFolder, repeats: int) -> dict[str, Any]:
    """Evaluate on one core and on two in turn; the documents must not differ by a byte."""
    here = sorted(os.sched_getaffinity(0))
    if len(here) < max(CORES):
        raise SystemExit(f"found {len(here)} core(s); expected {max(CORES)}: there is nothing to compare")
    seconds: dict[int, list[float]] = {cores: [] for cores in CORES}
    documents = set()
    for _ in range(repeats):
        for cores in CORES:
            os.sched_setaffinity(0, here[:cores])
            started = perf_counter()
            document = evaluate(None, cohort, [MasksElsewhere(masks)], None, None, wishes=Wishes(workers=cores))
            seconds[cores].append(perf_counter() - started)
            documents.add(json.dumps(document))
    os.sched_setaffinity(0, here)
    medians = {cores: median(times) for cores, times in seconds.items()}
    return {
        "cases": len(cohort.cases),
        "shape": list(next(iter(cohort.cases.values())).grid.shape),
        "metrics": list(json.loads(next(iter(documents)))["policy"]["metrics"]),
        "median_s": {str(cores): round(value, 2) for cores, value in medians.items()},
        "all_s": {str(cores): [round(value, 2) for value in times] for cores, times in seconds.items()},
        "times_as_fast": round(medians[1] / medians[2], 2),
        "same_bytes": len(documents) == 1,
    }


def repeated(cohort: Cohort, folder: Path, cases: int) -> tuple[Cohort, MaskFolder]:
    """Return a cohort of so many cases, and a mask of each; each distinct case is written once."""
    files: dict[str, Source] = {}
    for case_id, entry in islice(cohort.cases.items(), cases):
        if entry.case.reference is None:
            continue
        bits, grid = load_regions(entry.case.reference, cohort.scheme, entry.grid)
        geometry = grid.geometry()
        assert geometry is not None
        close = scenarios(bits, geometry)[0].prediction
        path = folder / f"{case_id}.nii.gz"
        write_label_map(path, cohort.scheme.to_labels(close), grid)
        files[case_id] = Source((path,), "nifti")
    names = [(f"{case_id}-{turn}", case_id) for turn in range(cases) for case_id in files][:cases]
    entries = {
        name: replace(cohort.cases[case_id], case=replace(cohort.cases[case_id].case, case_id=name, group_id=name))
        for name, case_id in names
    }
    of_name = {name: files[case_id] for name, case_id in names}
    masks = MaskFolder("close", cohort.scheme, of_name, {name: name for name, _ in names}, (), ())
    return replace(cohort, cases=entries), masks


def main() -> None:
    """Measure, and write results.json and results.md."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cohort", help="of the workspace (default: phantoms, made for it)")
    options.add_argument("--cases", type=int, default=50)
    options.add_argument("--repeats", type=int, default=3)
    chosen = options.parse_args()
    load = round(os.getloadavg()[0], 1)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        cohort = Workspace.default().cohort(chosen.cohort) if chosen.cohort else _phantoms(folder)
        many, masks = repeated(cohort, folder, chosen.cases)
        found = measure(many, masks, chosen.repeats)
    what = f"cohort {chosen.cohort}" if chosen.cohort else "phantoms"
    distinct = min(len(cohort.cases), chosen.cases)
    results = {**found, "of": what, "distinct": distinct, "repeats": chosen.repeats, "load": load}
    results["machine"] = describe_machine(("numpy", "scipy"))
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (HERE / "results.md").write_text(page(results), encoding="utf-8")
    print(page(results))


def page(results: dict[str, Any]) -> str:
    """Write the results as the table that stands beside them."""
    x, y, z = results["shape"]
    rows = [f"| {cores} | {seconds:.1f} s |" for cores, seconds in results["median_s"].items()]
    what = (
        f"{results['cases']} cases of {x} × {y} × {z} voxels ({results['of']}, {results['distinct']} distinct ones in "
        f"turn), one model, three regions, {len(results['metrics'])} metrics, reading and statistics included; median "
        f"of {results['repeats']} runs in turn."
    )
    bytes_said = "the same to the last byte" if results["same_bytes"] else "NOT THE SAME"
    said = f"Two cores are {results['times_as_fast']} times as fast as one; the documents are {bytes_said}."
    return "\n".join(
        [
            f"# `evaluate` on {results['cases']} cases",
            "",
            what,
            f"{machine_line(results['machine'])}; load average {results['load']} at the start.",
            "",
            "| cores | time |",
            "|---:|---:|",
            *rows,
            "",
            said,
            "",
            "Written by `python -m benchmarks.evaluation`.",
            "",
        ]
    )


def _phantoms(folder: Path) -> Cohort:
    write_cohort(folder / "phantoms", cohort_traits(PHANTOMS))
    return import_folder(Workspace(folder / "workspace"), folder / "phantoms", "phantoms", ImportChoices()).cohort


if __name__ == "__main__":
    main()
