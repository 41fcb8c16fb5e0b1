"""What was brought: the series, and what the gate says of them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.jobs.folder import JobStatus
from core.jobs.segmentations import SegmentationJob
from pages.parts.importing.findings import plain
from pages.parts.volumes import TITLES
from pages.parts.words import plural

MARKS = {"error": ":red[✕]", "warning": ":orange[!]", "note": ":gray[i]"}
COMMAND_LINE = "; --"  # what follows is said to who typed the command
WORST_FIRST = ("error", "warning", "note")


def series(job: SegmentationJob, view: dict[str, Any]) -> None:
    """Say which series there are, and on which grid."""
    names = [TITLES.get(name, name) for name in view["modalities"]]
    weight = sum(file.size for file in job.input.files) / 1024**2
    st.markdown(f"**Study** :gray[{len(names)} series, {weight:.1f} MB]")
    st.markdown("  \n".join(f":green[✓] {plain(name)}" for name in names))
    size = "×".join(map(str, view["shape"]))
    spacing = view["spacing_mm"]
    st.caption(f"{size} · {_spacing(spacing)}" if spacing else f"{size} · without voxel sizes: no mm, no ml, no sides")


def checks(status: JobStatus, view: dict[str, Any]) -> None:
    """Say what the gate found, and what was done about it."""
    st.markdown("**Checks**")
    found = sorted(view["findings"], key=lambda finding: WORST_FIRST.index(finding["severity"]))
    if not found and not view["steps"]:
        st.markdown(":green[✓] nothing odd was found")
    for finding in found:
        said = finding["found"][:1].upper() + finding["found"][1:]
        st.markdown(f"{MARKS[finding['severity']]} {plain(said)}", help=_more(finding))
    if view["steps"]:
        with st.expander(f"Brought onto one grid in {plural(len(view['steps']), 'step')}"):
            for number, sentence in enumerate(view["steps"], 1):
                st.caption(f"{number}. {plain(sentence)}")
    if status.state == "done" and status.message:
        st.caption(f":orange[!] {plain(status.message)}")


def _more(finding: dict[str, str]) -> str:
    fix = finding["fix"].partition(COMMAND_LINE)[0]
    return plain(f"Expected {finding['expected']}. {fix[:1].upper()}{fix[1:]}".strip())


def _spacing(spacing_mm: list[float]) -> str:
    same = max(spacing_mm) - min(spacing_mm) < 1e-3
    return f"{spacing_mm[0]:.3g} mm" if same else f"{' × '.join(f'{each:.3g}' for each in spacing_mm)} mm"
