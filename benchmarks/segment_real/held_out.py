"""The cases that a checkpoint has never seen, their images laid into a folder of their own without any mask."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.segment_real.sets import RealSet
from benchmarks.segment_real.trained import TrainedRun
from core.case import Case
from core.checkpoints import resolve_checkpoint
from core.data.content import content_hashes
from core.data.layouts import read_layout
from core.data.load import load_case
from core.importing import ImportChoices, read_cases
from core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One case to segment.

    Attributes:
        case: its own files, called as they are.
        cohort_id: what the cohort calls it; another name where the file's own may be a person's.
        runs: which runs segment it.
    """

    case: Case
    cohort_id: str
    runs: tuple[TrainedRun, ...]


def held_out(real: RealSet, folder: Path, runs: Sequence[TrainedRun]) -> list[HeldOut]:
    """List the cases of a set that the runs which segment them have neither trained nor chosen a checkpoint on."""
    layout, called = read_layout(folder), read_cases(folder, ImportChoices())
    named = {case.case_id: renamed.case_id for case, renamed in zip(layout.cases, called.cases, strict=True)}
    found = []
    for case in layout.cases:
        name = named[case.case_id]
        mine = tuple(run for run in runs if real.trained_by or name in run.test)
        if mine and (not real.cases or case.case_id in real.cases):
            found.append(HeldOut(case, name, mine))
    return found


def lay_out(cases: Sequence[HeldOut], folder: Path, into: Path) -> Path:
    """Copy the images alone, each to its own place below `into`; no mask comes along."""
    shutil.rmtree(into, ignore_errors=True)
    for file in dict.fromkeys(f for held in cases for source in held.case.sources.values() for f in source.files):
        target = into / file.resolve().relative_to(folder.resolve())
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    return into


def seen_by(held: HeldOut, workspace: Workspace) -> list[str]:
    """Return the runs whose card lists a channel of this case, by its voxels, as trained or validated on."""
    hashes = set(content_hashes(load_case(held.case, None).volume).values())
    return [run.run for run in held.runs if hashes & _content(workspace, run.run)]


def _content(workspace: Workspace, run: str) -> set[str]:
    card = resolve_checkpoint(workspace, run).card
    parts = (card.training_content, card.validation_content)
    return {each for part in parts for hashes in part.values() for each in hashes}
