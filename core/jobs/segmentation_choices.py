"""What may be chosen for a study that is to be segmented: checkpoints by name, options, formats. Never a path."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from reprlib import repr as short_repr
from typing import Any

from core.atomic import read_json
from core.checkpoints import (
    CARD,
    POINTERS,
    WEIGHTS,
    Checkpoint,
    CheckpointError,
    computes_here,
    join_checkpoints,
    made_names,
    onnx_file_named,
    onnx_names,
    read_checkpoint,
    read_onnx,
    runtime_of,
    shipped_names,
)
from core.errors import RefusedError, UsageError
from core.export import CASE_FORMATS, EXPORTS, UnknownExportError
from core.inference.missing import trained_without
from core.inference.options import EXPECTED, InferenceOptions
from core.labels import LabelScheme, scheme_from_json
from core.workspace import SHIPPED_CHECKPOINTS, NotInWorkspaceError, Workspace

CHECKPOINT_ID = re.compile(r"[0-9a-f]{64}")
AUTO = "auto"  # the checkpoint that suits the study best
BETWEEN = ","  # the names of checkpoints whose mean is taken


@dataclass(frozen=True, slots=True)
class NamedCheckpoint:
    """A checkpoint and what the workspace calls it."""

    name: str
    checkpoint: Checkpoint

    @property
    def scheme(self) -> LabelScheme:
        """What its labels and regions mean."""
        return scheme_from_json(self.checkpoint.spec.scheme)


def named_checkpoints(workspace: Workspace) -> list[NamedCheckpoint]:
    """Return every checkpoint that can segment: shipped, made of others, each run's best, else its last; ONNX files.

    One that is damaged is left out, and so is one that nothing computes here: without torch, one without ONNX model.
    """
    return [
        NamedCheckpoint(name, checkpoint)
        for name, place in _places(workspace).items()
        if computes_here(place) and (checkpoint := _readable(place)) is not None
    ]


def checkpoint_named(workspace: Workspace, named: str) -> Checkpoint:
    """Return a checkpoint by its name or id, or several, separated by commas, as the ensemble that takes their mean.

    A path is no name.

    Raises:
        NotInWorkspaceError: nothing is called that; the message lists what is.
        CheckpointError: it is there but unusable, nothing computes it here, or several cannot predict as one.
    """
    names = several_names(named)
    if AUTO in names and len(names) > 1:
        raise RefusedError(f"{AUTO} stands alone; found it among {len(names)} checkpoints: name each of them")
    members = [_one_named(workspace, name) for name in names]
    found = members[0] if len(members) == 1 else join_checkpoints(BETWEEN.join(names), members)
    runtime_of(found)  # refused here rather than by a worker
    return found


def several_names(named: str) -> list[str]:
    """Return the names of checkpoints that are separated by commas, in order."""
    return [name.strip() for name in named.split(BETWEEN)]


def _one_named(workspace: Workspace, name: str) -> Checkpoint:
    known = _places(workspace)
    if name in known:
        return _read(known[name])
    if CHECKPOINT_ID.fullmatch(name):
        for each in named_checkpoints(workspace):
            if each.checkpoint.id == name:
                return each.checkpoint
    offered = ", ".join(each for each, place in known.items() if computes_here(place))
    raise NotInWorkspaceError(f"no checkpoint is called {name[:100]!r}; known: {offered or 'none'}")


def what_it_lacks(checkpoint: Checkpoint, modalities: Collection[str]) -> tuple[str, ...]:
    """Return the modalities that a checkpoint reads and a study has not, unless it was trained to do without them."""
    lacks = tuple(name for name in checkpoint.spec.modalities if name not in modalities)
    if len(lacks) < len(checkpoint.spec.modalities) and trained_without(checkpoint):
        return ()
    return lacks


def suitability(name: str, checkpoint: Checkpoint, modalities: Collection[str]) -> tuple[int, ...]:
    """Return by what checkpoints are ordered for a study, the one that suits it best being least.

    One that trained on a leak comes last; one's own come before the shipped ones, which know phantoms; then counts how
    much of what the study has is read, and how little of what is read the study lacks.
    """
    reads = set(checkpoint.spec.modalities)
    used, lacking = len(reads.intersection(modalities)), len(reads.difference(modalities))
    return checkpoint.card.leaks, name in shipped_names(), -used, lacking


def fitting_checkpoint(
    workspace: Workspace, modalities: Collection[str], regions: Sequence[str] = ()
) -> NamedCheckpoint:
    """Return the checkpoint that suits a study best, of those that fit it.

    Args:
        workspace: where they are.
        modalities: what the study has.
        regions: what the mask is to consist of; empty takes any.

    Raises:
        RefusedError: none fits; the message says what they need.
    """
    every = named_checkpoints(workspace)
    for named in sorted(every, key=lambda named: suitability(named.name, named.checkpoint, modalities)):
        if not what_it_lacks(named.checkpoint, modalities) and tuple(regions) in ((), named.checkpoint.spec.regions):
            return named
    needs = dict.fromkeys(", ".join(named.checkpoint.spec.modalities) for named in every)
    raise RefusedError(
        f"no checkpoint fits a study of {', '.join(modalities) or 'nothing'}; those that are here need "
        f"{'; or '.join(needs) or 'to be trained first'}"
    )


def options_from_json(given: Mapping[str, Any]) -> InferenceOptions:
    """Return options of a prediction from names and values.

    Raises:
        UsageError: there is no such option, or its value cannot be used; the message lists the known ones.
    """
    from pydantic import TypeAdapter, ValidationError

    known = tuple(InferenceOptions.__slots__)
    if unknown := [str(name)[:50] for name in given if name not in known]:
        raise UsageError(f"no option is called {', '.join(map(repr, unknown))}; known: {', '.join(known)}")
    try:
        return TypeAdapter(InferenceOptions).validate_python(dict(given))
    except ValidationError as error:
        fault = error.errors()[0]
        if fault["type"] == "value_error":  # said by the options themselves
            raise UsageError(str(fault["ctx"]["error"])) from None
        name = str(fault["loc"][0])
        found = f"found {short_repr(given[name])} for the option {name}"
        raise UsageError(f"{found}; expected {EXPECTED[name]}; give that, or leave it out") from None


def export_formats() -> dict[str, str]:
    """Return the exports that a segmented study can be had in, name to title."""
    return {name: EXPORTS[name].title for name in CASE_FORMATS}


def require_formats(names: Sequence[str]) -> None:
    """Refuse a format that a segmented study cannot be had in.

    Raises:
        UnknownExportError: with those that it can.
    """
    known = export_formats()
    if not names:
        raise RefusedError(f"no format was named; expected one or more of {', '.join(known)}")
    for name in names:
        if name not in known:
            raise UnknownExportError(f"no export of a study is called {name[:50]!r}; known: {', '.join(known)}")


def _places(workspace: Workspace) -> dict[str, Path]:
    """Return name to folder, or to the ONNX file of that name where nothing computes the folder here."""
    found: dict[str, Path] = {}
    for name, place in _folders_and_files(workspace):
        if name not in found or not computes_here(found[name]):
            found[name] = place
    return found


def _folders_and_files(workspace: Workspace) -> Iterator[tuple[str, Path]]:
    for name in shipped_names():
        yield name, SHIPPED_CHECKPOINTS / name
    for name in made_names(workspace):
        yield name, workspace.made_checkpoint(name)
    for name in reversed(workspace.run_names()):
        for pointer in (workspace.runs / name / f"{which}.json" for which in POINTERS):
            if pointer.exists():
                yield name, pointer.parent / read_json(pointer)["folder"]
                break
    for name in onnx_names(workspace):
        yield name, onnx_file_named(workspace, name)


def _readable(place: Path) -> Checkpoint | None:
    try:
        return _read(place)
    except (CheckpointError, OSError):
        return None


def _read(place: Path) -> Checkpoint:
    files = [place] if place.is_file() else [each for each in place.rglob("*") if each.name in (CARD, WEIGHTS)]
    changed = tuple((path.name, path.stat().st_mtime_ns) for path in sorted(files))
    return _read_once(place, changed)


@lru_cache(maxsize=256)
def _read_once(place: Path, changed: tuple[tuple[str, int], ...]) -> Checkpoint:
    del changed  # its weights are hashed: once, until one of the files is another
    return read_onnx(place) if place.is_file() else read_checkpoint(place)
