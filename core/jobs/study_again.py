"""A study that was segmented before, loaded anew from its files, to be asked about its slices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from core.checkpoints import Checkpoint
from core.data.store import slice_case
from core.errors import RefusedError
from core.importing import read_study
from core.inference.cancelling import OnStep, tell_step
from core.inference.segment import Segmenter
from core.jobs.aligned_studies import AlignedStudies
from core.jobs.held_study import HeldStudy, answers_by_slice
from core.jobs.listening import Listener
from core.jobs.segment_files import ready_for
from core.jobs.segmentation_choices import checkpoint_named
from core.jobs.segmentations import SegmentationJob, SegmentationRequest
from core.jobs.study_view import study_view
from core.jobs.upload_tree import lay_out
from core.workspace import Workspace

GONE = "this study's files are deleted; bring them again to ask more"
OTHER_PLANES = (
    "the model was given slices of other planes than the axial, and does not answer about one axial slice alone"
)
CHANGED = "the model has changed since it segmented this study; segment it again to ask more"


def held_again(
    workspace: Workspace,
    job: SegmentationJob,
    segmenter_of: Callable[[SegmentationRequest, Checkpoint, Workspace], Segmenter],
    on_step: OnStep,
) -> HeldStudy:
    """Load a study's first case and the networks that segmented it.

    Args:
        workspace: where the checkpoints are.
        job: a study that is done.
        segmenter_of: as `segment_study` asks it.
        on_step: told each step as it happens; it may ask to stop.

    Raises:
        RefusedError: its files or its model are gone, or its slices alone cannot be answered.
        Cancelled: `on_step` asked to stop.
    """
    document = job.document()
    request = replace(job.asked, checkpoint=document["checkpoint"])
    checkpoint = checkpoint_named(workspace, request.checkpoint)
    if checkpoint.id != document["checkpoint_id"]:
        raise RefusedError(CHANGED)
    if not answers_by_slice(checkpoint, request.inference):
        raise RefusedError(OTHER_PLANES)
    if not job.input.folder.is_dir():
        raise RefusedError(GONE)
    layout = read_study(lay_out(job.input), request.choices)
    shown = (study_view(job) or {}).get("case")
    case = next((each for each in layout.cases if each.case_id == shown), None)
    if case is None:
        raise RefusedError(GONE)
    ready = ready_for(
        case,
        {"": checkpoint},
        request.choices,
        layout.private_names,
        Listener(on_step),
        as_is=request.as_is,
        aligned=AlignedStudies(job.input),
    )
    tell_step(on_step, "load the model", 0, 0)
    segmenter = segmenter_of(request, checkpoint, Workspace(job.work))
    predictors = tuple(segmenter.predictor(each) for each in checkpoint.members or (checkpoint,))
    sliced = slice_case(case.case_id, ready.volume, None, "axial", hashed=False)
    geometry = ready.volume.geometry
    spacing = geometry.spacing_mm[:2] if geometry else None
    return HeldStudy(job.id, sliced, predictors, spacing, request.inference.tta)
