"""What the pages read from the workspace, cached by what it depends on."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.checkpoints import Checkpoint, read_checkpoint, shipped_names
from core.workspace import SHIPPED_CHECKPOINTS, Cohort, Workspace


def workspace() -> Workspace:
    """Return the workspace that the server was started with."""
    return Workspace.default()


def cohort(name: str) -> Cohort:
    """Return a cohort, read again only when its file has changed."""
    path = workspace().cohort_folder(name) / "cohort.json"
    return _cohort(str(workspace().root), name, path.stat().st_mtime_ns)


@st.cache_resource(max_entries=16, show_spinner=False)
def _cohort(root: str, name: str, _changed: int) -> Cohort:
    return Workspace(Path(root)).cohort(name)


def checkpoints() -> dict[str, Checkpoint]:
    """Return every checkpoint that can segment, by name: shipped ones, then runs, newest first."""
    place = workspace()
    found = {
        name: _checkpoint(str(SHIPPED_CHECKPOINTS / name), _changed(SHIPPED_CHECKPOINTS / name))
        for name in shipped_names()
    }
    for name in reversed(place.run_names()):
        pointer = next(
            (p for p in (place.runs / name / f"{which}.json" for which in ("best", "last")) if p.exists()), None
        )
        if pointer is not None:
            folder = _pointed(str(pointer), pointer.stat().st_mtime_ns)
            found[name] = _checkpoint(str(folder), _changed(folder))
    return found


def fitting(every: dict[str, Checkpoint], of: Cohort) -> dict[str, Checkpoint]:
    """Return the checkpoints whose modalities and regions a cohort has."""
    return {
        name: checkpoint
        for name, checkpoint in every.items()
        if set(checkpoint.spec.modalities) <= set(of.modalities) and checkpoint.spec.regions == of.scheme.region_names
    }


@st.cache_resource(max_entries=256, show_spinner=False)
def _checkpoint(folder: str, _changed: int) -> Checkpoint:
    return read_checkpoint(Path(folder))


@st.cache_data(max_entries=256, show_spinner=False)
def _pointed(pointer: str, _changed: int) -> Path:
    from core.atomic import read_json

    path = Path(pointer)
    return path.parent / str(read_json(path)["folder"])


def _changed(folder: Path) -> int:
    return (folder / "card.json").stat().st_mtime_ns
