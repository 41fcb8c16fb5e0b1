"""Score the folds of several recipes out of fold, beside a tuned FLAIR threshold, and write the table.

`python -m benchmarks.out_of_fold NAME=RUN0,RUN1,RUN2 … --cohort africa --threshold benchmarks/flair_threshold/x.json`

Every patient is scored by the member that never saw it, in float32, on the native grid.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.machine import describe_machine, machine_line
from core.checkpoints import resolve_checkpoint
from core.cli.output import progress
from core.evaluation.contenders import Contender
from core.evaluation.evaluate import evaluate
from core.inference.device import choose_compute
from core.inference.segment import Segmenter
from core.workspace import Workspace

HERE = Path(__file__).parent
METRICS = {"dice": 3, "iou": 3, "hd95_mm": 1}


def main() -> None:
    """Evaluate, and write results.json and results.md."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("models", nargs="+", metavar="NAME=RUN,RUN,…")
    options.add_argument("--cohort")
    options.add_argument("--split", default="default")
    options.add_argument("--threshold", type=Path, help="results.json of benchmarks.flair_threshold on the same split")
    chosen = options.parse_args()
    workspace = Workspace.default()
    cohort = workspace.cohort(chosen.cohort)
    contenders = [_contender(workspace, text) for text in chosen.models]
    document = evaluate(
        Segmenter(workspace, choose_compute("auto", fast=False)),
        cohort,
        contenders,
        workspace.split(cohort.name, chosen.split),
        "out-of-fold",
        on_case=lambda model, case, done, total: progress(f"{model} {case}", done, total),
    )
    document["trained"] = {
        contender.name: [
            {"run": member.card.run, "steps": member.card.steps, "recipe": member.card.recipe["train"]}
            for member in contender.members
        ]
        for contender in contenders
    }
    (HERE / "results.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    threshold = json.loads(chosen.threshold.read_text(encoding="utf-8")) if chosen.threshold else None
    (HERE / "results.md").write_text(page(document, threshold), encoding="utf-8")


def page(document: dict[str, Any], threshold: dict[str, Any] | None) -> str:
    """Write the result as a page: means with intervals per region, then every patient."""
    rows = ["| model | region | metric | mean | 95 % CI | median | n |", "|---|---|---|---:|---|---:|---:|"]
    for name, entry in _with_threshold(document, threshold).items():
        for region, metrics in entry["summary"].items():
            rows += [
                _row(name, region, metric, metrics[metric], digits)
                for metric, digits in METRICS.items()
                if metric in metrics and metrics[metric]["mean"] is not None
            ]
    patients = sorted({case for entry in document["models"].values() for case in entry["cases"]})
    names = list(document["models"])
    per_patient = [f"| patient | {' | '.join(names)} |", "|---|" + "---:|" * len(names)]
    for case in patients:
        dices = [document["models"][name]["cases"].get(case, {}).get("WT", {}).get("dice") for name in names]
        per_patient.append(f"| {case} | {' | '.join('–' if dice is None else f'{dice:.3f}' for dice in dices)} |")
    steps = "; ".join(
        f"{name}: {', '.join(str(run['steps']) for run in runs)} steps by fold"
        for name, runs in document["trained"].items()
    )
    return "\n".join(
        [
            f"# Out of fold on {document['cohort']}",
            "",
            f"Per patient in 3D, {len(patients)} patients, each scored by the fold that never saw it. {steps}.",
            f"Scored on {machine_line(describe_machine(('torch', 'numpy')))}.",
            "",
            *rows,
            "",
            "Whole-tumour Dice of every patient:",
            "",
            *per_patient,
            "",
            f"Empty masks: {document['policy']['empty_masks']['words']}.",
            "",
            "Written by `python -m benchmarks.out_of_fold`.",
            "",
        ]
    )


def _with_threshold(document: dict[str, Any], threshold: dict[str, Any] | None) -> dict[str, Any]:
    return document["models"] | (threshold["models"] if threshold else {})


def _row(name: str, region: str, metric: str, cell: dict[str, Any], digits: int) -> str:
    interval = "–" if cell["ci95"] is None else f"{cell['ci95'][0]:.{digits}f} – {cell['ci95'][1]:.{digits}f}"
    numbers = f"{cell['mean']:.{digits}f} | {interval} | {cell['median']:.{digits}f} | {cell['n']}"
    return f"| {name} | {region} | {metric} | {numbers} |"


def _contender(workspace: Workspace, text: str) -> Contender:
    name, _, references = text.partition("=")
    return Contender(name, tuple(resolve_checkpoint(workspace, reference) for reference in references.split(",")))


if __name__ == "__main__":
    main()
