"""Thresholds and smallest components chosen on a checkpoint's validation patients, in a new checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.checkpoints import Checkpoint, InferenceSpec, derive_checkpoint, new_name, read_checkpoint
from core.data.load import load_regions
from core.errors import RefusedError
from core.evaluation.case_mask import pick_regions
from core.evaluation.scoring import score_case
from core.evaluation.tuning_grid import (
    DICE,
    LEAST_GAIN,
    LEAST_ML,
    LEAST_VOXELS,
    THRESHOLDS,
    Candidate,
    Chain,
    TuningCase,
    best_of,
    candidates_of,
    dice_of_candidates,
)
from core.evaluation.validation_part import validation_part
from core.inference.adopting import adopt_predictions
from core.inference.prediction import region_bits
from core.inference.segment import Segmenter
from core.postprocess import clean
from core.workspace import Cohort, Workspace

OnCase = Callable[[int, int], None]
Means = dict[str, float | None]


class TuningRefusedError(RefusedError):
    """Nothing can be tuned, or nothing gets better by it; the message says why."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """What was written, and what it changes on the validation part.

    Attributes:
        name: of the new checkpoint.
        checkpoint: the new one.
        before: the one it was made of.
        chosen: region to what was chosen.
        dice_before: region to mean Dice, None where no validation patient has it.
        dice_after: likewise, with what was chosen.
        cases: how many patients.
        adopted: predictions that the new checkpoint took over.
    """

    name: str
    checkpoint: Checkpoint
    before: Checkpoint
    chosen: dict[str, Candidate]
    dice_before: Means
    dice_after: Means
    cases: int
    adopted: int

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "checkpoint_id": self.checkpoint.id, **(self.checkpoint.card.tuning or {})}


def tune_checkpoint(
    workspace: Workspace,
    segmenter: Segmenter,
    checkpoint: Checkpoint,
    name: str,
    on_case: OnCase = lambda _done, _total: None,
) -> Tuned:
    """Choose each region's threshold and smallest component on the validation patients, and write a new checkpoint.

    Every pair of the grid is scored by mean Dice over the patients whose reference has the region, and the simplest of
    those that tie with the best is taken. No patient of any other part is read. An ensemble is tuned as one, on
    the mean of its members, and the new one's members share what was chosen.

    Args:
        workspace: where the cohort is, and where the new checkpoint goes.
        segmenter: computes the predictions, or finds those made before.
        checkpoint: with weights, or an ensemble; it stays as it is.
        name: of the new one.
        on_case: told how many patients of how many are done.

    Raises:
        TuningRefusedError: it has no validation part, or that is not in the workspace any more, or every patient of it
            trained a member of the ensemble, or nothing in the grid is better than what it has.
        CheckpointError, NotInWorkspaceError: the name is taken or none, or the cohort is gone.
        NotSegmentableError, InputRefusedError: a patient cannot be segmented or read.
    """
    folder = new_name(workspace, name)
    cohort, named = validation_part(workspace, checkpoint, "thresholds and clean-up are fitted", TuningRefusedError)
    spec, chain = checkpoint.spec, Chain.of(checkpoint.spec.post)
    sizes = [cohort.cases[case].geometry is not None for case in named]
    grids = {
        region: candidates_of(Candidate(threshold, chain.own_least(region)), bool(spec.class_bits), sizes)
        for region, threshold in zip(spec.regions, spec.thresholds, strict=True)
    }
    scores: dict[str, list[list[float | None]]] = {region: [] for region in spec.regions}
    for done, case in enumerate(_cases(segmenter, cohort, named, checkpoint), 1):
        for region, candidates in grids.items():
            scores[region].append(dice_of_candidates(case, region, candidates, chain))
        on_case(done, len(named))
    chosen = {region: best_of(candidates, scores[region])[0] for region, candidates in grids.items()}
    post = chain.with_least({region: candidate.least for region, candidate in chosen.items()})
    decides = {"thresholds": tuple(each.threshold for each in chosen.values()), "post": post}
    made = spec.model_copy(update=decides)
    before, after = _mean_dice(_cases(segmenter, cohort, named, checkpoint), (spec, made))
    _require_better(checkpoint, before, after, len(named))
    facts = _provenance(checkpoint, chosen, before, after, len(named))
    derive_checkpoint(checkpoint, folder, {"tuning": facts}, decides)
    new = read_checkpoint(folder)
    adopted = adopt_predictions(workspace, checkpoint, new)
    return Tuned(name, new, checkpoint, chosen, before, after, len(named), adopted)


def _cases(segmenter: Segmenter, cohort: Cohort, named: Sequence[str], checkpoint: Checkpoint) -> Iterator[TuningCase]:
    for case_id in named:
        entry = cohort.cases[case_id]
        if entry.case.reference is None:
            raise TuningRefusedError(f"{case_id} has no reference mask any more; import {cohort.name} again with it")
        bits, _ = load_regions(entry.case.reference, cohort.scheme, entry.grid)
        reference = pick_regions(bits, cohort.scheme.region_names, checkpoint.spec.regions)
        prediction = segmenter.segment_stored(cohort, case_id, checkpoint)
        yield TuningCase(prediction, reference, entry.geometry.spacing_mm if entry.geometry else None)


def _mean_dice(cases: Iterator[TuningCase], specs: tuple[InferenceSpec, InferenceSpec]) -> tuple[Means, Means]:
    """Return region to mean Dice of whole masks, every step applied, of two ways to decide."""
    found: tuple[dict[str, list[float]], dict[str, list[float]]] = ({}, {})
    regions = specs[0].regions
    for case in cases:
        prediction = case.prediction
        for spec, values in zip(specs, found, strict=True):
            raw = region_bits(prediction.probabilities, spec.thresholds, spec.class_bits)
            whole = prediction.box.paste(raw, prediction.shape)
            bits = clean(whole, regions, case.spacing_mm, spec.post, spec.class_bits)
            for region, scored in score_case(bits, case.reference, regions, None, scoring=DICE).items():
                if isinstance(value := scored["dice"], (int, float)):
                    values.setdefault(region, []).append(float(value))
    before, after = (
        {region: float(np.mean(values[region])) if region in values else None for region in regions} for values in found
    )
    return before, after


def _require_better(checkpoint: Checkpoint, before: Means, after: Means, cases: int) -> None:
    pairs = zip(before.values(), after.values(), strict=True)
    gains = [now - was for was, now in pairs if was is not None and now is not None]
    if not gains:
        raise TuningRefusedError(
            f"no reference of the validation part of {checkpoint.card.run} has a voxel; there is nothing to tune on"
        )
    if float(np.mean(gains)) <= LEAST_GAIN / len(before):
        raise TuningRefusedError(
            f"nothing in the grid gains {LEAST_GAIN:g} of Dice on the {cases} validation patients of "
            f"{checkpoint.card.run}: its thresholds and clean-up are tuned as they are"
        )


def _provenance(
    checkpoint: Checkpoint, chosen: dict[str, Candidate], before: Means, after: Means, cases: int
) -> dict[str, Any]:
    spec = checkpoint.spec
    own = Chain.of(spec.post)
    return {
        "method": "grid",
        "from_checkpoint": checkpoint.id,
        "part": "validation",
        "cases": cases,
        "grid": {"thresholds": list(THRESHOLDS), "least_ml": list(LEAST_ML), "least_voxels": list(LEAST_VOXELS)},
        "ties": LEAST_GAIN,
        "regions": {
            region: {
                "threshold": {"before": threshold, "after": chosen[region].threshold},
                "smallest_component": {
                    "before": _sizes(Candidate(threshold, own.own_least(region))),
                    "after": _sizes(chosen[region]),
                },
                "dice": {"before": _rounded(before[region]), "after": _rounded(after[region])},
            }
            for region, threshold in zip(spec.regions, spec.thresholds, strict=True)
        },
    }


def _sizes(candidate: Candidate) -> dict[str, Any] | None:
    return candidate.least.model_dump(exclude_none=True) if candidate.least else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
