"""Score models on a cohort, never on a patient that any of them has seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.data.leakage import Audit
from core.data.splits import Split
from core.evaluation.agreement import Agreement, agreement
from core.evaluation.case_mask import average, pick_regions
from core.evaluation.case_scoring import Asked, CaseResult, Piece, cohort_of_one, score_piece
from core.evaluation.comparison import Margin
from core.evaluation.contenders import (
    ComparedModel,
    Contender,
    EvaluationRefusedError,
    MasksElsewhere,
    MaskSet,
    PartName,
    group_content,
    seen_content,
    seen_in,
    seen_part,
    shared_regions,
)
from core.evaluation.convention_table import convention_definitions, convention_means
from core.evaluation.failures import RANKED, rank_failures
from core.evaluation.leaking import leaking_document, require_conventions, split_leaking, why_leaking
from core.evaluation.paired import Test
from core.evaluation.scoring import DEFAULT_SCORING, Scoring, scoring_words
from core.evaluation.subgroups import case_facts
from core.evaluation.summary import summarise
from core.evaluation.trust import trust_of_models
from core.evaluation.workers import in_order, workers_for
from core.inference.segment import Segmenter
from core.workspace import Cohort

__all__ = [
    "Contender",
    "EvaluationRefusedError",
    "MasksElsewhere",
    "OnCase",
    "PartName",
    "Wishes",
    "average",
    "evaluate",
    "group_content",
    "pick_regions",
    "seen_content",
    "seen_in",
    "seen_part",
]

OnCase = Callable[[str, str, int, int], None]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a document says beyond each case's scores, and how.

    Attributes:
        scoring: which metrics, and what empty masks mean.
        ranked: by which metrics failures are ranked.
        conventions: the same masks in every way of `CONVENTIONS`.
        failures: how many failures of each kind are listed; 0 looks for none.
        calibration: hold probabilities against the reference.
        subgroups: summaries by tumour size, site, scanner and so on.
        test: which paired test compares models.
        margin: the difference that would matter, by metric or one for all without a unit.
        workers: how many processes score; None decides by the amount of work, and the answer is the same.
    """

    scoring: Scoring = DEFAULT_SCORING
    ranked: tuple[str, ...] = RANKED
    conventions: bool = False
    failures: int = 0
    calibration: bool = False
    subgroups: bool = False
    test: Test = "wilcoxon"
    margin: Margin | None = None
    workers: int | None = None


@dataclass(slots=True)
class _Found:
    """What was found so far."""

    results: list[CaseResult] = field(default_factory=list)
    dropped: list[dict[str, str]] = field(default_factory=list)

    def by_model(self, models: Sequence[ComparedModel], what: Callable[[CaseResult], Any]) -> dict[str, dict[str, Any]]:
        """Return model to case to what its result says, where it says anything."""
        found: dict[str, dict[str, Any]] = {model.name: {} for model in models}
        for result in self.results:
            if said := what(result):
                found[result.model][result.case_id] = said
        return found


def evaluate(
    segmenter: Segmenter | None,
    cohort: Cohort,
    contenders: Sequence[ComparedModel],
    split: Split | None,
    part: PartName | None,
    on_case: OnCase = lambda _model, _case, _done, _total: None,
    conventions: bool = False,
    wishes: Wishes | None = None,
) -> dict[str, Any]:
    """Segment and score every allowed case with every model.

    Args:
        segmenter: computes predictions, or finds those made before; None where all masks were made elsewhere.
        cohort: where the cases and their references are.
        contenders: models that share their regions.
        split: which split `part` speaks of; None with `part` None scores the whole cohort.
        part: which part; `out-of-fold` scores each patient with the member that never saw it.
        on_case: told model, case and progress.
        conventions: as in `wishes`.
        wishes: what to say beyond the scores; None wishes for nothing.

    Returns:
        The `evaluate` document. Two or more sets of masks made elsewhere add `agreement`, whether or not the cases have
        a reference; a file of theirs that cannot be used is named in `made_elsewhere` and its case not scored for it.

    Raises:
        EvaluationRefusedError: the models share no regions or a name, the split does not fit, or no case has a
            reference and there is nothing to agree on.
        NotSegmentableError, InputRefusedError: a case cannot be segmented or read.
    """
    wishes = wishes or Wishes(conventions=conventions)
    _require_unlike(contenders)
    named = _cases_of(cohort, contenders, split, part)
    everyone = contenders
    contenders, leaking = split_leaking(everyone)
    require_conventions(contenders, leaking, wishes.conventions)
    regions = shared_regions(contenders, cohort)
    sets = [model.masks for model in contenders if isinstance(model, MasksElsewhere)]
    wanted = [case for case in named if cohort.cases[case].case.reference]
    if not wanted and len(sets) < 2:
        raise EvaluationRefusedError(f"no case of cohort {cohort.name} has a reference mask in this part")
    workers = wishes.workers or workers_for(cohort, wanted or named, len(contenders))
    found = _Found()
    asked = Asked(wishes.scoring, wishes.conventions, wishes.failures > 0, wishes.calibration)
    pieces = _pieces(segmenter, cohort, contenders, wanted, part, on_case, found, regions, asked)
    found.results += in_order(score_piece, pieces, workers)
    agreed = agreement(cohort, sets, named, wishes.scoring, workers) if len(sets) > 1 else None
    audit = _audit(segmenter, cohort, split).to_json() if split else {}
    document = _summary(cohort, contenders, found, wanted, audit, wishes)
    document |= _beyond(contenders, found, wishes)
    if leaking:
        document["leaking"] = why_leaking(leaking)
    if leaking and wishes.conventions:
        rows = leaking_document(segmenter, cohort, leaking, wanted, part, on_case)
        document |= {key: document[key] | found_here for key, found_here in rows.items()}
    if sets:
        document["made_elsewhere"] = _made_elsewhere(sets, found, agreed)
    if agreed:
        document["agreement"] = agreed.pairs
    if segmenter and segmenter.options.several:
        document["passes"] = segmenter.options.to_json()
    ids = {model.name: model.ids for model in everyone}
    return document | {"cohort": cohort.name, "part": part or "all", "checkpoints": ids}


