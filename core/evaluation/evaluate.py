"""Score checkpoints on a cohort, never on a patient that any of them has seen."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from core.checkpoints import Checkpoint
from core.data.load import load_regions
from core.data.splits import Part, Split
from core.errors import RefusedError
from core.evaluation.convention_table import (
    CaseConventions,
    convention_definitions,
    convention_means,
    conventions_against_reference,
)
from core.evaluation.scoring import CaseScores, score_case
from core.evaluation.summary import summarise
from core.inference.prediction import Prediction
from core.inference.segment import Segmenter
from core.workspace import Cohort

PartName = Part | Literal["out-of-fold"]
OnCase = Callable[[str, str, int, int], None]


class EvaluationRefusedError(RefusedError):
    """These models cannot be scored on this cohort; the message says why."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One model: a checkpoint, or the members of several folds."""

    name: str
    members: tuple[Checkpoint, ...]

    @property
    def regions(self) -> tuple[str, ...]:
        return self.members[0].spec.regions


@dataclass(frozen=True, slots=True)
class _Assignment:
    """Which members segment a case, or the part of training in which the model saw it."""

    members: tuple[Checkpoint, ...]
    seen_in: str | None


def evaluate(
    segmenter: Segmenter,
    cohort: Cohort,
    contenders: Sequence[Contender],
    split: Split | None,
    part: PartName | None,
    on_case: OnCase = lambda _model, _case, _done, _total: None,
    conventions: bool = False,
) -> dict[str, Any]:
    """Segment and score every allowed case with every model.

    Args:
        segmenter: computes predictions, or finds those made before.
        cohort: where the cases and their references are.
        contenders: models that share their regions.
        split: which split `part` speaks of; None with `part` None scores the whole cohort.
        part: which part; `out-of-fold` scores each patient with the member that never saw it.
        on_case: told model, case and progress.
        conventions: score the same masks in every way of `CONVENTIONS` too.

    Returns:
        The `evaluate` document; with `conventions` also what each of them gives, and what it is.

    Raises:
        EvaluationRefusedError: the models share no regions, the split does not fit, or no case has a reference.
        NotSegmentableError, InputRefusedError: a case cannot be segmented or read.
    """
    for contender in contenders:
        _require_one_kind(contender)
    shared = _shared_regions(contenders, cohort)
    named = _cases_of(cohort, contenders, split, part)
    if gone := [case for case in named if case not in cohort.cases]:
        raise EvaluationRefusedError(f"the split names cases that the cohort lacks ({gone[0]}); make the split again")
    wanted = [case for case in named if cohort.cases[case].case.reference]
    if not wanted:
        raise EvaluationRefusedError(f"no case of cohort {cohort.name} has a reference mask in this part")
    dropped = []
    scores: dict[str, dict[str, CaseScores]] = {contender.name: {} for contender in contenders}
    ways: dict[str, dict[str, CaseConventions]] = {contender.name: {} for contender in contenders}
    members = cohort.groups
    total, done = len(wanted) * len(contenders), 0
    for case_id in wanted:
        content = group_content(cohort, members[cohort.cases[case_id].case.group_id])
        for contender in contenders:
            done += 1
            on_case(contender.name, case_id, done, total)
            assigned = _assign(contender, content, part)
            if assigned.seen_in:
                dropped.append({"model": contender.name, "case": case_id, "matches_part": assigned.seen_in})
                continue
            predictions = [segmenter.segment_stored(cohort, case_id, member) for member in assigned.members]
            joint = average(predictions)
            scores[contender.name][case_id] = score_against_reference(cohort, case_id, joint, shared)
            if conventions:
                spec = assigned.members[0].spec
                found = conventions_against_reference(cohort, case_id, joint, shared, spec)
                ways[contender.name][case_id] = found
    groups = {case_id: cohort.cases[case_id].case.group_id for case_id in wanted}
    audit = cohort.audit(split).to_json() if split else {}
    document = summarise(scores, groups, cohort.group_kind, dropped=dropped, audit=audit)
    if conventions:
        document |= {"conventions": convention_means(ways), "convention_definitions": convention_definitions()}
    return document | {"cohort": cohort.name, "part": part or "all", "checkpoints": _ids(contenders)}


def group_content(cohort: Cohort, members: Sequence[str]) -> frozenset[str]:
    """Return the content hashes of every case of a group: a patient seen once is seen on every visit."""
    return frozenset(found for member in members for found in cohort.cases[member].content.values())


def seen_in(checkpoint: Checkpoint, content: Collection[str]) -> str | None:
    """Return the part in which the checkpoint saw any of these voxels, `train` or `validation`, or None."""
    return seen_part(seen_content(checkpoint), content)


