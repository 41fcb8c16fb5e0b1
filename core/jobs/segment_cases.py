"""Segment cases of the workspace in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence

from core.checkpoints import resolve_checkpoint
from core.evaluation.saved import saved_scores
from core.jobs.folder import JobFolder
from core.jobs.working import run_job, start_job, taken
from core.workspace import Workspace


def start_segmenting(workspace: Workspace, cohort: str, cases: Sequence[str], models: Sequence[str]) -> str:
    """Start a process that segments cases with models, in a session of its own.

    Args:
        workspace: where everything is.
        cohort: which cohort.
        cases: which of its cases.
        models: checkpoints, as `resolve_checkpoint` finds them.

    Returns:
        The job's id.
    """
    title = f"Segmenting {cases[0] if len(cases) == 1 else f'{len(cases)} cases'} with {', '.join(models)}"
    request = {"cohort": cohort, "cases": list(cases), "models": list(models)}
    return start_job(workspace, "segment", title, request, "core.jobs.segment_cases")


def start_segmenting_rest(workspace: Workspace, cohort: str, pieces: Sequence[tuple[str, str]]) -> str:
    """Start one process that segments what is missing, in a session of its own.

    Args:
        workspace: where everything is.
        cohort: which cohort.
        pieces: case and model, as `resolve_checkpoint` finds it; not every case with every model.

    Returns:
        The job's id.
    """
    cases, models = (list(dict.fromkeys(names)) for names in zip(*pieces, strict=True))
    title = f"Segmenting {len(pieces)} times: {len(cases)} cases with {', '.join(models)}"
    request = {"cohort": cohort, "cases": cases, "models": models, "pieces": [list(piece) for piece in pieces]}
    return start_job(workspace, "segment", title, request, "core.jobs.segment_cases")


def work(workspace: Workspace, job: JobFolder) -> None:
    """Do a job's work; its status says how far it is and how it ended."""
    from core.inference.device import choose_compute
    from core.inference.segment import Segmenter

    with taken(job) as status:
        request = job.request
        cohort = workspace.cohort(request["cohort"])
        checkpoints = {name: resolve_checkpoint(workspace, name) for name in request["models"]}
        segmenter = Segmenter(workspace, choose_compute("auto", fast=False))
        named = request.get("pieces") or [(case, name) for case in request["cases"] for name in request["models"]]
        pieces = [(case, checkpoints[name]) for case, name in named]
        # a slice is a piece of work, so that the bar moves within a case
        for number, (case_id, checkpoint) in enumerate(pieces):

            def on_slices(done: int, total: int, place: int = number, label: str = case_id) -> None:
                status.done, status.total, status.label = place * total + done, len(pieces) * total, label
                job.write(status)

            segmenter.segment_stored(cohort, case_id, checkpoint, on_slices)
            saved_scores(workspace, cohort, case_id, checkpoint)


if __name__ == "__main__":
    run_job(work)