def _pieces(
    segmenter: Segmenter | None,
    cohort: Cohort,
    models: Sequence[ComparedModel],
    wanted: Sequence[str],
    part: PartName | None,
    on_case: OnCase,
    found: _Found,
    regions: tuple[str, ...],
    asked: Asked,
) -> Iterator[Piece]:
    """Yield each case with each model that has not seen its patient, and note those that have."""
    members, total, done = cohort.groups, len(wanted) * len(models), 0
    for case_id in wanted:
        content = group_content(cohort, members[cohort.cases[case_id].case.group_id])
        alone = cohort_of_one(cohort, case_id)
        for model in models:
            done += 1
            on_case(model.name, case_id, done, total)
            if seen := model.seen_in(content, part):
                found.dropped.append({"model": model.name, "case": case_id, "matches_part": seen})
            elif made := model.made_of(segmenter, cohort, case_id, content, part):
                yield Piece(model.name, case_id, alone, made, regions, asked)


def _audit(segmenter: Segmenter | None, cohort: Cohort, split: Split) -> Audit:
    """Audit with all that the workspace knows; without one, by groups and hashes."""
    return segmenter.workspace.audit(cohort, split) if segmenter else cohort.audit(split)


def _summary(
    cohort: Cohort,
    models: Sequence[ComparedModel],
    found: _Found,
    wanted: Sequence[str],
    audit: dict[str, Any],
    wishes: Wishes,
) -> dict[str, Any]:
    document = summarise(
        found.by_model(models, lambda result: result.scores),
        {case_id: cohort.cases[case_id].case.group_id for case_id in wanted},
        cohort.group_kind,
        dropped=found.dropped,
        audit=audit,
        policy=wishes.scoring.policy,
        test=wishes.test,
        margin=wishes.margin,
        facts=case_facts(cohort) if wishes.subgroups else None,
    )
    metrics = tuple(document["policy"]["metrics"])
    document["policy"] |= scoring_words(replace(wishes.scoring, metrics=metrics))
    return document


def _beyond(models: Sequence[ComparedModel], found: _Found, wishes: Wishes) -> dict[str, Any]:
    """Return what was wished for beyond scores and their summary."""
    document: dict[str, Any] = {}
    scores = found.by_model(models, lambda result: result.scores)
    if wishes.calibration:
        document |= trust_of_models(found.by_model(models, lambda result: result.trust), scores)
    if wishes.conventions:
        ways = found.by_model(models, lambda result: result.conventions)
        document |= {"conventions": convention_means(ways), "convention_definitions": convention_definitions()}
    if wishes.failures:
        document["failures"] = {
            model: rank_failures(cases, scores[model], wishes.ranked, wishes.failures)
            for model, cases in found.by_model(models, lambda result: result.failures).items()
        }
    return document


def _made_elsewhere(sets: Sequence[MaskSet], found: _Found, agreed: Agreement | None) -> list[dict[str, Any]]:
    refused = {(result.model, result.case_id): result.refused for result in found.results if result.refused}
    refused |= agreed.refused if agreed else {}
    entries = []
    for masks in sets:
        own = sorted((case, why) for (model, case), why in refused.items() if model == masks.name)
        reasons = [{"case": case, "reason": why} for case, why in own]
        about = masks.to_json()
        entries.append(about | {"refused": about.get("refused", []) + reasons})
    return entries


def _require_unlike(models: Sequence[ComparedModel]) -> None:
    names = [model.name for model in models]
    if len(set(names)) < len(names):
        raise EvaluationRefusedError(f"two models are called the same ({', '.join(names)}); name them with NAME=REF")
    for model in models:
        if isinstance(model, Contender):
            model.require_one_kind()


def _cases_of(cohort: Cohort, models: Sequence[ComparedModel], split: Split | None, part: PartName | None) -> list[str]:
    """Return the cases of a part.

    Raises:
        EvaluationRefusedError: the split names others than the cohort has, or other folds than the models'.
    """
    named = _named(cohort, models, split, part)
    if gone := [case for case in named if case not in cohort.cases]:
        raise EvaluationRefusedError(f"the split names cases that the cohort lacks ({gone[0]}); make the split again")
    return named


def _named(cohort: Cohort, models: Sequence[ComparedModel], split: Split | None, part: PartName | None) -> list[str]:
    if split is None or part is None:
        return list(cohort.cases)
    if part == "out-of-fold":
        return sorted({case for fold in split.folds for case in fold.test})
    folds = {member.card.fold for model in models if isinstance(model, Contender) for member in model.members}
    if len(split.folds) > 1 and not folds:
        raise EvaluationRefusedError("masks made elsewhere belong to no fold; score them with --part out-of-fold")
    if len(split.folds) > 1 and len(folds) > 1:
        raise EvaluationRefusedError("these checkpoints belong to different folds; score them with --part out-of-fold")
    number = folds.pop() if len(split.folds) > 1 else 0
    if number >= len(split.folds):
        raise EvaluationRefusedError(
            f"the checkpoint was trained on fold {number} and this split has {len(split.folds)} folds; "
            "name the split it was trained on with --split"
        )
    return list(split.folds[number].part(part))
