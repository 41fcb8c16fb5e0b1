"""Fingerprints as checkpoints keep and use them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from core.checkpoints import Checkpoint, InferenceSpec
from core.data.store import SlicedCase
from core.measuring.familiarity.fingerprint import Fingerprint, fingerprint_of
from core.measuring.familiarity.portrait import Portrait, portrait_of_slices, portrait_of_volume
from core.measuring.familiarity.unfamiliar import Familiarity, unfamiliar
from core.volume import Volume

Spacing = tuple[float, float, float]
MOST_CASES = 48  # of a training that are looked at: more would not change what they have in common

# draws a case's portrait for a checkpoint's specification, flat or not
Draw = Callable[[InferenceSpec, bool], Portrait | None]


def fingerprint_of_training(
    cases: Sequence[SlicedCase], spacings_mm: Sequence[Spacing | None], spec: InferenceSpec
) -> dict[str, Any] | None:
    """Return what a card keeps of its training cases, or None where there are too few to compare.

    Args:
        cases: of the training part, with every modality that `spec` reads; of many, some are taken evenly.
        spacings_mm: the voxel edges of each, None without geometry.
        spec: how they are prepared.
    """
    every = max(1, -(-len(cases) // MOST_CASES))
    flat = all(case.box.shape[2] == 1 for case in cases)
    drawn = [
        portrait_of_slices(case, spec, spacing, flat)
        for case, spacing in zip(cases[::every], spacings_mm[::every], strict=True)
    ]
    found = fingerprint_of([portrait for portrait in drawn if portrait is not None], flat)
    return None if found is None else found.to_json()


def familiarity_of_slices(checkpoint: Checkpoint, case: SlicedCase, spacing_mm: Spacing | None) -> Familiarity | None:
    """Compare a case that has been cut into slices with a checkpoint's training data.

    Args:
        checkpoint: an ensemble's members are asked each, and the one that knows such cases best answers.
        case: to be segmented.
        spacing_mm: of its voxels, None without geometry.

    Returns:
        None where the checkpoint keeps no fingerprint, or the case lacks a modality or shows too little.
    """
    return _familiarity(
        checkpoint, case.modalities, lambda spec, flat: portrait_of_slices(case, spec, spacing_mm, flat)
    )


def familiarity_of_volume(checkpoint: Checkpoint, volume: Volume) -> Familiarity | None:
    """Compare a volume with a checkpoint's training data, otherwise as `familiarity_of_slices`."""
    return _familiarity(checkpoint, volume.modalities, lambda spec, flat: portrait_of_volume(volume, spec, flat))


def _familiarity(checkpoint: Checkpoint, modalities: Sequence[str], draw: Draw) -> Familiarity | None:
    found = []
    for member in checkpoint.members or (checkpoint,):
        kept = member.card.fingerprint
        known = None if kept is None else Fingerprint.from_json(kept)
        if known is None or not set(known.modalities) <= set(modalities):
            continue
        portrait = draw(member.spec, known.flat)
        if portrait is not None:
            found.append(unfamiliar(known, portrait))
    return min(found, key=lambda each: each.score, default=None)
