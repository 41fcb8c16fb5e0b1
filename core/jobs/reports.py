"""The report of a comparison: joined from the document, the cards, the cohort and the cases, and printed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.atomic import replacing, write_json
from core.checkpoints import Checkpoint, resolve_checkpoint
from core.data.splits import PARTS, Split
from core.errors import JobFailedError
from core.evaluation.contenders import ComparedModel, Contender, MasksElsewhere
from core.evaluation.csv_table import scores_csv
from core.evaluation.kept_masks import kept_masks
from core.export import EXPORTS
from core.export.report import CohortFacts, Comparison, Member, SplitFacts
from core.inference.segment import Segmenter
from core.jobs.folder import JobFolder
from core.jobs.print_report import print_pdf
from core.jobs.report_pictures import typical_slices
from core.jobs.working import run_job, start_job, taken
from core.workspace import Cohort, Workspace, safe_name

HTML, PDF, CSV, JSON = "report.html", "report.pdf", "scores.csv", "scores.json"
STEPS = ("reading the pictured cases", "writing the page", "printing the PDF")
OnStep = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """What was written.

    Attributes:
        files: name to path, of `report.html`, `report.pdf`, `scores.csv` and `scores.json`.
        without: why there is no PDF; empty where there is one, or none was asked for.
    """

    files: dict[str, Path]
    without: str


def make_report(
    workspace: Workspace,
    cohort: Cohort,
    models: Sequence[ComparedModel],
    document: dict[str, Any],
    folder: Path,
    *,
    split: str | None = None,
    segmenter: Segmenter | None = None,
    pdf: bool = True,
    on_step: OnStep = lambda _label, _done, _total: None,
) -> ReportFiles:
    """Write a comparison's report, its scores and its document into a folder.

    The same comparison gives the same bytes. Where a PDF cannot be printed the rest is written all the same.

    Args:
        workspace: where the split is.
        cohort: on what was scored.
        models: what was compared, in the document's order.
        document: what `evaluate` returned for them.
        folder: to write into; made if need be.
        split: the split's name; None looks for the one that the cards were trained on.
        segmenter: finds, or computes, predictions for the pictures; None makes one that computes on the processor.
        pdf: print one too.
        on_step: told what is being done.
    """
    models = [model for model in models if model.name in document["models"]]  # one that leaks has no scores to report
    on_step(STEPS[0], 0, len(STEPS))
    members = {model.name: _checkpoints(model) for model in models}
    if segmenter is None and any(members.values()):
        segmenter = _segmenter(workspace)
    pictures, no_pictures = typical_slices(segmenter, cohort, models, document)
    comparison = Comparison(
        document=document,
        cohort=cohort_facts(cohort),
        split=_split_facts(workspace, cohort, split, [each for found in members.values() for each in found]),
        members={
            name: tuple(Member(each.id, each.card.model_dump(mode="json")) for each in found)
            for name, found in members.items()
        },
        pictures=pictures,
        no_pictures=no_pictures,
    )
    on_step(STEPS[1], 1, len(STEPS))
    files = {name: folder / name for name in (HTML, CSV, JSON)}
    EXPORTS["report"].write(files[HTML], comparison)
    with replacing(files[CSV]) as stream:
        stream.write(scores_csv(document).encode())
    write_json(files[JSON], document)
    without = ""
    if pdf:
        on_step(STEPS[2], 2, len(STEPS))
        try:
            print_pdf(files[HTML], folder / PDF)
            files[PDF] = folder / PDF
        except JobFailedError as error:
            without = str(error)
    on_step("", len(STEPS), len(STEPS))
    return ReportFiles(files, without)


def start_report(
    workspace: Workspace,
    cohort: str,
    models: Mapping[str, Sequence[str]],
    document: Mapping[str, Any],
    *,
    masks: Sequence[str] = (),
    split: str | None = None,
) -> str:
    """Start a process that writes a comparison's report, in a session of its own.

    Args:
        workspace: where everything is.
        cohort: on which cohort was scored.
        models: what the document calls a model, to its checkpoints, as `resolve_checkpoint` finds them.
        document: what `evaluate` returned for them, or the page's own.
        masks: the sets of masks made elsewhere that were compared too, by name.
        split: the split's name, where one is known.

    Returns:
        The job's id; `JobFolder` says how far it is, `report_files` what it wrote.
    """
    names = [*models, *masks]
    title = f"Report of {', '.join(names)}" if len(names) <= 3 else f"Report of {len(names)} models"
    request = {
        "cohort": cohort,
        "models": {name: list(members) for name, members in models.items()},
        "masks": list(masks),
        "split": split,
        "document": dict(document),
    }
    return start_job(workspace, "report", title, request, "core.jobs.reports")


def report_files(workspace: Workspace, job_id: str) -> dict[str, Path]:
    """Return what a report's job has written, by file name; nothing until it is done."""
    folder = _folder(workspace, job_id)
    return {name: folder / name for name in (HTML, PDF, CSV, JSON) if (folder / name).is_file()}


