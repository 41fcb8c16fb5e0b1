"""Sequences that a case lacks: refused, unless the checkpoint learned to do without."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from core.arguments import ArgumentError
from core.case import MODALITY_TITLES, Case
from core.checkpoints import Checkpoint, MissingCost, key_of
from core.data.augment import augment_settings
from core.data.refusal import Finding
from core.errors import RefusedError
from core.labels import scheme_from_json

HOW_TO_MEASURE = "python -m core missing measures it on the checkpoint's validation part, in a new checkpoint"


class NotSegmentableError(RefusedError):
    """A checkpoint cannot segment this case; the message says what does not fit, and `finding` as the gate would."""

    def __init__(self, sentence: str, finding: Finding | None = None) -> None:
        super().__init__(sentence)
        self.finding = finding


def missing_modalities(checkpoint: Checkpoint, case: Case) -> tuple[str, ...]:
    """Return the modalities that a checkpoint reads and a case lacks, where it was trained to do without them.

    Raises:
        NotSegmentableError: it was not, or none is left.
    """
    wanted = checkpoint.spec.modalities
    missing = tuple(name for name in wanted if name not in case.sources)
    if not missing:
        return ()
    here = f"{case.case_id} has {', '.join(case.sources)}; the checkpoint"
    if len(missing) == len(wanted):
        none = f"{here} reads {', '.join(missing)}, so nothing of what it reads is there: choose another checkpoint"
        same = f", or, if it is the same, say --call {next(iter(case.sources))}={wanted[0]}"
        raise NotSegmentableError(none + (same if len(case.sources) == len(wanted) == 1 else ""))
    has = f"{here} also reads {', '.join(missing)}"
    if not trained_without(checkpoint):
        fix = "add the sequence or choose a checkpoint that does without"
        only, also = f"only {', '.join(case.sources)}", f"{', '.join(missing)} as well"
        refused = Finding("error", "missing_modality", case.case_id, "", only, also, fix)
        raise NotSegmentableError(f"{has}: {fix}", refused)
    return missing


def trained_without(checkpoint: Checkpoint) -> bool:
    """Tell whether the training blanked modalities now and then; of an ensemble, whether every member's did."""
    if checkpoint.members:
        return all(trained_without(member) for member in checkpoint.members)
    if len(checkpoint.spec.modalities) < 2:
        return False
    section = checkpoint.card.recipe.get("augment") or {}
    try:
        settings = augment_settings(section.get("preset", "none"), section.get("settings"))
    except ArgumentError:  # a card from a release with other settings says nothing that could be relied on
        return False
    return settings.modality_dropout > 0


def cost_of(checkpoint: Checkpoint, missing: Collection[str]) -> MissingCost | None:
    """Return what was measured of a checkpoint without some sequences; None where nobody did, of this very one.

    The card of a checkpoint with other thresholds or another temperature may still hold what the one before it cost.
    """
    found = checkpoint.card.missing_cost
    known = found is not None and found.checkpoint == checkpoint.id and key_of(missing) in found.without
    return found if known else None


def cost_sentence(checkpoint: Checkpoint, missing: Collection[str]) -> str:
    """Say what doing without sequences costs a checkpoint, or that nobody measured it, and what does.

    Returns:
        Such as `Without FLAIR: whole tumour Dice 0.61 instead of 0.82 on 4 validation patients`; no full stop.
    """
    titles = [MODALITY_TITLES.get(name, name) for name in checkpoint.spec.modalities if name in missing]
    named = f"{', '.join(titles[:-1])} and {titles[-1]}" if len(titles) > 1 else titles[0]
    cost = cost_of(checkpoint, missing)
    if cost is None:
        return f"Without {named}: what that costs was not measured; {HOW_TO_MEASURE}"
    said = []
    for region, title in _region_titles(checkpoint).items():
        left, whole = cost.without[key_of(missing)].get(region), cost.everything.get(region)
        if left is not None and whole is not None:
            fewer = cost.counted.get(region, cost.cases)
            of_them = f" ({fewer} of them)" if fewer < cost.cases else ""
            said.append(f"{title} Dice {left:.2f} instead of {whole:.2f}{of_them}")
    return f"Without {named}: {', '.join(said) or 'no region could be scored'} on {cost.whose}"


def costs_of_one(checkpoint: Checkpoint) -> dict[str, str]:
    """Return what doing without each single sequence costs, in sentences; nothing where all are needed."""
    reads = checkpoint.spec.modalities
    return {name: cost_sentence(checkpoint, (name,)) for name in reads} if trained_without(checkpoint) else {}


def doing_without(case_id: str, checkpoint: Checkpoint, missing: Sequence[str]) -> Finding:
    """Say that a case is segmented without some of its sequences, and what that costs."""
    expected = f"all of {', '.join(checkpoint.spec.modalities)}"
    sentence = cost_sentence(checkpoint, missing)
    fix = sentence[0].lower() + sentence[1:]
    return Finding("warning", "missing_modality", case_id, "", f"no {', '.join(missing)}", expected, fix)


def _region_titles(checkpoint: Checkpoint) -> dict[str, str]:
    titles = {region.name: region.title for region in scheme_from_json(checkpoint.spec.scheme).regions}
    return {region: titles.get(region, region) for region in checkpoint.spec.regions}


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
