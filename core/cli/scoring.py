"""Verbs that score: metrics, evaluate."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

from core.cli.output import print_json, progress
from core.errors import RefusedError

NAMED = re.compile(r"(?P<name>[^=/]+)=(?P<refs>.+)")


def add_verbs(verbs: Any) -> None:
    """Add the group's verbs."""
    metrics = verbs.add_parser("metrics", help="every metric for two label files")
    metrics.add_argument("prediction", type=Path, metavar="PREDICTION")
    metrics.add_argument("reference", type=Path, metavar="REFERENCE")
    metrics.add_argument("--scheme", default="brats-2023", help="what the labels mean (default: %(default)s)")
    metrics.add_argument("--reference-scheme", help="what the reference's mean (default: the same)")
    metrics.set_defaults(run=_metrics)

    evaluate = verbs.add_parser("evaluate", help="score models per patient, never on one that they have seen")
    evaluate.add_argument(
        "--checkpoint",
        action="append",
        required=True,
        metavar="[NAME=]REF[,REF…]",
        dest="checkpoints",
        help="a model; several REFs are one model made of folds",
    )
    evaluate.add_argument("--cohort", help="what to score on (default: the only cohort)")
    evaluate.add_argument("--split", default=None, help="which split --part speaks of (default: default)")
    evaluate.add_argument("--part", choices=("train", "validation", "test", "out-of-fold"))
    evaluate.add_argument(
        "--conventions", action="store_true", help="also score the same masks as the field does: per slice, pooled, …"
    )
    evaluate.add_argument("--device", default="auto")
    evaluate.set_defaults(run=_evaluate)


def _metrics(options: argparse.Namespace) -> int:
    from core.data.label_files import scheme_of_name_or_file
    from core.data.load import corner_distance_mm, load_label_file, same_grid
    from core.evaluation.scoring import conventions, score_case
    from core.metrics import METRICS

    scheme = scheme_of_name_or_file(options.scheme)
    other = scheme_of_name_or_file(options.reference_scheme or options.scheme)
    if scheme.region_names != other.region_names:
        raise RefusedError(f"{scheme.name} and {other.name} have different regions; scores need the same ones")
    prediction, grid = load_label_file(options.prediction, scheme)
    reference, reference_grid = load_label_file(options.reference, other)
    if not same_grid(grid, reference_grid):
        apart = (
            f"shapes {grid.shape} and {reference_grid.shape}"
            if grid.shape != reference_grid.shape
            else f"corners up to {corner_distance_mm(grid, reference_grid):.2f} mm apart"
        )
        raise RefusedError(f"the two masks lie on different grids ({apart}); resample one onto the other first")
    names = tuple(METRICS)
    regions = score_case(prediction, reference, scheme.region_names, reference_grid.geometry(), metrics=names)
    document = {"regions": regions, "policy": conventions(metrics=names)}
    if options.json:
        print_json(document)
        return 0
    for region, scores in regions.items():
        print(region, "  ".join(_score_text(name, scores) for name in METRICS if name in scores))
    return 0


def _score_text(name: str, scores: dict[str, Any]) -> str:
    value = scores[name]
    return f"{name} {value:.4f}" if value is not None else f"{name} none ({scores.get(f'{name}_reason')})"


def _evaluate(options: argparse.Namespace) -> int:
    from core.evaluation.evaluate import PartName, evaluate
    from core.evaluation.tables import table
    from core.inference.device import choose_compute
    from core.inference.segment import Segmenter
    from core.workspace import Workspace

    workspace = Workspace.default()
    cohort = workspace.cohort(options.cohort)
    contenders = _contenders(workspace, options.checkpoints)
    split = None
    if options.part or options.split:
        split = workspace.split(cohort.name, options.split or "default")
    part: PartName | None = options.part or ("test" if options.split else None)
    # scores to publish are computed in float32, whatever the processor could do faster
    segmenter = Segmenter(workspace, choose_compute(options.device, fast=False))
    document = evaluate(
        segmenter,
        cohort,
        contenders,
        split,
        part,
        on_case=lambda model, case, done, total: progress(f"{model} {case}", done, total),
        conventions=options.conventions,
    )
    if options.json:
        print_json(document)
    else:
        print(table(document))
    if any(entry["cases"] for entry in document["models"].values()):
        return 0
    print("error: every case was dropped, for the models have seen them all; score them on others", file=sys.stderr)
    return 1


def _contenders(workspace: Any, references: list[str]) -> list[Any]:
    from core.checkpoints import resolve_checkpoint
    from core.evaluation.evaluate import Contender

    contenders = []
    for text in references:
        match = NAMED.fullmatch(text)
        refs = (match["refs"] if match else text).split(",")
        members = tuple(resolve_checkpoint(workspace, ref) for ref in refs)
        contenders.append(Contender(match["name"] if match else _default_name(refs[0]), members))
    names = [contender.name for contender in contenders]
    if len(set(names)) < len(names):
        raise RefusedError(f"two models are called the same ({', '.join(names)}); name them with NAME=REF")
    return contenders


def _default_name(reference: str) -> str:
    return Path(reference).name.partition("@")[0]
