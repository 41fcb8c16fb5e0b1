"""The demo: a cohort of phantoms and what the shipped models make of them, the first one ready at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from core.checkpoints import Checkpoint, read_checkpoint, shipped_names
from core.data.licence import PHANTOMS
from core.data.phantom import cohort_traits, make_phantom, write_cohort, write_phantom
from core.data.phantom.traits import PhantomTraits
from core.evaluation.saved import saved_scores
from core.importing import ImportChoices, import_folder
from core.inference.device import choose_compute
from core.inference.segment import Segmenter
from core.jobs.folder import JobFolder
from core.jobs.processes import start_process
from core.jobs.working import taken
from core.workspace import SHIPPED_CHECKPOINTS, Cohort, Workspace

COHORT = "phantoms"
COUNT = 24
PUBLIC = ImportChoices(public=True, licence=PHANTOMS)

OnProgress = Callable[[str, int, int], None]


def start_demo(workspace: Workspace) -> None:
    """Start making the demo in a session of its own."""
    start_process(workspace, "core", ["demo"], workspace.root / "demo" / "output.txt")


def run_demo(workspace: Workspace, on_progress: OnProgress, count: int = COUNT) -> dict[str, Any]:
    """Make the demo as a job, so that pages show how far it is."""
    job = JobFolder.create(workspace, "demo", "Making the demo", {"count": count})
    with taken(job) as status:

        def tell(label: str, done: int, total: int) -> None:
            status.label, status.done, status.total = label, done, total
            job.write(status)
            on_progress(label, done, total)

        return make_demo(workspace, tell, count)


def make_demo(workspace: Workspace, on_progress: OnProgress, count: int = COUNT) -> dict[str, Any]:
    """Make whatever of the demo is not there yet.

    The first phantom is written, imported and segmented before the others are begun, so that there is
    something to look at within seconds.

    Args:
        workspace: where it goes.
        on_progress: told what is being done, how much of it is done, and of how much.
        count: how many phantoms.
    """
    checkpoints = [read_checkpoint(SHIPPED_CHECKPOINTS / name) for name in shipped_names()]
    folder = workspace.root / "demo" / COHORT
    if COHORT not in workspace.cohort_names():
        segmenter = _first_phantom(workspace, folder, checkpoints, on_progress)
    else:
        segmenter = Segmenter(workspace, choose_compute("auto", fast=False))
    cohort = workspace.cohort(COHORT)
    if len(cohort.cases) < count:
        traits = [patient for patient in cohort_traits(count) if not (folder / case_name(patient)).exists()]
        write_cohort(folder, traits, on_written=lambda n, _path: on_progress("phantoms", n + 1, len(traits)))
        cohort = import_folder(workspace, folder, COHORT, PUBLIC, on_progress).cohort
    _segment(segmenter, cohort, list(cohort.cases), checkpoints, on_progress)
    return {"cohort": COHORT, "cases": len(cohort.cases), "models": shipped_names()}


def case_name(traits: PhantomTraits) -> str:
    """Return the case id of a phantom: its seed in BraTS 2023's form."""
    return f"BraTS-PHM-{traits.seed:05d}-000"


def _first_phantom(
    workspace: Workspace, folder: Path, checkpoints: list[Checkpoint], on_progress: OnProgress
) -> Segmenter:
    on_progress("first phantom", 0, 1)
    segmenter = Segmenter(workspace, choose_compute("auto", fast=False))
    # the phantom in a process of its own, for a thread would take turns with the libraries that are being imported
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process, ThreadPoolExecutor(1) as thread:
        written = process.submit(_write_first, folder)
        loaded = [thread.submit(segmenter.predictor, checkpoint) for checkpoint in checkpoints[1:]]
        written.result()
        cohort = import_folder(workspace, folder, COHORT, PUBLIC).cohort
        _segment(segmenter, cohort, list(cohort.cases), checkpoints[:1], on_progress)
        wait(loaded)
    _segment(segmenter, cohort, list(cohort.cases), checkpoints, on_progress)
    return segmenter


def _write_first(folder: Path) -> None:
    first = cohort_traits(1)[0]
    write_phantom(make_phantom(first), folder, case_name(first))


def _segment(
    segmenter: Segmenter, cohort: Cohort, cases: list[str], checkpoints: list[Checkpoint], on_progress: OnProgress
) -> None:
    total = len(cases) * len(checkpoints)
    for number, case_id in enumerate(cases):
        for place, checkpoint in enumerate(checkpoints):
            segmenter.segment_stored(cohort, case_id, checkpoint)
            saved_scores(segmenter.workspace, cohort, case_id, checkpoint)
            on_progress(f"{checkpoint.card.title} on {case_id}", number * len(checkpoints) + place + 1, total)
