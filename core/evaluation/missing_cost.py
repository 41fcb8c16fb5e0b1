"""What doing without a sequence costs a checkpoint that was trained to: its validation patients, segmented again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from core.case import Case
from core.checkpoints import Checkpoint, MissingCost, derive_checkpoint, key_of, new_name, read_checkpoint
from core.data.load import load_case
from core.errors import RefusedError
from core.evaluation.case_mask import Bits, pick_regions
from core.evaluation.scoring import score_case
from core.evaluation.tuning_grid import DICE
from core.evaluation.validation_part import validation_part
from core.inference.cleaned import cleaned_mask
from core.inference.missing import trained_without
from core.inference.prediction import Prediction
from core.inference.segment import Segmenter
from core.volume import Geometry, Volume
from core.workspace import Cohort, Workspace

MOST_AT_ONCE = 2  # sequences left out together: of four, ten segmentations more for each patient
OnCase = Callable[[int, int], None]
Without = tuple[str, ...]
Dice = dict[str, float | None]


class MissingCostRefusedError(RefusedError):
    """There is no cost to measure, or nobody to measure it on; the message says why."""


@dataclass(frozen=True, slots=True)
class MeasuredMissing:
    """What was written, and what stands in its card.

    Attributes:
        name: of the new checkpoint.
        checkpoint: the new one; its id is the old one's, for it predicts the same.
        cost: what was measured.
    """

    name: str
    checkpoint: Checkpoint
    cost: MissingCost

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "checkpoint_id": self.checkpoint.id, **self.cost.model_dump(mode="json")}


def measure_missing(
    workspace: Workspace,
    segmenter: Segmenter,
    checkpoint: Checkpoint,
    name: str,
    at_once: int = MOST_AT_ONCE,
    on_case: OnCase = lambda _done, _total: None,
) -> MeasuredMissing:
    """Segment the validation patients with every sequence and without some, and write a checkpoint that says the cost.

    Each patient goes the way of `segment`: what is left out is not there when the head is found and the slices are cut.
    No patient of any other part is read. Scores are means over the cases whose reference has the region, of the mask
    that the checkpoint gives, cleaned up.

    Args:
        workspace: where the cohort is, and where the new checkpoint goes.
        segmenter: computes the predictions; those with every sequence are kept, or found where they are.
        checkpoint: stays as it is.
        name: of the new one.
        at_once: how many sequences are left out together, at most; one is always kept.
        on_case: told how many patients of how many are done.

    Raises:
        MissingCostRefusedError: it was not trained to do without, reads one sequence, or has no validation part, or
            that is not in the workspace any more.
        CheckpointError, NotInWorkspaceError: the name is taken or none, or the cohort is gone.
        NotSegmentableError, InputRefusedError: a patient cannot be segmented or read.
    """
    folder = new_name(workspace, name)
    every = combinations_of(checkpoint, at_once)
    done = "the cost of a missing sequence is measured"
    cohort, named = validation_part(workspace, checkpoint, done, MissingCostRefusedError)
    found: list[dict[Without, Dice]] = []
    for number, case_id in enumerate(named, 1):
        found.append(dict(_of_case(segmenter, cohort, case_id, checkpoint, every)))
        on_case(number, len(named))
    regions = checkpoint.spec.regions
    cost = MissingCost(
        checkpoint=checkpoint.id,
        split_sha256=checkpoint.card.split_sha256,
        cases=len(named),
        groups=len({cohort.cases[case_id].case.group_id for case_id in named}),
        group_word=cohort.group_word,
        counted={region: sum(case[()][region] is not None for case in found) for region in regions},
        everything=_means(found, ()),
        without={key_of(without): _means(found, without) for without in every},
    )
    derive_checkpoint(checkpoint, folder, {"missing_cost": cost})
    return MeasuredMissing(name, read_checkpoint(folder), cost)


def combinations_of(checkpoint: Checkpoint, at_once: int) -> list[Without]:
    """Return which sequences are left out together: each alone, then each pair, and so on.

    Raises:
        MissingCostRefusedError: the checkpoint refuses a study that lacks one, or reads no more than one.
    """
    reads, run = checkpoint.spec.modalities, checkpoint.card.run
    if len(reads) < 2:
        raise MissingCostRefusedError(f"{run} reads {reads[0]} alone, and without it there is nothing to segment")
    if not trained_without(checkpoint):
        raise MissingCostRefusedError(
            f"{run} was trained with every sequence there, and refuses a study that lacks one: there is no cost to "
            "measure; train one that does without by --set augment.settings.modality_dropout=0.2"
        )
    return [each for count in range(1, min(at_once, len(reads) - 1) + 1) for each in combinations(reads, count)]


def _of_case(
    segmenter: Segmenter, cohort: Cohort, case_id: str, checkpoint: Checkpoint, every: list[Without]
) -> Iterator[tuple[Without, Dice]]:
    """Yield the Dice of a case with every sequence, under (), and without each combination."""
    entry = cohort.cases[case_id]
    loaded = load_case(entry.case, cohort.scheme)
    if loaded.reference is None:
        raise MissingCostRefusedError(f"{case_id} has no reference mask any more; import {cohort.name} again with it")
    reference = pick_regions(loaded.reference, cohort.scheme.region_names, checkpoint.spec.regions)
    geometry = loaded.volume.geometry
    yield (), _dice(segmenter.segment_stored(cohort, case_id, checkpoint), checkpoint, reference, geometry)
    passing = replace(segmenter, keep=False)  # a case that nobody has is not worth the room
    for without in every:
        case, volume = _left(entry.case, loaded.volume, without)
        yield without, _dice(passing.segment_volume(case, volume, checkpoint), checkpoint, reference, geometry)


def _left(case: Case, volume: Volume, without: Without) -> tuple[Case, Volume]:
    """Return a case and its volume as they are without some sequences."""
    kept = [index for index, name in enumerate(volume.modalities) if name not in without]
    left = replace(
        volume,
        voxels=volume.voxels[kept],
        modalities=tuple(volume.modalities[index] for index in kept),
        slope=tuple(volume.slope[index] for index in kept),
        intercept=tuple(volume.intercept[index] for index in kept),
    )
    sources = {name: source for name, source in case.sources.items() if name not in without}
    return replace(case, sources=sources), left


def _dice(prediction: Prediction, checkpoint: Checkpoint, reference: Bits, geometry: Geometry | None) -> Dice:
    bits = cleaned_mask(prediction, checkpoint.spec, geometry)
    scores = score_case(bits, reference, checkpoint.spec.regions, None, scoring=DICE)
    return {
        region: float(value) if isinstance(value := scored["dice"], (int, float)) else None
        for region, scored in scores.items()
    }


def _means(found: list[dict[Without, Dice]], without: Without) -> Dice:
    regions = found[0][without]
    counted = {region: [v for case in found if (v := case[without][region]) is not None] for region in regions}
    return {region: round(float(np.mean(values)), 6) if values else None for region, values in counted.items()}
