"""One set from its files to scores: train where nothing is trained, segment what was held out, check, score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.segment_real.checks import check
from benchmarks.segment_real.command import Answer, CommandLine
from benchmarks.segment_real.held_out import HeldOut, held_out, lay_out, seen_by
from benchmarks.segment_real.scores import mean_dice, score_pictures, score_volumes
from benchmarks.segment_real.sets import RealSet
from benchmarks.segment_real.trained import TrainedRun, trained
from core.labels import scheme_named
from core.workspace import Workspace

BRATS_SCHEMES = {"brats-africa": "brats-2023", "brats-2021": "brats-2021"}


@dataclass(frozen=True, slots=True, eq=False)
class SegmentedSet:
    """What came of a set: the document for the results, and the files that a picture is drawn from."""

    document: dict[str, Any]
    cases: list[HeldOut]
    masks: dict[str, Path]


def segment_set(real: RealSet, own: RealSet, data: Path, command: CommandLine) -> SegmentedSet:
    """Take one set from files to scores.

    Args:
        real: the set.
        own: the set whose checkpoints segment it; often itself.
        data: the folder of real scans.
        command: the command line and its workspace.
    """
    folder = data / real.folder
    runs, seconds = trained(own, data / own.folder, command)
    cases = held_out(real, folder, runs)
    used = list(dict.fromkeys(run for held in cases for run in held.runs))
    scratch = command.workspace / "segmented" / real.name
    source = lay_out(cases, folder, scratch / "scans")
    answer = _segment(real, used, source, scratch / "masks", command)
    masks = {Path(file).name.removesuffix("_seg.nii.gz"): Path(file) for file in answer.document["files"]}
    scheme = BRATS_SCHEMES.get(real.name, "")
    codes = {0, *scheme_named(scheme).labels} if scheme else set(range(len(real.labels) + 1 if real.labels else 2))
    checked = {held.case.case_id: check(masks[held.case.case_id], held.case, codes) for held in cases}
    if scheme:
        scores, seconds["score"] = score_volumes(masks, cases, scheme, command)
    else:
        scores, seconds["score"] = score_pictures(masks, cases, real, command, scratch / "scored")
    laps = {entry["case"]: round(sum(entry["seconds"].values()), 1) for entry in answer.document["cases"]}
    workspace = Workspace(command.workspace)
    document = {
        "name": real.name,
        "folder": real.folder,
        "remark": real.remark,
        "settings": list(own.settings),
        "runs": [run.to_json() for run in used],
        "command": answer.line,
        "checkpoint_id": answer.document["checkpoint_id"],
        "seconds": {"train": round(sum(run.seconds for run in used)), **seconds, "segment": answer.seconds},
        "peak_memory_mb": answer.document["peak_memory_mb"],
        "refused": answer.document["refused"],
        "seen": {held.case.case_id: seen for held in cases if (seen := seen_by(held, workspace))},
        "mean_dice": mean_dice(scores),
        "cases": {
            held.case.case_id: {
                "files": sorted({f.name for source in held.case.sources.values() for f in source.files})[:4],
                **checked[held.case.case_id],
                "scores": scores[held.case.case_id],
                "seconds": laps[held.case.case_id],
            }
            for held in cases
        },
    }
    return SegmentedSet(document, cases, masks)


def _segment(real: RealSet, runs: Sequence[TrainedRun], source: Path, out: Path, command: CommandLine) -> Answer:
    reference = ",".join(run.run for run in runs)
    return command.ask("segment", source, "--checkpoint", reference, "--out", out, "--keep-names", *real.segment)
