"""A comparison's report as a job, its work done in this process, from scans and checkpoints to files."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest

from core.atomic import read_json
from core.checkpoints import Checkpoint
from core.evaluation.contenders import Contender
from core.evaluation.evaluate import evaluate
from core.export.report.case_slice import fullest_slice
from core.inference.device import choose_compute
from core.inference.segment import Segmenter
from core.jobs import reports, working
from core.jobs.folder import JobFolder
from core.jobs.report_pictures import typical_slices
from core.workspace import Cohort, Workspace
from tests import narrow
from tests.cases import head, tumour_labels

HTML_AND_SCORES = ["report.html", "scores.csv", "scores.json"]


@pytest.fixture
def made(workspace: Workspace, small: Cohort, tmp_path: Path) -> tuple[Segmenter, list[Checkpoint]]:
    segmenter = Segmenter(workspace, choose_compute("cpu", fast=False))
    return segmenter, [narrow.checkpoint(tmp_path / name, seed=seed) for seed, name in enumerate(("one", "two"))]


@pytest.mark.slow
def test_a_job_writes_the_report_and_the_scores(
    workspace: Workspace, small: Cohort, made: tuple[Segmenter, list[Checkpoint]], monkeypatch: pytest.MonkeyPatch
) -> None:
    segmenter, checkpoints = made
    contenders = [Contender(each.folder.name, (each,)) for each in checkpoints]
    document = evaluate(segmenter, small, contenders, None, None)
    started: list[list[str]] = []
    monkeypatch.setattr(working, "start_process", lambda _root, _module, arguments, _out: started.append(arguments))
    names = {each.folder.name: [str(each.folder)] for each in checkpoints}
    job_id = reports.start_report(workspace, "small", names, document)
    assert started == [[job_id]]
    assert reports.report_files(workspace, job_id) == {}
    reports.work(workspace, JobFolder(workspace.jobs / job_id))
    status = JobFolder(workspace.jobs / job_id).status
    assert (status.state, status.message, status.done, status.total) == ("done", "", 3, 3)
    files = reports.report_files(workspace, job_id)
    assert sorted(files) == sorted([*HTML_AND_SCORES, "report.pdf"])
    assert read_json(files["scores.json"]) == document
    mean = document["models"]["one"]["summary"]["WT"]["dice"]["mean"]
    html = files["report.html"].read_text()
    assert f"{mean:.3f}" in html
    assert html.count('<figure class="case">') == 3  # the best, the median and the worst
    assert str(workspace.root) not in html
    with pdfium.PdfDocument(io.BytesIO(files["report.pdf"].read_bytes())) as opened:
        assert f"{mean:.3f}" in opened[0].get_textpage().get_text_bounded()


def test_two_runs_write_the_same_bytes(
    workspace: Workspace, small: Cohort, made: tuple[Segmenter, list[Checkpoint]], tmp_path: Path
) -> None:
    segmenter, checkpoints = made
    contenders = [Contender("one", (checkpoints[0],))]
    document = evaluate(segmenter, small, contenders, None, None)
    written = [
        reports.make_report(
            workspace, small, contenders, document, tmp_path / name, segmenter=segmenter, pdf=False
        ).files
        for name in ("first", "second")
    ]
    assert sorted(written[0]) == HTML_AND_SCORES
    assert [written[0][name].read_bytes() for name in HTML_AND_SCORES] == [
        written[1][name].read_bytes() for name in HTML_AND_SCORES
    ]


def test_the_pictured_slice_is_cut_from_the_scan_and_its_masks(
    workspace: Workspace, small: Cohort, made: tuple[Segmenter, list[Checkpoint]]
) -> None:
    segmenter, checkpoints = made
    contenders = [Contender("one", (checkpoints[0],))]
    document = evaluate(segmenter, small, contenders, None, None)
    slices, why_not = typical_slices(segmenter, small, contenders, document)
    assert why_not == ""
    assert [found.why for found in slices] == ["best", "median", "worst"]
    best = slices[0]
    labels = tumour_labels(int(best.case.split("-")[2]))
    index = fullest_slice(labels > 0, 2)
    assert (best.plane, best.slice_index, best.slices, best.modality) == ("axial", index, 16, "t2f")
    assert (best.spacing_mm, best.letters) == ((1.0, 1.5), ("R", "L", "A", "P"))
    assert np.array_equal(best.reference & 1 != 0, labels[::-1, ::-1, index].T > 0)
    assert np.array_equal(best.image != 0, head()[::-1, ::-1, index].T)
    prediction = segmenter.segment_stored(small, best.case, checkpoints[0]).mask()
    assert np.array_equal(best.masks["one"], prediction[::-1, ::-1, index].T)


def test_a_case_whose_files_are_gone_costs_its_picture_and_nothing_else(
    workspace: Workspace, small: Cohort, made: tuple[Segmenter, list[Checkpoint]], tmp_path: Path
) -> None:
    segmenter, checkpoints = made
    contenders = [Contender("one", (checkpoints[0],))]
    document = evaluate(segmenter, small, contenders, None, None)
    moved = workspace.cohort("small")
    for entry in moved.cases.values():
        for source in entry.case.sources.values():
            object.__setattr__(source, "files", (tmp_path / "gone.nii",))
    files = reports.make_report(
        workspace, moved, contenders, document, tmp_path / "out", segmenter=segmenter, pdf=False
    ).files
    html = files["report.html"].read_text()
    assert "could not be pictured, for its files can no longer be read." in html
    assert "gone.nii" not in html


def test_a_job_that_cannot_be_done_says_why(workspace: Workspace, small: Cohort) -> None:
    request = {"cohort": "small", "models": {"one": ["nobody"]}, "masks": [], "split": None, "document": {}}
    job = JobFolder.create(workspace, "report", "Report", request)
    with pytest.raises(ValueError, match="nobody"):
        reports.work(workspace, job)
    assert job.status.state == "failed"
    assert job.status.message.startswith("no checkpoint at 'nobody'; give a folder, or one of: ")
