"""The verb `evaluate`: models, and masks made elsewhere, scored on a cohort."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.output import print_json, progress
from core.cli.segmenting import add_passes, passes_of

if TYPE_CHECKING:
    from core.evaluation.contenders import ComparedModel, PartName
    from core.evaluation.evaluate import Wishes
    from core.inference.segment import Segmenter
    from core.workspace import Cohort, Workspace

NOTHING_SCORED = "every case was dropped, for the models have seen them all; score them on others"


def add_verbs(verbs: Any) -> None:
    """Add the group's verbs."""
    evaluate = verbs.add_parser("evaluate", help="score models per patient, never on one that they have seen")
    _add_models(evaluate)
    _add_scoring(evaluate)
    _add_more(evaluate)
    evaluate.set_defaults(run=_evaluate)


def _add_models(evaluate: argparse.ArgumentParser) -> None:
    evaluate.add_argument(
        "--checkpoint",
        action="append",
        default=[],
        metavar="[NAME=]REF[,REF…]",
        dest="checkpoints",
        help="a model; several REFs are one model made of folds",
    )
    evaluate.add_argument(
        "--predictions",
        action="append",
        default=[],
        metavar="NAME[=DIR]",
        help="masks made elsewhere: a folder of label maps or DICOM SEG called after the cases, or a set that "
        "`predictions` brought in; two of them give their agreement too",
    )
    evaluate.add_argument(
        "--predictions-scheme",
        action="append",
        default=[],
        metavar="NAME=SCHEME",
        help="what the labels of such masks mean, a name or a file (default: the cohort's scheme)",
    )
    evaluate.add_argument(
        "--cohort", action="append", dest="cohorts", help="what to score on (default: the only one); repeat to compare"
    )
    evaluate.add_argument("--split", default=None, help="which split --part speaks of (default: default)")
    evaluate.add_argument("--part", choices=("train", "validation", "test", "out-of-fold"))
    evaluate.add_argument("--device", default="auto")
    add_passes(evaluate)


def _add_scoring(evaluate: argparse.ArgumentParser) -> None:
    evaluate.add_argument("--metrics", metavar="A,B,…", help="what to score (default: as metrics-list says)")
    evaluate.add_argument("--nsd-tolerance", type=float, metavar="MM", help="what NSD forgives (default: 1)")
    evaluate.add_argument("--policy", help="what empty masks mean: leave-out or brats (default: leave-out)")
    evaluate.add_argument("--test", choices=("wilcoxon", "permutation"), default="wilcoxon", help="how models compare")
    evaluate.add_argument(
        "--margin",
        metavar="M | METRIC=M,…",
        help="the difference that would matter: says whether models are equivalent within it",
    )


def _add_more(evaluate: argparse.ArgumentParser) -> None:
    evaluate.add_argument("--subgroups", action="store_true", help="also by tumour size, site, scanner, spacing, …")
    evaluate.add_argument("--failures", type=int, default=0, metavar="N", help="also the N worst of each kind")
    evaluate.add_argument("--calibration", action="store_true", help="also how far probabilities can be trusted")
    evaluate.add_argument(
        "--conventions", action="store_true", help="also score the same masks as the field does: per slice, pooled, …"
    )
    evaluate.add_argument("--workers", type=int, metavar="N", help="processes that score (default: by the work)")
    evaluate.add_argument("--out", type=Path, metavar="DIR", help="write the document as JSON and the scores as CSV")
    evaluate.add_argument(
        "--report", type=Path, metavar="DIR", help="also a printable report: HTML and PDF, with pictures and methods"
    )
    evaluate.add_argument("--all", action="store_true", help="print every metric in full, with its tests")


def _evaluate(options: argparse.Namespace) -> int:
    from core.cli.evaluation_choices import wishes_of
    from core.errors import UsageError
    from core.workspace import Workspace

    if not options.checkpoints and not options.predictions:
        raise UsageError("nothing to score; name a model with --checkpoint, or masks with --predictions NAME=DIR")
    workspace, wishes = Workspace.default(), wishes_of(options)
    segmenter = _segmenter(workspace, options)
    cohorts = [workspace.cohort(name) for name in options.cohorts or [None]]
    documents = {cohort.name: _score(workspace, cohort, segmenter, options, wishes) for cohort in cohorts}
    if len(documents) == 1:
        (document,) = documents.values()
    else:
        document = _across(workspace, options, documents)
    if options.out:
        _write(options.out, document, documents)
    if options.json:
        print_json(document)
    else:
        _print(document, documents, options.all)
    if any(_scored(each) for each in documents.values()):
        return 0
    print(f"error: {NOTHING_SCORED if options.checkpoints else 'no mask could be used'}", file=sys.stderr)
    return 1


