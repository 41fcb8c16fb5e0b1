"""Score masks against the reference that lies beside their images, through the program's own verbs."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.segment_real.command import CommandLine
from benchmarks.segment_real.held_out import HeldOut
from benchmarks.segment_real.sets import RealSet

Scores = dict[str, dict[str, float | None]]


def score_volumes(
    masks: Mapping[str, Path], cases: Sequence[HeldOut], scheme: str, command: CommandLine
) -> tuple[dict[str, Scores], float]:
    """Score each NIfTI mask with `metrics`; case to region to Dice and HD95, and the seconds."""
    scores, seconds = {}, 0.0
    for held in cases:
        assert held.case.reference is not None
        answer = command.ask("metrics", masks[held.case.case_id], held.case.reference.file, "--scheme", scheme)
        scores[held.case.case_id] = {
            region: {"dice": found["dice"], "hd95_mm": found["hd95_mm"]}
            for region, found in answer.document["regions"].items()
        }
        seconds += answer.seconds
    return scores, round(seconds, 1)


def score_pictures(
    masks: Mapping[str, Path], cases: Sequence[HeldOut], real: RealSet, command: CommandLine, into: Path
) -> tuple[dict[str, Scores], float]:
    """Score masks of pictures with `evaluate`, whose cohort knows which colour of a drawn mask is which label.

    Args:
        masks: case to mask.
        cases: which.
        real: whose cohort holds the references.
        command: the command line.
        into: a folder for the masks, called as the cohort calls their cases.
    """
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    for held in cases:
        shutil.copyfile(masks[held.case.case_id], into / f"{held.cohort_id}.nii.gz")
    answer = command.ask("evaluate", "--cohort", real.cohort, "--predictions", f"net={into}", "--metrics", "dice,iou")
    found = answer.document["models"]["net"]["cases"]
    scores: dict[str, Scores] = {
        held.case.case_id: {region: {"dice": each["dice"]} for region, each in found[held.cohort_id].items()}
        for held in cases
    }
    return scores, answer.seconds


def mean_dice(scores: Mapping[str, Scores]) -> dict[str, dict[str, Any]]:
    """Return for each region its mean, smallest and largest Dice over the cases whose reference has the region."""
    regions = list(dict.fromkeys(region for case in scores.values() for region in case))
    found: dict[str, dict[str, Any]] = {}
    for region in regions:
        dices = [value for case in scores.values() if (value := case.get(region, {}).get("dice")) is not None]
        least, most = (min(dices), max(dices)) if dices else (None, None)
        mean = sum(dices) / len(dices) if dices else None
        found[region] = {"mean": mean, "least": least, "most": most, "n": len(dices)}
    return found
