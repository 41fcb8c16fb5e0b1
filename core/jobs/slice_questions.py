"""Questions about one slice of a study that was segmented, answered by the worker of its device.

`questions/<name>.json` in the job's folder is written by who asks, `answers/<name>.json` by the worker. The name
follows from the question, so the same one is answered once. A worker that has the study in memory answers at once;
another loads it anew, and says in `loading.json`, `{"step": words}`, how far that is.
"""

from __future__ import annotations

import hashlib
import json
import os
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.atomic import read_json, write_json
from core.errors import Cancelled, JobFailedError, RefusedError
from core.export.report.case_slice import LETTERS, PLANES, CaseSlice, cut_as_drawn
from core.export.report.pictures import overlays
from core.inference.cancelling import OnStep
from core.jobs.held_study import HeldStudy
from core.jobs.segmentation_queue import upcoming, wake
from core.jobs.segmentation_work import in_a_sentence
from core.jobs.segmentations import SegmentationJob, segmentations
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.inference.stress import Stress

AXIAL = 2
LOADING = "loading.json"
SHOWN_FIRST = ("t2f", "t1c")  # where a whole tumour is seen best

# loads a study anew, telling each step; as `held_again`
LoadAnew = Callable[[SegmentationJob, OnStep], HeldStudy]


def ask(workspace: Workspace, job: SegmentationJob, index: int, without: list[str], noise: float, mirror: bool) -> str:
    """Ask what the model makes of a slice under a stress; `answer_to` gives the answer when it is there.

    Args:
        workspace: whose worker answers.
        job: a study that is done.
        index: the axial slice, on the full grid.
        without: modalities to switch off.
        noise: as a share of each modality's standard deviation.
        mirror: exchange left and right.

    Returns:
        The question's name.
    """
    question = {"slice": index, "stress": {"without": sorted(without), "noise": noise, "mirror": mirror}}
    name = hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:24]
    if not (job.folder / "answers" / f"{name}.json").exists():
        write_json(job.folder / "questions" / f"{name}.json", question)
        os.utime(workspace.jobs)  # what a worker looks at
        wake(workspace, job.asked.device)
    return name


def what_it_waits_for(workspace: Workspace, job: SegmentationJob) -> str:
    """Say what an answer waits for, and see to it that somebody answers, whatever became of the worker that was asked.

    Args:
        workspace: whose worker answers.
        job: the study that was asked about.
    """
    if wake(workspace, job.asked.device):
        return "Starting the model"
    try:
        step = read_json(job.folder / LOADING)["step"]
    except (FileNotFoundError, ValueError):
        return "The model segments another study first" if _is_busy(workspace, job.asked.device) else "Asking the model"
    return f"The model had let this study go and loads it anew: {step}"


def _is_busy(workspace: Workspace, device: str) -> bool:
    every = segmentations(workspace)
    return any(status.state == "running" and job.asked.device == device for job, status in every)


def answer_to(job: SegmentationJob, name: str) -> dict[str, Any] | None:
    """Return the answer to a question; None until it is there.

    It is `{"refused": sentence}`, or `{"slice", "models", "drawn": [svg, svg], "regions": {name: {"before_cm2",
    "after_cm2", "dice"}}}`, the mean of so many models: cm2 are pixels where there are no voxel sizes, and Dice is null
    where both are empty.
    """
    try:
        found: dict[str, Any] = read_json(job.folder / "answers" / f"{name}.json")
    except FileNotFoundError:
        return None
    return found


