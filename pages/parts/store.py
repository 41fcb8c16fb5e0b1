"""What the pages read from the workspace, cached by what it depends on."""

from __future__ import annotations

import gc
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from core.checkpoints import (
    Checkpoint,
    CheckpointError,
    made_names,
    onnx_file_named,
    onnx_names,
    read_checkpoint,
    read_onnx,
    shipped_names,
)
from core.evaluation.kept_masks import KeptMasks, kept_masks
from core.evaluation.saved import saved_summary
from core.evaluation.saved_conventions import ConventionMeans, saved_convention_means
from core.evaluation.saved_files import SavedModel, has_mask
from core.jobs.folder import JobFolder, JobStatus, recent_jobs
from core.workspace import SHIPPED_CHECKPOINTS, Cohort, Workspace


def workspace() -> Workspace:
    """Return the workspace that the server was started with."""
    return Workspace.default()


def cohort(name: str) -> Cohort:
    """Return a cohort, read again only when its file has changed."""
    path = workspace().cohort_folder(name) / "cohort.json"
    return _cohort(str(workspace().root), name, path.stat().st_mtime_ns)


@st.cache_resource(max_entries=16, show_spinner=False)
def _cohort(root: str, name: str, changed: int) -> Cohort:
    del changed  # what the cache goes by; one that starts with _ would not count
    # ten thousand cases are millions of objects that all stay: looking for garbage among them doubles the time
    collecting = gc.isenabled()
    gc.disable()
    try:
        return Workspace(Path(root)).cohort(name)
    finally:
        if collecting:
            gc.enable()


def changed(of: Cohort) -> int:
    """Return what grows when a cohort is written again, for caches to go by."""
    return (workspace().cohort_folder(of.name) / "cohort.json").stat().st_mtime_ns


def checkpoints() -> dict[str, Checkpoint]:
    """Return every checkpoint that can segment a study, by name.

    Shipped, made of others, then runs, newest first; last ONNX files whose name no other has, damaged ones left out.
    """
    place = workspace()
    folders = {name: SHIPPED_CHECKPOINTS / name for name in shipped_names()}
    folders |= {name: place.made_checkpoint(name) for name in made_names(place)}
    found = {name: _checkpoint(str(folder), _changed(folder)) for name, folder in folders.items()}
    for name in reversed(place.run_names()):
        pointer = next(
            (p for p in (place.runs / name / f"{which}.json" for which in ("best", "last")) if p.exists()), None
        )
        if pointer is not None:
            folder = _pointed(str(pointer), pointer.stat().st_mtime_ns)
            found[name] = _checkpoint(str(folder), _changed(folder))
    for name in onnx_names(place):
        file = onnx_file_named(place, name)
        if name not in found and (read := _onnx(str(file), file.stat().st_mtime_ns)):
            found[name] = read
    return found


def fitting(every: dict[str, Checkpoint], of: Cohort) -> dict[str, Checkpoint]:
    """Return the checkpoints with weights whose modalities and regions a cohort has."""
    modalities, regions = set(of.modalities), of.scheme.region_names  # the first walks over every case
    return {
        name: checkpoint
        for name, checkpoint in every.items()
        if set(checkpoint.spec.modalities) <= modalities
        and checkpoint.spec.regions == regions
        and not checkpoint.onnx  # cohorts are segmented with torch
    }


def comparable(of: Cohort) -> dict[str, SavedModel]:
    """Return what can be compared on a cohort: fitting checkpoints, then the masks made elsewhere that it was given."""
    found: dict[str, SavedModel] = dict(fitting(checkpoints(), of))
    return found | {name: masks for name, masks in kept_masks(workspace(), of.name).items() if name not in found}


def model_title(name: str, checkpoint: SavedModel) -> str:
    """Return what a page calls a model: its title, with the run's name where it is not a shipped one."""
    if isinstance(checkpoint, KeptMasks):
        return f"{checkpoint.name}, made elsewhere"
    return checkpoint.card.title if name in shipped_names() else f"{checkpoint.card.title} ({name})"