def seen_content(checkpoint: Checkpoint) -> dict[str, frozenset[str]]:
    """Return the content hashes that a checkpoint was trained and tuned on, by part."""
    parts = {"train": checkpoint.card.training_content, "validation": checkpoint.card.validation_content}
    return {part: frozenset(found for hashes in seen.values() for found in hashes) for part, seen in parts.items()}


def seen_part(seen: Mapping[str, frozenset[str]], content: Collection[str]) -> str | None:
    """Return the first part that holds any of these content hashes, or None."""
    return next((part for part, hashes in seen.items() if not hashes.isdisjoint(content)), None)


def average(predictions: Sequence[Prediction]) -> Prediction:
    """Average the probabilities of several checkpoints; one prediction is returned as it is."""
    first = predictions[0]
    if len(predictions) == 1:
        return first
    mean = np.mean([prediction.probabilities for prediction in predictions], axis=0, dtype=np.float32)
    ids = "+".join(prediction.checkpoint_id for prediction in predictions)
    quantised = np.floor(mean + np.float32(0.5)).astype(np.uint8)
    return replace(first, probabilities=quantised, checkpoint_id=ids)


def _shared_regions(contenders: Sequence[Contender], cohort: Cohort) -> tuple[str, ...]:
    shared = [
        region for region in cohort.scheme.region_names if all(region in contender.regions for contender in contenders)
    ]
    if not shared:
        listed = "; ".join(f"{c.name}: {', '.join(c.regions)}" for c in contenders)
        raise EvaluationRefusedError(
            f"the models ({listed}) and cohort {cohort.name} ({', '.join(cohort.scheme.region_names)}) share no region"
        )
    return tuple(shared)


def _require_one_kind(contender: Contender) -> None:
    kinds = {(member.spec.regions, member.spec.class_bits, member.spec.thresholds) for member in contender.members}
    if len(kinds) > 1:
        raise EvaluationRefusedError(
            f"{contender.name} joins checkpoints with different regions or thresholds; score each as a model of its own"
        )


def _cases_of(cohort: Cohort, contenders: Sequence[Contender], split: Split | None, part: PartName | None) -> list[str]:
    if split is None or part is None:
        return list(cohort.cases)
    if part == "out-of-fold":
        return sorted({case for fold in split.folds for case in fold.test})
    folds = {member.card.fold for contender in contenders for member in contender.members}
    if len(split.folds) > 1 and len(folds) > 1:
        raise EvaluationRefusedError("these checkpoints belong to different folds; score them with --part out-of-fold")
    number = folds.pop() if len(split.folds) > 1 else 0
    if number >= len(split.folds):
        raise EvaluationRefusedError(
            f"the checkpoint was trained on fold {number} and this split has {len(split.folds)} folds; "
            "name the split it was trained on with --split"
        )
    return list(split.folds[number].part(part))


def _assign(contender: Contender, content: Collection[str], part: PartName | None) -> _Assignment:
    """Choose the members that may be scored on these voxels."""
    seen = [(member, seen_in(member, content)) for member in contender.members]
    fresh = tuple(member for member, where in seen if where is None)
    if part == "out-of-fold" and fresh:
        return _Assignment(fresh, None)
    where = next((where for _, where in seen if where), None)
    return _Assignment(contender.members, where)


def score_against_reference(
    cohort: Cohort, case_id: str, prediction: Prediction, regions: tuple[str, ...]
) -> CaseScores:
    """Score a prediction on the native grid against the case's reference file.

    Args:
        cohort: where the case is; its scheme says what the reference's integers mean.
        case_id: a case that has a reference.
        prediction: what a model made of it.
        regions: which regions to score, present in both.
    """
    entry = cohort.cases[case_id]
    assert entry.case.reference is not None
    reference, grid = load_regions(entry.case.reference, cohort.scheme, entry.grid)
    mask = pick_regions(prediction.mask(), prediction.regions, regions)
    return score_case(mask, pick_regions(reference, cohort.scheme.region_names, regions), regions, grid.geometry())


def pick_regions(bits: npt.NDArray[np.uint8], regions: Sequence[str], wanted: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Reorder region bits so that bit r is the r-th of `wanted`."""
    if tuple(regions) == tuple(wanted):
        return bits
    out = np.zeros_like(bits)
    for bit, name in enumerate(wanted):
        out |= (bits >> regions.index(name) & 1) << bit
    return out


def _ids(contenders: Sequence[Contender]) -> dict[str, list[str]]:
    return {contender.name: [member.id for member in contender.members] for contender in contenders}