def answer_waiting(workspace: Workspace, device: str, held: HeldStudy | None, anew: LoadAnew) -> HeldStudy | None:
    """Answer what was asked of the studies of a device; one that is not in memory is loaded anew.

    A study that waits to be segmented goes first: what would have to be loaded for stays asked.

    Args:
        workspace: whose questions.
        device: whose worker this is.
        held: what is in memory.
        anew: loads another study.

    Returns:
        What is in memory now.
    """
    for path in waiting(workspace, device):
        job = SegmentationJob(path.parent.parent)
        try:
            if held is None or held.job_id != job.id:
                held = None  # two studies at once may be too much
                held = anew(job, _teller(workspace, job, device))
            found = _answer(held, read_json(path))
        except Cancelled:
            (job.folder / LOADING).unlink(missing_ok=True)
            return held
        except Exception as error:
            if not (job.folder / "status.json").exists():  # the study was deleted meanwhile
                continue
            if not isinstance(error, (RefusedError, JobFailedError)):
                (job.folder / "output.txt").write_text(traceback.format_exc())
            found = {"refused": in_a_sentence(error)}
        with suppress(FileNotFoundError):
            (job.folder / LOADING).unlink(missing_ok=True)
            write_json(job.folder / "answers" / path.name, found)
            path.unlink(missing_ok=True)
    return held


def waiting(workspace: Workspace, device: str) -> list[Path]:
    """Return the questions that were asked of a device's worker and have no answer yet."""
    found = []
    for path in sorted(workspace.jobs.glob("segmentation-*/questions/*.json")):
        with suppress(FileNotFoundError):
            if SegmentationJob(path.parent.parent).asked.device == device:
                found.append(path)
    return found


def _teller(workspace: Workspace, job: SegmentationJob, device: str) -> OnStep:
    def told(what: str, _done: int, _total: int) -> bool:
        write_json(job.folder / LOADING, {"step": what})
        return upcoming(workspace, device) is not None

    return told


def _answer(held: HeldStudy, question: dict[str, Any]) -> dict[str, Any]:
    from core.inference.stress import Stress, answer

    spec = held.predictors[0].spec
    index = min(held.sliced.slice_index, key=lambda each: abs(each - int(question["slice"])))
    plain, before = answer(held.predictors, held.sliced, index, Stress(), held.tta)
    stress: Stress = Stress.from_json(question["stress"])
    changed, after = answer(held.predictors, held.sliced, index, stress, held.tta)
    modality = next((name for name in SHOWN_FIRST if name in spec.modalities), spec.modalities[0])
    channel = spec.modalities.index(modality)
    slices = [
        _drawable(held, index, modality, image[channel], bits) for image, bits in ((plain, before), (changed, after))
    ]
    panels = overlays(slices, ["as it is", "changed"], 2)
    return {
        "slice": index,
        "models": len(held.predictors),
        "drawn": [panel.drawing for panel in panels],
        "regions": {name: _change(before, after, np.uint8(1 << bit), held) for bit, name in enumerate(spec.regions)},
    }


def _drawable(
    held: HeldStudy, index: int, modality: str, image: npt.NDArray[np.float32], bits: npt.NDArray[np.uint8]
) -> CaseSlice:
    placed = held.spacing_mm is not None
    volume, mask = image[:, :, None], bits[:, :, None]
    return CaseSlice(
        case=held.sliced.case_id,
        why="segmented",
        value=0.0,
        modality=modality,
        plane=PLANES[AXIAL] if placed else "",
        slice_index=index,
        slices=held.sliced.shape[2],
        image=cut_as_drawn(volume, AXIAL, 0, placed).astype(np.float32),
        reference=cut_as_drawn(mask, AXIAL, 0, placed),
        masks={},
        regions=held.predictors[0].spec.regions,
        spacing_mm=held.spacing_mm,
        letters=LETTERS[AXIAL] if placed else None,
    )


def _change(
    before: npt.NDArray[np.uint8], after: npt.NDArray[np.uint8], bit: np.uint8, held: HeldStudy
) -> dict[str, float | None]:
    pixel_cm2 = held.spacing_mm[0] * held.spacing_mm[1] / 100 if held.spacing_mm else 1.0
    voxels, changed, shared = (
        int(np.count_nonzero(each)) for each in (before & bit, after & bit, before & after & bit)
    )
    both = voxels + changed
    return {
        "before_cm2": voxels * pixel_cm2,
        "after_cm2": changed * pixel_cm2,
        "dice": 2 * shared / both if both else None,
    }