def cohort_facts(cohort: Cohort) -> CohortFacts:
    """Return what a report says of a cohort: counts, titles and grids; no file's name."""
    spacings = [entry.facts["spacing_mm"] for entry in cohort.cases.values() if entry.facts["spacing_mm"]]
    return CohortFacts(
        name=cohort.name,
        cases=len(cohort.cases),
        groups=len(cohort.groups),
        group_kind=cohort.group_kind,
        modalities=cohort.modalities,
        region_titles={region.name: region.title for region in cohort.scheme.regions},
        spacings_mm=tuple(sorted({(round(x, 4), round(y, 4), round(z, 4)) for x, y, z in spacings})),
        shapes=tuple(sorted({tuple(entry.facts["shape"]) for entry in cohort.cases.values()})),
        licence=cohort.licence,
    )


def work(workspace: Workspace, job: JobFolder) -> None:
    """Do a job's work; its status says how far it is and how it ended, and why there is no PDF."""
    with taken(job) as status:
        request = job.request

        def on_step(label: str, done: int, total: int) -> None:
            status.label, status.done, status.total = label, done, total
            job.write(status)

        cohort = workspace.cohort(request["cohort"])
        models: list[ComparedModel] = [
            Contender(name, tuple(resolve_checkpoint(workspace, each) for each in members))
            for name, members in request["models"].items()
        ]
        models += [MasksElsewhere(kept_masks(workspace, cohort.name)[name]) for name in request["masks"]]
        folder = _folder(workspace, job.id)
        written = make_report(
            workspace, cohort, models, request["document"], folder, split=request["split"], on_step=on_step
        )
        status.message = written.without


def _folder(workspace: Workspace, job_id: str) -> Path:
    return workspace.root / "exports" / safe_name(job_id)


def _segmenter(workspace: Workspace) -> Segmenter:
    from core.inference.device import choose_compute

    return Segmenter(workspace, choose_compute("auto", fast=False))


def _checkpoints(model: ComparedModel) -> tuple[Checkpoint, ...]:
    return model.members if isinstance(model, Contender) else ()


def _split_facts(
    workspace: Workspace, cohort: Cohort, name: str | None, checkpoints: Sequence[Checkpoint]
) -> SplitFacts | None:
    """Describe the split called `name`, or else the one that the checkpoints were trained on, if it is still there."""
    trained = {each.card.split_sha256 for each in checkpoints}
    for known in [name] if name else workspace.split_names(cohort.name):
        split = workspace.split(cohort.name, known)
        if name or (trained and trained <= _fold_hashes(split)):
            text = json.dumps(split.to_json(), sort_keys=True)
            counts = tuple((len(fold.train), len(fold.validation), len(fold.test)) for fold in split.folds)
            return SplitFacts(known, split.seed, hashlib.sha256(text.encode()).hexdigest(), counts)
    return None


def _fold_hashes(split: Split) -> set[str]:
    """Return what a card holds of each fold: the SHA-256 of its parts as JSON, keys sorted."""
    parts = [{part: list(fold.part(part)) for part in PARTS} for fold in split.folds]
    return {hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest() for part in parts}


if __name__ == "__main__":
    run_job(work)
