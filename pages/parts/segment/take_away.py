"""What can be taken away, and what is deleted when."""

from __future__ import annotations

import time
from functools import partial

import streamlit as st

from core.errors import JobFailedError, RefusedError
from core.jobs.folder import JobStatus
from core.jobs.segmentation_choices import export_formats
from core.jobs.segmentation_queue import kept_s, remove
from core.jobs.segmentation_results import formats_not_had, result_file
from core.jobs.segmentations import SegmentationJob
from pages.parts import state, store
from pages.parts.volumes import TITLES

SHORT = {
    "nifti": "NIfTI",
    "nifti-probabilities": "Probabilities",
    "dicom-seg": "DICOM SEG",
    "rtstruct": "RTSTRUCT",
    "stl": "STL",
    "ply": "PLY",
    "glb": "GLB",
    "csv": "CSV",
    "json": "JSON",
    "report": "Report",
}


def take_away(job: SegmentationJob, status: JobStatus) -> None:
    """Draw a button per format that makes the file and hands it over, and the one that deletes the study.

    A format that the study cannot be had in cannot be pressed, and its help says why.
    """
    left_h = max(0.0, status.heartbeat + kept_s() - time.time()) / 3600
    if status.state != "done":
        st.caption(f"Its files are deleted already; this page of it goes in {left_h:.0f} h.")
    else:
        st.markdown("**Take away**")
        titles, not_had = export_formats(), formats_not_had(job)
        with st.container(horizontal=True, gap="small"):
            for name in titles:
                st.button(
                    SHORT.get(name, name),
                    key=f"make {name} {job.id}",
                    help=not_had.get(name, titles[name]),
                    disabled=name in not_had,
                    on_click=state.take,
                    args=(job.id, name),
                )
        # below the buttons, which stay where they are; it stays too while the reader scrolls on
        if wanted := state.takes(job.id):
            _make(job, wanted)
        if said := _own_grids(job):
            st.caption(said)
        st.caption(f"The study is deleted from this server in {left_h:.0f} h.")
    st.button("Delete now", key=f"delete {job.id}", on_click=partial(_delete, job))


def _own_grids(job: SegmentationJob) -> str:
    """Say on which grids a raw study's mask can be had, and what the outermost region has there; else nothing."""
    said = []
    for case in job.document()["cases"]:
        for name, mask in case.get("series", {}).items():
            region_ml = next(iter(mask["volumes_ml"].values()), None)
            amount = f" ({region_ml:.1f} ml)" if region_ml is not None else ""
            said.append(f"{TITLES.get(name, name)}{amount}")
    return f"NIfTI has the mask on 1 mm and on each series' own grid: {', '.join(said)}." if said else ""


def _make(job: SegmentationJob, name: str) -> None:
    try:
        with st.spinner("Writing"):
            path = result_file(job, name)
    except (RefusedError, JobFailedError) as error:
        state.take(job.id, None)  # not tried again with every move of the hand
        st.warning(str(error))
        return
    st.download_button(
        f"Save {path.name}",
        path.read_bytes(),
        path.name,
        key=f"save {name} {job.id}",
        type="primary",
        on_click="ignore",
    )


def _delete(job: SegmentationJob) -> None:
    remove(store.workspace(), job)
    state.close_study()