def segmenting(of: Cohort, case_id: str) -> JobStatus | None:
    """Return the newest job that segments a case, while it runs or when it failed."""
    return segmenting_any(of, [case_id])


def segmenting_any(of: Cohort, cases: Collection[str]) -> JobStatus | None:
    """Return the newest job that segments any of these cases, while it runs or when it failed."""
    place = workspace()
    for job_id, status in recent_jobs(place):
        if status.kind == "segment":
            request = JobFolder(place.jobs / job_id).request
            if request["cohort"] == of.name and not set(cases).isdisjoint(request["cases"]):
                return None if status.state == "done" else status
    return None


def freshness(of: Cohort, case_id: str) -> tuple[int, int]:
    """Return what changes when a cohort is imported again or one more model has segmented the case."""
    place = workspace()
    made = sum(has_mask(place, of, case_id, checkpoint) for checkpoint in fitting(checkpoints(), of).values())
    return changed(of), made


def summary(of: Cohort, models: dict[str, Checkpoint]) -> dict[str, Any]:
    """Return the `evaluate` document over the cases that have been scored before."""
    return _summary(*what_scores_go_by(of, models), models, of)


def convention_means(of: Cohort, models: Mapping[str, SavedModel], budget_s: float) -> ConventionMeans:
    """Return what every scoring convention gives over the cohort, as far as the time allows."""
    goes_by = what_scores_go_by(of, models)
    found = _convention_means(*goes_by, models, of, budget_s)
    if found.waiting:  # there is more to come
        _convention_means.clear(*goes_by)
    return found


GoesBy = tuple[str, str, int, tuple[tuple[str, str, int], ...]]


def what_scores_go_by(of: Cohort, models: Mapping[str, SavedModel]) -> GoesBy:
    """Return what changes when the cohort is imported again, or a model has segmented one more case."""
    place = workspace()
    made = tuple((name, model_id(each), _listed(_masks_of(place, each))) for name, each in models.items())
    return str(place.root), of.name, changed(of), made


def model_id(model: SavedModel) -> str:
    """Return what tells a model from every other: the checkpoint's id, or the hash over all its masks."""
    return model.sha256 if isinstance(model, KeptMasks) else model.id


def _masks_of(place: Workspace, model: SavedModel) -> Path:
    return model.folder if isinstance(model, KeptMasks) else place.root / "predictions" / model.id


def _listed(folder: Path) -> int:
    return folder.stat().st_mtime_ns if folder.exists() else 0


@st.cache_data(max_entries=64, show_spinner=False)
def _summary(
    root: str,
    name: str,
    changed: int,
    made: tuple[tuple[str, str, int], ...],
    _models: dict[str, Checkpoint],
    _of: Cohort,
) -> dict[str, Any]:
    del name, changed, made  # what the cache goes by
    return saved_summary(Workspace(Path(root)), _of, _models)


@st.cache_data(max_entries=64, show_spinner=False)
def _convention_means(
    root: str,
    name: str,
    changed: int,
    made: tuple[tuple[str, str, int], ...],
    _models: Mapping[str, SavedModel],
    _of: Cohort,
    _budget_s: float,
) -> ConventionMeans:
    del name, changed, made  # what the cache goes by
    return saved_convention_means(Workspace(Path(root)), _of, _models, _budget_s)


@st.cache_resource(max_entries=256, show_spinner=False)
def _checkpoint(folder: str, changed: int) -> Checkpoint:
    del changed
    return read_checkpoint(Path(folder))


@st.cache_resource(max_entries=256, show_spinner=False)
def _onnx(file: str, changed: int) -> Checkpoint | None:
    del changed
    try:
        return read_onnx(Path(file))
    except CheckpointError:
        return None


@st.cache_data(max_entries=256, show_spinner=False)
def _pointed(pointer: str, changed: int) -> Path:
    del changed
    from core.atomic import read_json

    path = Path(pointer)
    return path.parent / str(read_json(path)["folder"])


def _changed(folder: Path) -> int:
    return (folder / "card.json").stat().st_mtime_ns
