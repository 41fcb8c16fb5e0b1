"""Report: everything that is compared as a page to print, made in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.evaluation.kept_masks import KeptMasks
from core.evaluation.saved_files import SavedModel
from core.jobs.folder import JobFolder, JobStatus, recent_jobs
from core.jobs.reports import report_files, start_report
from core.workspace import Cohort
from pages.parts import store
from pages.parts.compare.contenders import Compared, compared, fair, say_what_is_compared
from pages.parts.compare.document import FAILURES, TRUST, found_of, go_on
from pages.parts.compare.metric_words import metrics_of
from pages.parts.compare.missing import nothing_to_compare, offer_rest
from pages.parts.words import plural

EVERYTHING = (FAILURES, TRUST)
EVERY_S = 1.0
MIMES = {"html": "text/html", "pdf": "application/pdf", "csv": "text/csv", "json": "application/json"}
WHAT = (
    "Pictures of the best, the median and the worst case, means with intervals and tests, failures, calibration, a "
    "methods paragraph, the split's hash and the checkpoints' ids. Nothing is fetched from anywhere, and no name or "
    "path is in it."
)


def report(cohort: Cohort, models: dict[str, SavedModel]) -> None:
    """Draw the view."""
    contenders = compared(fair(models))
    found = found_of(cohort, contenders, EVERYTHING)
    offer_rest(cohort, found.missing, found.wanted)
    go_on(cohort, found, EVERYTHING)
    if not metrics_of(found.document):
        nothing_to_compare(models, found.missing, is_waiting=bool(found.waiting))
        return
    st.subheader(f"Report on {cohort.name}", anchor=False)
    counted = {case for entry in found.document["models"].values() for case in entry["cases"]}
    st.caption(f"{', '.join(each.title for each in contenders)} · {plural(len(counted), 'case')}. {WHAT}")
    job_id = _newest(cohort, contenders)
    status = None if job_id is None else JobFolder(store.workspace().jobs / job_id).status
    if job_id is not None and status is not None and status.state in ("queued", "running"):
        st.fragment(_how_far, run_every=EVERY_S)(job_id)
    else:
        label = "Make the report" if status is None else "Make it again"
        if st.button(label, type="primary" if status is None else "secondary", disabled=bool(found.waiting)):
            _start(cohort, contenders, found.document)
            st.rerun()
    if job_id is not None and status is not None:
        _outcome(cohort, job_id, status)
    say_what_is_compared(models, contenders)


def _newest(cohort: Cohort, contenders: Sequence[Compared]) -> str | None:
    """Return the newest job that reports on just these models, running or ended within the hour."""
    place, wanted = store.workspace(), {each.name for each in contenders}
    for job_id, status in recent_jobs(place):
        if status.kind == "report":
            request = JobFolder(place.jobs / job_id).request
            if request["cohort"] == cohort.name and {*request["models"], *request["masks"]} == wanted:
                return job_id
    return None


def _start(cohort: Cohort, contenders: Sequence[Compared], document: Mapping[str, Any]) -> None:
    masks = [each.name for each in contenders if _is_masks(each)]
    models = {each.name: list(each.members) for each in contenders if not _is_masks(each)}
    start_report(store.workspace(), cohort.name, models, document, masks=masks)


def _how_far(job_id: str) -> None:
    status = JobFolder(store.workspace().jobs / job_id).status
    if status.state not in ("queued", "running"):
        st.rerun(scope="app")
    st.progress(status.done / max(1, status.total), text=status.label or status.title)


def _outcome(cohort: Cohort, job_id: str, status: JobStatus) -> None:
    if status.message:
        (st.error if status.state == "failed" else st.caption)(status.message)
    files = report_files(store.workspace(), job_id) if status.state == "done" else {}
    with st.container(horizontal=True, gap="small"):
        for name, path in files.items():
            ending = name.rsplit(".", 1)[-1]
            st.download_button(
                f"{ending.upper()}, {path.stat().st_size / 1e6:.1f} MB",
                path.read_bytes,
                f"{cohort.name}-{name}",
                MIMES[ending],
                key=f"file {job_id} {name}",
                on_click="ignore",
            )
    if "report.html" in files:
        st.iframe(files["report.html"], height=900)


def _is_masks(each: Compared) -> bool:
    return any(isinstance(model, KeptMasks) for model in each.members.values())
