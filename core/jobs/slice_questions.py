"""Questions about one slice of a study that was just segmented, answered by the worker that still has it in memory.

`questions/<name>.json` in the job's folder is written by who asks, `answers/<name>.json` by the worker. The name
follows from the question, so the same one is answered once.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.atomic import read_json, write_json
from core.export.report.case_slice import LETTERS, PLANES, CaseSlice, cut_as_drawn
from core.export.report.pictures import overlays
from core.jobs.held_study import HeldStudy
from core.jobs.segmentation_queue import worker_lives
from core.jobs.segmentations import SegmentationJob
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.inference.stress import Stress

AXIAL = 2
LET_GO = "the model has let this study go; segment it again to ask more"
SHOWN_FIRST = ("t2f", "t1c")  # where a whole tumour is seen best


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
        if not worker_lives(workspace, job.asked.device):
            write_json(job.folder / "answers" / f"{name}.json", {"refused": LET_GO})
        else:
            write_json(job.folder / "questions" / f"{name}.json", question)
            os.utime(workspace.jobs)  # what a worker looks at
    return name


def answer_to(job: SegmentationJob, name: str) -> dict[str, Any] | None:
    """Return the answer to a question; None until it is there.

    It is `{"refused": sentence}`, or `{"slice", "drawn": [svg, svg], "regions": {name: {"before_cm2", "after_cm2",
    "dice"}}}`: cm2 are pixels where there are no voxel sizes, and Dice is null where both are empty.
    """
    try:
        found: dict[str, Any] = read_json(job.folder / "answers" / f"{name}.json")
    except FileNotFoundError:
        return None
    return found


def answer_waiting(workspace: Workspace, held: HeldStudy | None) -> bool:
    """Answer what was asked of any study; what is not in memory is refused with a sentence.

    Returns:
        Whether anything was answered.
    """
    asked = sorted(workspace.jobs.glob("segmentation-*/questions/*.json"))
    for path in asked:
        folder = path.parent.parent
        try:
            question = read_json(path)
            mine = held is not None and held.job_id == folder.name
            found = _answer(held, question) if mine and held is not None else {"refused": LET_GO}
            write_json(folder / "answers" / path.name, found)
            path.unlink(missing_ok=True)
        except FileNotFoundError:  # the study was deleted meanwhile
            continue
    return bool(asked)


def _answer(held: HeldStudy, question: dict[str, Any]) -> dict[str, Any]:
    from core.inference.stress import Stress, answer

    spec = held.predictor.spec
    index = min(held.sliced.slice_index, key=lambda each: abs(each - int(question["slice"])))
    plain, before = answer(held.predictor, held.sliced, index, Stress())
    stress: Stress = Stress.from_json(question["stress"])
    changed, after = answer(held.predictor, held.sliced, index, stress)
    modality = next((name for name in SHOWN_FIRST if name in spec.modalities), spec.modalities[0])
    channel = spec.modalities.index(modality)
    slices = [
        _drawable(held, index, modality, image[channel], bits) for image, bits in ((plain, before), (changed, after))
    ]
    panels = overlays(slices, ["as it is", "changed"], 2)
    return {
        "slice": index,
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
        regions=held.predictor.spec.regions,
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
