"""The second step: what was found, what it was taken for, and what to do with it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from core.data.layouts import LAYOUTS
from core.errors import RefusedError
from core.jobs.folder import JobFolder
from core.jobs.import_cases import ImportRequest, report_of, request_of, require_new_name, start_import
from core.labels import SCHEMES
from pages.parts import state, store
from pages.parts.importing.findings import findings_table, plain
from pages.parts.importing.outcome import discard
from pages.parts.importing.sources import start_check
from pages.parts.volumes import TITLES
from pages.parts.words import plural

AUTO = "recognised"
# findings that bringing a case onto one grid, or taking the skull away, would answer
GRID_CODES = ("grid_mismatch",)
SKULL_CODES = ("skull_not_stripped",)
PROPOSED, PROPOSED_CODE = "proposed", "proposed_layout"
ISOTROPIC_MM = 1.0
OFFERED = (
    ("one grid", "Resample onto one grid", "Onto that of T1c where there is one, as the headers place them."),
    ("register", "Align the sequences", "Rigidly, by what they show: for patients who moved."),
    ("spacing_mm", f"Voxels of {ISOTROPIC_MM:g} mm", "In all directions; the models that ship expect it."),
    ("strip", "Keep the brain only", "Everything outside it becomes 0; the models that ship expect it."),
)


def review(job: JobFolder) -> None:
    """Draw a check's result and the choices beside it."""
    report, request = report_of(job), request_of(job)
    left, right = st.columns([1, 2.6], gap="medium")
    with left:
        with st.container(border=True, key="surface-taken"):
            _taken_for(report)
        with st.container(border=True, key="surface-choices"):
            chosen = _choices(job, request, report)
            _ways_on(job, request, chosen, report)
    with right, st.container(border=True, key="surface-findings"):
        st.markdown("**Findings**")
        findings_table(job, report["findings"])


def _taken_for(report: dict[str, Any]) -> None:
    refused = len({finding["case"] for finding in report["findings"] if finding["severity"] == "error"} - {""})
    if not report["cases"] and not refused:
        st.markdown("**Nothing here could be read as a case**")
        st.caption("The findings say what was looked for. Another layout may fit.")
        return
    said = [f"**{plural(report['accepted'], 'case')} can be used**"]
    said += [f":red[{refused} cannot and would be left out]"] if refused else []
    st.markdown(f"{':green[✓]' if report['accepted'] else ':red[✕]'} {', '.join(said)}")
    sequences = [f"{TITLES.get(name, name)} × {count}" for name, count in report["modalities"].items()]
    sequences.append(f"reference mask × {report['references']}" if report["references"] else "no reference mask")
    st.caption(" · ".join(plain(each) for each in sequences))
    if report["layout"]:
        title = LAYOUTS[report["layout"]].title if report["layout"] in LAYOUTS else report["layout"]
        st.markdown(f":small[:gray[Taken for] {plain(title)}]")
        if report["why"]:
            st.caption(plain(report["why"]))


def _choices(job: JobFolder, request: ImportRequest, report: dict[str, Any]) -> ImportRequest:
    """Draw what can be chosen and return the request with it."""
    layouts = [AUTO, *LAYOUTS]
    layout = st.selectbox(
        "Layout",
        layouts,
        layouts.index(request.layout) if request.layout in layouts else 0,
        format_func=lambda name: LAYOUTS[name].title.split(":")[0] if name in LAYOUTS else "as recognised",
        key=f"layout {job.id}",
    )
    implied = report["scheme"]
    schemes = [AUTO, *SCHEMES]
    scheme = st.selectbox(
        "What the labels mean",
        schemes,
        schemes.index(request.scheme) if request.scheme in schemes else 0,
        format_func=lambda name: name if name in SCHEMES else f"{implied}, by the names" if implied else "not chosen",
        help="4 is enhancing tumour up to BraTS 2021 and resection cavity in 2024: it is never guessed per case.",
        key=f"scheme {job.id}",
    )
    if scheme in SCHEMES:
        st.caption(plain(SCHEMES[scheme].legend))
    return replace(
        request,
        layout=None if layout == AUTO else layout,
        scheme=None if scheme == AUTO else scheme,
        harmonise=_harmonise(job, request, report),
    )


def _harmonise(job: JobFolder, request: ImportRequest, report: dict[str, Any]) -> dict[str, Any] | None:
    codes = {finding["code"] for finding in report["findings"]}
    before = request.harmonise or {}
    grids_differ, has_skull = bool(codes & set(GRID_CODES)), bool(codes & set(SKULL_CODES))
    if not (grids_differ or has_skull or before):
        return None
    st.markdown(
        "**Offered**", help="Each step is written to the case's record. Nothing is changed unless you choose it."
    )
    one_grid, register, resample, strip = (
        st.checkbox(
            label, bool(before) if key == "one grid" else bool(before.get(key)), help=words, key=f"{key} {job.id}"
        )
        for key, label, words in OFFERED
    )
    if not (one_grid or register or resample or strip):
        return None
    return {"register": register, "spacing_mm": ISOTROPIC_MM if resample else None, "strip": strip}


def _ways_on(job: JobFolder, request: ImportRequest, chosen: ImportRequest, report: dict[str, Any]) -> None:
    place = store.workspace()
    proposed = any(finding["code"] == PROPOSED_CODE for finding in report["findings"]) and request.layout is None
    if chosen == request and proposed:
        if st.button("Take the proposal", type="primary", width="stretch", key="take the proposal"):
            start_check(replace(request, layout=PROPOSED))
    elif chosen != request:
        if st.button("Check again with this", type="primary", width="stretch", key="check again"):
            start_check(chosen)
    else:
        name = st.text_input("Call it", _free_name(report["layout"] or "import"), key=f"name {job.id}")
        licence = st.text_input(
            "Licence of the data",
            placeholder="not stated",
            help="Such as CC BY 4.0, and whose the data are: stands in reports, and in the cards of models that learn "
            "from them.",
            key=f"licence {job.id}",
        )
        if st.button("Import", type="primary", width="stretch", disabled=not report["accepted"], key="start import"):
            try:
                require_new_name(place, name)
                asked = replace(chosen, mode="import", cohort=name, licence=licence, check=job.id)
                state.open_import(start_import(place, asked))
            except RefusedError as error:
                st.error(str(error))
            else:
                st.rerun()
    st.button("Discard", width="stretch", key="discard import", on_click=partial(discard, job))


def _free_name(stem: str) -> str:
    taken = store.workspace().cohort_names()
    return next(name for number in range(1, len(taken) + 2) if (name := f"{stem}-{number}") not in taken)
