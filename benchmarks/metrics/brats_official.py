"""Our scores beside the official BraTS evaluation's, on every BraTS-Africa reference and a disturbed copy of it.

The official programs run outside the project, in environments of their own, and are imported nowhere:

1. `python -m benchmarks.metrics.brats_official masks DATA OUT` writes OUT/ref and OUT/pred;
2. `brats-evaluate --config gli --ref_path OUT/ref --pred_path OUT/pred --summary_json OUT/brats-evaluation.json`
   (package brats-evaluation 0.0.10, AGPL-3.0), and the challenge's program of 2023 (R. Saluja, BraTS-2023-Metrics,
   `get_lesion_wise_results` with BraTS-SSA), its rows by case as OUT/brats-2023.json;
3. `python -m benchmarks.metrics.brats_official table OUT` writes `brats_official.json` and `brats_official.md`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.metrics.scenarios import REGIONS, disturbed
from core.data.load import load_label_file
from core.evaluation.scoring import Scoring, score_case
from core.labels import scheme_named
from core.metrics.empty_masks import policy_named

HERE = Path(__file__).parent
SCHEME = scheme_named("brats-2023")
# ours and the name in each program
PACKAGE = {
    "dice": "global_bin_dsc",
    "hd95_pooled_mm": "global_bin_hd95",
    "instances_reference": "n_ref_instances",
    "instances_predicted": "n_pred_instances",
}
PROGRAM = {
    "dice": "Legacy_Dice",
    "hd95_elements_mm": "Legacy_HD95",
    "recall": "Sensitivity",
    "specificity": "Specificity",
    "lesion_dice": "Lesion_Wise_Score_Dice",
    "lesion_hd95_mm": "Lesion_Wise_Score_HD95",
    "lesions_found": "Num_TP",
    "lesions_missed": "Num_FN",
    "lesions_invented": "Num_FP",
}
METRICS = ("dice", "recall", "specificity", "hd95_pooled_mm", "hd95_elements_mm", "lesion_dice", "lesion_hd95_mm")
SCORING = Scoring((*METRICS, "instance_f1"), policy_named("brats"))


def write_masks(data: Path, out: Path) -> None:
    """Write every reference and a disturbed copy as NIfTI under one name, each with its own seed."""
    import nibabel

    for seed, path in enumerate(sorted((data / "brats_africa").glob("*/*-seg.nii.gz"))):
        bits, grid = load_label_file(path, SCHEME)
        case = path.parent.name
        for side, regions in (("ref", np.asarray(bits)), ("pred", disturbed(np.ascontiguousarray(bits), seed))):
            (out / side).mkdir(parents=True, exist_ok=True)
            labels = grid.from_ras(_labels(regions))
            nibabel.save(nibabel.Nifti1Image(labels, grid.affine), out / side / f"{case}.nii.gz")


def _labels(bits: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Nested regions as labels of 2023: oedema 2, core 1, enhancing tumour 3."""
    whole, core, enhancing = (bits >> np.uint8(bit) & np.uint8(1) for bit in range(3))
    return np.select([enhancing == 1, core == 1, whole == 1], [3, 1, 2], 0).astype(np.uint8)


def our_scores(out: Path) -> dict[str, Any]:
    """Score every pair with the challenge's policy."""
    found = {}
    for path in sorted((out / "ref").glob("*.nii.gz")):
        reference, grid = load_label_file(path, SCHEME)
        prediction, _ = load_label_file(out / "pred" / path.name, SCHEME)
        found[path.name.removesuffix(".nii.gz")] = score_case(
            prediction, reference, REGIONS, grid.geometry(), scoring=SCORING
        )
    return found


