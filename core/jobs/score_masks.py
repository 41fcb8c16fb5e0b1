"""Score masks that are there in a process of its own: what a page shows is kept beside them before it is read."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from core.checkpoints import Checkpoint, resolve_checkpoint
from core.evaluation.kept_masks import kept_masks
from core.evaluation.saved import SCORES_VERSION, saved_scores
from core.evaluation.saved_failures import FAILURES_VERSION, saved_failures
from core.evaluation.saved_files import SavedModel, beside_mask, scoring_key
from core.evaluation.saved_trust import TRUST_VERSION, saved_trust
from core.evaluation.scoring import DEFAULT_SCORING
from core.jobs.bounded import NICENESS
from core.jobs.folder import JobFolder, recent_jobs
from core.jobs.working import run_job, start_job, taken
from core.workspace import Cohort, Workspace


@dataclass(frozen=True, slots=True)
class Kind:
    """Something that is computed of a mask and its case's reference, once.

    Attributes:
        version: what its files are told apart by.
        compute: reads what is kept, or computes and keeps it; None where there is no mask or no reference.
    """

    version: Callable[[], str]
    compute: Callable[[Workspace, Cohort, str, SavedModel], Any]


def _trust(workspace: Workspace, cohort: Cohort, case_id: str, model: SavedModel) -> Any:
    """Count probabilities; masks made elsewhere have none."""
    return saved_trust(workspace, cohort, case_id, model) if isinstance(model, Checkpoint) else None


KINDS: dict[str, Kind] = {
    "scores": Kind(lambda: scoring_key(DEFAULT_SCORING, SCORES_VERSION), saved_scores),
    "failures": Kind(lambda: str(FAILURES_VERSION), saved_failures),
    "trust": Kind(lambda: str(TRUST_VERSION), _trust),
}


def is_computed(workspace: Workspace, cohort: Cohort, case_id: str, model: SavedModel, kind: str) -> bool:
    """Tell whether reading one of `KINDS` computes nothing any more.

    Args:
        workspace: where masks are.
        cohort: of the case, which has a reference.
        case_id: which case.
        model: one that has a mask of it.
        kind: what is asked for.
    """
    if kind == "trust" and not isinstance(model, Checkpoint):
        return True
    return beside_mask(workspace, cohort, case_id, model, kind, KINDS[kind].version()).exists()


def start_scoring(workspace: Workspace, cohort: str, pieces: Sequence[tuple[str, str]], kinds: Sequence[str]) -> str:
    """Start a process that computes what is missing, in a session of its own.

    Args:
        workspace: where everything is.
        cohort: which cohort.
        pieces: case and model: a checkpoint as `resolve_checkpoint` finds it, or the name of masks made elsewhere.
        kinds: out of `KINDS`, in the order in which they are needed.

    Returns:
        The job's id.
    """
    title = f"Scoring {len(pieces)} masks of {cohort}"
    request = {"cohort": cohort, "pieces": [list(piece) for piece in pieces], "kinds": list(kinds)}
    return start_job(workspace, "score", title, request, "core.jobs.score_masks")


def scoring_job(workspace: Workspace, cohort: str) -> JobFolder | None:
    """Return the newest job that scores masks of a cohort, running or ended within the hour."""
    for job_id, status in recent_jobs(workspace):
        if status.kind == "score":
            job = JobFolder(workspace.jobs / job_id)
            if job.request["cohort"] == cohort:
                return job
    return None


def work(workspace: Workspace, job: JobFolder) -> None:
    """Do a job's work; its status says how far it is and how it ended."""
    os.nice(NICENESS)
    with taken(job) as status:
        request = job.request
        cohort = workspace.cohort(request["cohort"])
        elsewhere = kept_masks(workspace, cohort.name)
        names = dict.fromkeys(name for _, name in request["pieces"])
        models: dict[str, SavedModel] = {
            name: elsewhere[name] if name in elsewhere else resolve_checkpoint(workspace, name) for name in names
        }
        todo = [(kind, case_id, name) for kind in request["kinds"] for case_id, name in request["pieces"]]
        for number, (kind, case_id, name) in enumerate(todo):
            status.done, status.total, status.label = number, len(todo), case_id
            job.write(status)
            KINDS[kind].compute(workspace, cohort, case_id, models[name])
        status.done = len(todo)


if __name__ == "__main__":
    run_job(work)
