"""What was measured of the mask: volumes and diameters by region, lesions with their side, and how sure it is."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.jobs.segmentations import SegmentationJob
from core.labels import scheme_from_json
from pages.parts import state
from pages.parts.compare.grid import Cell, draw_grid
from pages.parts.importing.findings import plain
from pages.parts.segment.checkpoints import checkpoint_of, cost_in_words
from pages.parts.segment.sequences import is_picture, titled
from pages.parts.viewer import region_styles
from pages.parts.words import plural

SHOWN = 8


def measured(view: dict[str, Any]) -> None:
    """Draw a table of the regions, and a sentence to copy."""
    st.markdown("**Measured**")
    colours = {region.name: region.colour for region in region_styles(scheme_from_json(view["scheme"]))}
    found = view["measured"]["regions"]
    in_ml = all(region["ml"] is not None for region in found.values())
    rows: list[list[Cell | str]] = [
        [
            Cell(region["title"][:1].upper() + region["title"][1:], colour=colours.get(name, "")),
            Cell(f"{region['ml']:.1f}" if in_ml else f"{region['voxels']:,}", bold=True),
            _across(region["diameters"]),
        ]
        for name, region in found.items()
    ]
    counted = f"{_counted(view)}s"
    draw_grid(["", "ml" if in_ml else counted, "mm" if in_ml else f"{counted} across"], rows, wraps=True)
    sentences = {name: region["sentence"] for name, region in found.items() if region["voxels"]}
    if not sentences:
        st.caption("The model marked nothing.")
    else:
        # the innermost region is what is reported on
        name = st.selectbox(
            "To copy",
            list(sentences),
            len(sentences) - 1,
            format_func=lambda key: str(found[key]["title"]),
            label_visibility="collapsed",
            key=f"sentence {view['case']}",
        )
        st.code(sentences[name], language=None, wrap_lines=True)


def lesions(job: SegmentationJob, view: dict[str, Any]) -> None:
    """Draw the lesions, the largest first, each with a way to it."""
    found = view["measured"]["lesions"]
    listed = found["listed"]
    st.markdown(f"**Lesions** :gray[{len(listed)} of {plain(_title(view, found['region']))}]")
    for lesion in listed[:SHOWN]:
        amount = f"{lesion['ml']:.1f} ml" if lesion["ml"] is not None else plural(lesion["voxels"], _counted(view))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(
                "Go",
                key=f"lesion {job.id} {lesion['number']}",
                on_click=state.jump_to,
                args=(job.id, tuple(round(each) for each in lesion["centroid_voxel"])),
            )
            st.markdown(f"{lesion['number']} · {amount}{' · ' + lesion['side'] if lesion['side'] else ''}")
    said = []
    if len(listed) > SHOWN:
        said.append(f"{len(listed) - SHOWN} more in the CSV and JSON")
    if found["too_small"]:
        said.append(f"{plural(found['too_small'], 'speck')} of less than {found['smallest_ml']:g} ml not listed")
    if reason := view["measured"].get("no_sides"):
        said.append(f"no sides: {reason}")
    if not listed:
        st.caption("None.")
    for sentence in said:
        st.caption(plain(sentence))


def how_sure(view: dict[str, Any]) -> None:
    """Say whether the case is like what the model learnt from, and what a sequence that it lacks costs."""
    st.markdown("**How sure**")
    found = checkpoint_of(view["checkpoint"])
    if found and (cost := cost_in_words(found, view["modalities"])):
        st.markdown(f":orange[!] {plain(cost)}")
    familiar = view["measured"].get("familiarity")
    if familiar is None:
        st.caption("This checkpoint does not say what its training data looked like.")
    elif familiar["unfamiliar"]:
        for reason in familiar["reasons"]:
            st.markdown(f":orange[!] {plain(titled(reason))}")
        st.caption("Unlike the training data: look twice at what the model says.")
    else:
        st.markdown(":green[✓] like the training data")


def _counted(view: dict[str, Any]) -> str:
    return "pixel" if is_picture(view) else "voxel"


def _across(diameters: dict[str, Any] | None) -> str:
    if diameters is None:
        return "–"
    unit = "mm" if "longest_mm" in diameters else "voxels"
    return f"{diameters[f'longest_{unit}']:.0f} × {diameters[f'across_{unit}']:.0f}"


def _title(view: dict[str, Any], region: str) -> str:
    return str(view["measured"]["regions"][region]["title"])