def _segmenter(workspace: Workspace, options: argparse.Namespace) -> Segmenter | None:
    if not options.checkpoints:
        return None
    from core.inference.device import choose_compute
    from core.inference.segment import Segmenter

    # scores to publish are computed in float32, whatever the processor could do faster
    return Segmenter(workspace, choose_compute(options.device, fast=False), passes_of(options))


def _score(
    workspace: Workspace, cohort: Cohort, segmenter: Segmenter | None, options: argparse.Namespace, wishes: Wishes
) -> dict[str, Any]:
    from core.cli.evaluation_choices import models_of
    from core.evaluation.evaluate import evaluate

    split = workspace.split(cohort.name, options.split or "default") if options.part or options.split else None
    part: PartName | None = options.part or ("test" if options.split else None)
    models: list[ComparedModel] = models_of(workspace, cohort, options)
    document = evaluate(
        segmenter,
        cohort,
        models,
        split,
        part,
        on_case=lambda model, case, done, total: progress(f"{model} {case}", done, total),
        wishes=wishes,
    )
    for sentence in _remarks(document):
        print(sentence, file=sys.stderr)
    if options.report:
        _report(workspace, cohort, models, document, segmenter, options)
    return document


def _report(
    workspace: Workspace,
    cohort: Cohort,
    models: list[ComparedModel],
    document: dict[str, Any],
    segmenter: Segmenter | None,
    options: argparse.Namespace,
) -> None:
    """Write a cohort's report; of several cohorts each into a folder of its own."""
    from core.jobs.reports import make_report

    folder = options.report if len(options.cohorts or [None]) == 1 else options.report / cohort.name
    split = (options.split or "default") if options.part or options.split else None
    made = make_report(
        workspace, cohort, models, document, folder, split=split, segmenter=segmenter, on_step=_on_report_step
    )
    if made.without:
        print(made.without, file=sys.stderr)


def _on_report_step(label: str, done: int, total: int) -> None:
    progress(label or "the report is written", done, total)


def _remarks(document: dict[str, Any]) -> list[str]:
    """Return what is odd about masks made elsewhere, for the person at the terminal."""
    said = []
    for masks in document.get("made_elsewhere", ()):
        name = masks["model"]
        said += [f"{name}, {entry['case']}: {entry['reason']}" for entry in masks["refused"]]
        for key, words in (("unmatched_files", "files of no case"), ("cases_without_file", "cases without a file")):
            if masks[key]:
                said.append(f"{name}: {len(masks[key])} {words}: {', '.join(masks[key])}")
    return said


def _across(workspace: Workspace, options: argparse.Namespace, documents: dict[str, dict[str, Any]]) -> dict[str, Any]:
    from core.cli.evaluation_choices import trained_on
    from core.evaluation.cross_cohort import cross_cohort

    table = cross_cohort(list(documents.values()), trained_on(workspace, options))
    return {"cohorts": documents, "cross_cohort": table}


def _print(document: dict[str, Any], documents: dict[str, dict[str, Any]], everything: bool) -> None:
    from core.evaluation.cross_cohort_table import cross_cohort_text
    from core.evaluation.more_tables import more_tables
    from core.evaluation.tables import table

    for name, each in documents.items():
        print(f"\n{name}\n" if len(documents) > 1 else "", end="")
        print(table(each, everything))
        if more := more_tables(each):
            print(f"\n{more}")
    if len(documents) > 1:
        print(f"\n{cross_cohort_text(document['cross_cohort'])}")


def _write(folder: Path, document: dict[str, Any], documents: dict[str, dict[str, Any]]) -> None:
    """Write the document, and each cohort's scores as CSV."""
    from core.atomic import replacing, write_json
    from core.evaluation.csv_table import scores_csv

    write_json(folder / "evaluate.json", document)
    for name, each in documents.items():
        with replacing(folder / ("scores.csv" if len(documents) == 1 else f"scores-{name}.csv")) as stream:
            stream.write(scores_csv(each).encode())


def _scored(document: dict[str, Any]) -> bool:
    agreed = any(pair["cases"] for pair in document.get("agreement", ()))
    leaking = document.get("leaking") and document.get("conventions")  # they have rows of their own
    return bool(agreed or leaking or any(entry["cases"] for entry in document["models"].values()))
