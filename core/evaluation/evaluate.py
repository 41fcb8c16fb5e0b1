"""Score models on a cohort, never on a patient that any of them has seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.data.leakage import Audit
from core.data.splits import Split
from core.evaluation.agreement import Agreement, agreement
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
    shared_regions,
)
from core.evaluation.convention_table import convention_definitions, convention_means
from core.evaluation.failures import RANKED, rank_failures
from core.evaluation.leaking import leaking_document, require_conventions, split_leaking, why_leaking
from core.evaluation.paired import Test
from core.evaluation.part_cases import cases_of_part
from core.evaluation.scoring import DEFAULT_SCORING, Scoring, scoring_words
from core.evaluation.subgroups import case_facts
from core.evaluation.summary import summarise
from core.evaluation.trust import trust_of_models
from core.evaluation.workers import in_order, workers_for
from core.inference.segment import Segmenter
from core.workspace import Cohort

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
        wishes: what to say beyond the scores; None wishes for nothing.

    Returns:
        The `evaluate` document. Two or more sets of masks made elsewhere add `agreement`, whether or not the cases have
        a reference; a file of theirs that cannot be used is named in `made_elsewhere` and its case not scored for it.

    Raises:
        EvaluationRefusedError: the models share no regions or a name, the split does not fit, or no case has a
            reference and there is nothing to agree on.
        NotSegmentableError, InputRefusedError: a case cannot be segmented or read.
    """
    wishes = wishes or Wishes()
    _require_unlike(contenders)
    named = cases_of_part(cohort, contenders, split, part)
    models, leaking = split_leaking(contenders)
    require_conventions(models, leaking, wishes.conventions)
    sets = [model.masks for model in models if isinstance(model, MasksElsewhere)]
    wanted = [case for case in named if cohort.cases[case].case.reference]
    if not wanted and len(sets) < 2:
        raise EvaluationRefusedError(f"no case of cohort {cohort.name} has a reference mask in this part")
    workers = wishes.workers or workers_for(cohort, wanted or named, len(models))
    found = _Found()
    pieces = _pieces(segmenter, cohort, models, wanted, part, on_case, found, wishes)
    found.results += in_order(score_piece, pieces, workers)
    agreed = agreement(cohort, sets, named, wishes.scoring, workers) if len(sets) > 1 else None
    audit = _audit(segmenter, cohort, split).to_json() if split else {}
    document = _summary(cohort, models, found, wanted, audit, wishes) | _beyond(models, found, wishes)
    if leaking:
        document["leaking"] = why_leaking(leaking)
    if leaking and wishes.conventions:
        rows = leaking_document(segmenter, cohort, leaking, wanted, part, on_case)
        document |= {key: document[key] | found_here for key, found_here in rows.items()}
    if sets:
        document["made_elsewhere"] = _made_elsewhere(sets, found, agreed)
    if agreed:
        document["agreement"] = agreed.pairs
    if segmenter and (passes := segmenter.options.to_json()):
        document["passes"] = passes
    ids = {model.name: model.ids for model in contenders}
    return document | {"cohort": cohort.name, "part": part or "all", "checkpoints": ids}


def _pieces(
    segmenter: Segmenter | None,
    cohort: Cohort,
    models: Sequence[ComparedModel],
    wanted: Sequence[str],
    part: PartName | None,
    on_case: OnCase,
    found: _Found,
    wishes: Wishes,
) -> Iterator[Piece]:
    """Yield each case with each model that has not seen its patient, and note those that have."""
    regions = shared_regions(models, cohort)
    asked = Asked(wishes.scoring, wishes.conventions, wishes.failures > 0, wishes.calibration)
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
