"""The bounded process that writes a finished study in another format: `python -m core.jobs.export_work JOB FORMAT`."""

from __future__ import annotations

import sys
import traceback

from core.atomic import new_folder
from core.data import limits
from core.errors import JobFailedError, RefusedError
from core.importing import read_study
from core.inference.device import Compute, onnx_compute
from core.inference.segment import Segmenter
from core.jobs.aligned_studies import AlignedStudies
from core.jobs.bounded import bound_this_process
from core.jobs.case_exports import CaseExporter
from core.jobs.listening import NOBODY, Listener
from core.jobs.segment_files import found_by, ready_for
from core.jobs.segmentation_choices import checkpoint_named
from core.jobs.segmentation_work import in_a_sentence
from core.jobs.segmentations import SegmentationJob, find_segmentation
from core.jobs.study_segmenter import study_segmenter
from core.jobs.upload_tree import lay_out
from core.workspace import Workspace


def export_study(workspace: Workspace, job: SegmentationJob, wanted: str, told: Listener = NOBODY) -> None:
    """Write every case of a finished study in a format, into `exports/FORMAT`, which appears whole.

    The predictions are those that were saved with the study, so no network is loaded; and a study as the scanner left
    it is taken as it was aligned then.

    Args:
        workspace: where the checkpoints are.
        job: the study's.
        wanted: the format.
        told: hears what is done to read the cases.

    Raises:
        NotDoneError: it is not done.
        RefusedError: the checkpoint is another now.
    """
    document, request = job.document(), job.asked
    checkpoint = checkpoint_named(workspace, document["checkpoint"])
    if checkpoint.id != document["checkpoint_id"]:
        raise RefusedError("the checkpoint that segmented this study is another now; bring the study again")
    layout = read_study(lay_out(job.input), request.choices)
    done = {case["case"] for case in document["cases"]}
    by_onnx = document.get("backend") == "onnx"  # provenance says it
    compute = onnx_compute() if by_onnx else Compute("cpu", bf16=False, channels_last=False)
    warm = Segmenter(workspace, compute, request.inference)
    segmenter = study_segmenter(warm, Workspace(job.work))
    aligned = AlignedStudies(job.input)
    with new_folder(job.folder / "exports" / wanted) as draft:
        exporter = CaseExporter([wanted], draft)
        for case in layout.cases:
            if case.case_id in done:
                ready = ready_for(
                    case,
                    {"": checkpoint},
                    request.choices,
                    layout.private_names,
                    told,
                    as_is=request.as_is,
                    aligned=aligned,
                )
                exporter.found(ready, found_by(segmenter, ready, checkpoint, request.choices))
        exporter.finish()
        for path in (draft / wanted).iterdir():
            path.rename(draft / path.name)
        (draft / wanted).rmdir()


def main(job_id: str, wanted: str) -> int:
    """Export one study within bounds; stdout has the sentence of a refusal."""
    bound_this_process(limits.IMPORT_MEMORY_BYTES, limits.IMPORT_CPU_S)
    workspace = Workspace.default()
    try:
        export_study(workspace, find_segmentation(workspace, job_id), wanted)
    except Exception as error:
        if not isinstance(error, (RefusedError, JobFailedError)):
            traceback.print_exc()  # caught by whoever started this, and dropped
        print(in_a_sentence(error))  # noqa: T201 - how the sentence gets back
        return 1 if isinstance(error, RefusedError) else 3
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
