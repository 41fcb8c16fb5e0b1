"""The verb that trains several recipes and makes one page: study."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from core.cli.output import print_json, progress


def add_verbs(verbs: Any) -> None:
    """Add the group's verb."""
    study = verbs.add_parser("study", help="train recipes times changes, and make one table and one result page")
    study.add_argument("study", metavar="FILE", help="a path, or the name of a shipped study")
    study.add_argument("--cohort", help="what to train on (default: the only cohort)")
    study.add_argument("--split", default="default")
    study.add_argument("--device", default="auto", help="auto, cuda, cuda:1, mps or cpu")
    study.add_argument("--page", type=Path, metavar="FILE", help="also write the result page here")
    study.add_argument("--detach", action="store_true", help="queue the runs and return; the same command waits later")
    study.set_defaults(run=_study)


def _study(options: argparse.Namespace) -> int:
    from core.evaluation.study_page import study_page
    from core.inference.device import choose_compute
    from core.inference.segment import Segmenter
    from core.jobs.studies import curves_of_study, keep_result, queue_study, score_study, wait_for, write_page
    from core.recipe.study import load_study
    from core.workspace import Workspace

    workspace = Workspace.default()
    study = load_study(options.study)
    cohort = workspace.cohort(options.cohort)
    runs = queue_study(workspace, study, cohort.name, options.split, options.device)
    if options.detach:
        names = [run.run for run in runs]
        print_json({"study": study.name, "runs": names}) if options.json else print("\n".join(names))
        return 0
    try:
        wait_for(workspace, runs, lambda done, total, words: progress(words or "runs", done, total))
    except KeyboardInterrupt:
        print("the runs go on; the same command waits for them again and writes the page", file=sys.stderr)
        raise
    # scores to publish are computed in float32, whatever the processor could do faster
    segmenter = Segmenter(workspace, choose_compute(options.device, fast=False))
    document = score_study(
        workspace,
        cohort,
        options.split,
        runs,
        segmenter,
        lambda model, case, done, total: progress(f"{model} {case}", done, total),
    )
    page = study_page(study.resolved(), cohort.name, options.split, document)
    curves = curves_of_study(workspace, study.title or study.name, runs)
    kept = keep_result(workspace, study.name, document, page, curves)
    if options.page:
        write_page(options.page, page, curves)
    print_json(document) if options.json else print(options.page or kept)
    return 0
