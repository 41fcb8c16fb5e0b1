"""Sequences that a case lacks: refused, unless the checkpoint learned to do without."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from core.arguments import ArgumentError
from core.atomic import read_json
from core.case import Case
from core.checkpoints import Checkpoint
from core.data.augment import augment_settings
from core.data.refusal import Finding
from core.errors import RefusedError

SCORES = "scores.json"  # beside a checkpoint's card: what was measured later
COSTS = "missing_modalities"  # in it: "t1n" or "t1c+t1n" to the change of each region's mean Dice


class NotSegmentableError(RefusedError):
    """A checkpoint cannot segment this case; the message says what does not fit."""


def missing_modalities(checkpoint: Checkpoint, case: Case) -> tuple[str, ...]:
    """Return the modalities that a checkpoint reads and a case lacks, where it was trained to do without them.

    Raises:
        NotSegmentableError: it was not, or none is left.
    """
    wanted = checkpoint.spec.modalities
    missing = tuple(name for name in wanted if name not in case.sources)
    if not missing:
        return ()
    has = f"{case.case_id} has {', '.join(case.sources)}; the checkpoint also reads {', '.join(missing)}"
    if len(missing) == len(wanted):
        raise NotSegmentableError(f"{has}, and nothing of what it reads is there: choose another checkpoint")
    if not trained_without(checkpoint):
        raise NotSegmentableError(f"{has}: add the sequence or choose a checkpoint that does without")
    return missing


def trained_without(checkpoint: Checkpoint) -> bool:
    """Tell whether the training blanked modalities now and then; of an ensemble, whether every member's did."""
    if checkpoint.members:
        return all(trained_without(member) for member in checkpoint.members)
    section = checkpoint.card.recipe.get("augment") or {}
    try:
        settings = augment_settings(section.get("preset", "none"), section.get("settings"))
    except ArgumentError:  # a card from a release with other settings says nothing that could be relied on
        return False
    return settings.modality_dropout > 0


def cost_of(checkpoint: Checkpoint, missing: Sequence[str]) -> dict[str, float] | None:
    """Return what doing without modalities changed each region's mean Dice by, or None where nobody measured it."""
    try:
        measured = read_json(checkpoint.folder / SCORES).get(COSTS, {}).get("+".join(sorted(missing)))
    except (OSError, json.JSONDecodeError, UnicodeDecodeError, AttributeError):
        return None
    if not isinstance(measured, Mapping):
        return None
    numbers: Mapping[str, Any] = measured
    return {str(region): float(change) for region, change in numbers.items() if isinstance(change, int | float)}


def doing_without(case_id: str, checkpoint: Checkpoint, missing: Sequence[str]) -> Finding:
    """Say that a case is segmented without some of its sequences, and what that costs."""
    cost = cost_of(checkpoint, missing)
    if cost:
        told = ", ".join(f"{region} {change:+.3f}" for region, change in cost.items())
        fix = f"without it the mean Dice of its validation changed by: {told}"
    else:
        fix = "the checkpoint was trained with sequences left out; what that costs here was not measured"
    expected = f"all of {', '.join(checkpoint.spec.modalities)}"
    return Finding("warning", "missing_modality", case_id, "", f"no {', '.join(missing)}", expected, fix)


def spread_channels(
    prepared: npt.NDArray[np.float32], here: Collection[str], wanted: Sequence[str]
) -> npt.NDArray[np.float32]:
    """Put the channels of the modalities that are there in their places among those wanted; the others are 0.

    Args:
        prepared: (S, C, H, W), C = (slices around) x (modalities here), in the order of `wanted`.
        here: modalities of `prepared`.
        wanted: modalities of the network.
    """
    count, _, height, width = prepared.shape
    around = prepared.shape[1] // len(here)
    out = np.zeros((count, around, len(wanted), height, width), np.float32)
    places = [wanted.index(name) for name in wanted if name in here]
    out[:, :, places] = prepared.reshape(count, around, len(here), height, width)
    return out.reshape(count, around * len(wanted), height, width)
