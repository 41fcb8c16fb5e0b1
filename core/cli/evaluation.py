"""The verb `evaluate`: models scored on a cohort."""

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