def write_table(out: Path) -> None:
    """Lay the three tables beside each other."""
    ours = our_scores(out)
    package = {
        entry["subject_name"].removesuffix(".nii.gz"): {region: entry[region.lower()] for region in REGIONS}
        for entry in json.loads((out / "brats-evaluation.json").read_text(encoding="utf-8"))["metrics"]
    }
    program = json.loads((out / "brats-2023.json").read_text(encoding="utf-8"))
    cases = {
        case: {
            region: {
                "segscope": {name: ours[case][region].get(name) for name in sorted({*PACKAGE, *PROGRAM})},
                "brats-evaluation": {name: package[case][region].get(theirs) for name, theirs in PACKAGE.items()},
                "BraTS-2023-Metrics": {name: program[case][region][theirs] for name, theirs in PROGRAM.items()},
                "brats-evaluation lesion-wise": {
                    name: package[case][region].get(name) for name in ("sq_dsc", "sq_hd95", "tp", "fp", "fn")
                },
            }
            for region in REGIONS
        }
        for case in ours
    }
    document = {"cases": cases, "largest_difference": _differences(cases)}
    (HERE / "brats_official.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    (HERE / "brats_official.md").write_text(_page(document), encoding="utf-8")
    print(_page(document))


def _differences(cases: dict[str, Any]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for peer, names in (("brats-evaluation", PACKAGE), ("BraTS-2023-Metrics", PROGRAM)):
        found[peer] = {
            name: max(
                abs(float(entry["segscope"][name]) - float(entry[peer][name]))
                for regions in cases.values()
                for entry in regions.values()
            )
            for name in names
        }
    return found


PAGE = """\
# Beside the official BraTS evaluation

Thirteen BraTS-Africa references, each against a disturbed copy of itself (boundary displaced, pieces lost, specks
invented), scored by us and by the two official programs, run once in environments of their own: the challenge's program
of 2023 (R. Saluja, BraTS-2023-Metrics, parameters of BraTS-SSA; its published scoring functions over today's
surface-distance package, which wants bool masks) and the package brats-evaluation 0.0.10 (configuration gli).

Largest difference over {n} regions:

| ours | BraTS-2023-Metrics | difference |
|---|---|---:|
{program}

| ours | brats-evaluation | difference |
|---|---|---:|
{package}

Where definitions differ:

- HD95 of 2023 is surface-distance's (`hd95_elements_mm`), that of the package pools both directions
  (`hd95_pooled_mm`); our `hd95_mm` is MONAI's and equals neither.
- Lesion-wise scores of the package are not those of 2023: lesions are the components as they are (no growth, none too
  small to count), matched one to one by Dice, and its means are over matched lesions alone. They stand below as they
  come; ours follow 2023.
- Its NSD counts surface voxels, ours surface elements; it is not compared.

{head}
{rows}

Written by `python -m benchmarks.metrics.brats_official`, which says how.
"""


HEAD = [
    "case",
    "region",
    "Dice",
    "lesion-wise Dice: ours",
    "2023",
    "package",
    "lesion-wise HD95: ours",
    "2023",
    "package",
]
HEAD += ["found / missed / invented: ours", "2023", "package"]


def _page(document: dict[str, Any]) -> str:
    largest = document["largest_difference"]
    rows = [
        _row(case, region, entry) for case, regions in document["cases"].items() for region, entry in regions.items()
    ]
    return PAGE.format(
        n=len(rows),
        head=f"| {' | '.join(HEAD)} |\n|---|---|{'---:|' * 7}{'---|' * 3}",
        program="\n".join(
            f"| `{name}` | {PROGRAM[name]} | {v:.1e} |" for name, v in largest["BraTS-2023-Metrics"].items()
        ),
        package="\n".join(
            f"| `{name}` | {PACKAGE[name]} | {v:.1e} |" for name, v in largest["brats-evaluation"].items()
        ),
        rows="\n".join(rows),
    )


def _row(case: str, region: str, entry: dict[str, Any]) -> str:
    ours, program, package = entry["segscope"], entry["BraTS-2023-Metrics"], entry["brats-evaluation lesion-wise"]
    counts = [
        " / ".join(str(int(each[name])) for name in names)
        for each, names in (
            (ours, ("lesions_found", "lesions_missed", "lesions_invented")),
            (program, ("lesions_found", "lesions_missed", "lesions_invented")),
            (package, ("tp", "fn", "fp")),
        )
    ]
    numbers = [ours["dice"], *(each["lesion_dice"] for each in (ours, program)), package["sq_dsc"]]
    distances = [*(each["lesion_hd95_mm"] for each in (ours, program)), package["sq_hd95"]]
    cells = [*(_number(value, 4) for value in numbers), *(_number(value, 2) for value in distances), *counts]
    return f"| {case} | {region} | {' | '.join(cells)} |"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None or not np.isfinite(value) else f"{value:.{digits}f}"


if __name__ == "__main__":
    if sys.argv[1] == "masks":
        write_masks(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        write_table(Path(sys.argv[2]))
