"""Models whose training leaked: no table scores them but that of the conventions, and there under that word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from core.checkpoints import Checkpoint
from core.data.load import load_regions
from core.data.slicing import PLANES
from core.evaluation.case_mask import Bits, Predicted, average
from core.evaluation.contenders import (
    ComparedModel,
    Contender,
    EvaluationRefusedError,
    PartName,
    group_content,
    seen_in,
)
from core.evaluation.convention_table import CaseConventions, convention_definitions, convention_means
from core.evaluation.conventions import LEAKING_CONVENTIONS
from core.evaluation.mask_pair import MaskPair
from core.inference.segment import Segmenter
from core.workspace import Cohort

LEAKS = "leaks"
ADVICE = "a model that leaks is scored in the table of conventions alone: add --conventions"


def split_leaking(models: Sequence[ComparedModel]) -> tuple[list[ComparedModel], list[Contender]]:
    """Return the models that may be scored, and those whose training leaked."""
    leaking = [model for model in models if isinstance(model, Contender) and model_leaks(model)]
    return [model for model in models if model not in leaking], leaking


def model_leaks(model: Contender) -> bool:
    """Tell whether the card of any of a model's checkpoints says that it leaks."""
    return any(member.card.leaks for member in model.members)


def require_conventions(clean: Sequence[ComparedModel], leaking: Sequence[Contender], asked: bool) -> None:
    """Refuse to score nothing but leaking models where they could be scored nowhere.

    Raises:
        EvaluationRefusedError: with what to do.
    """
    if leaking and not clean and not asked:
        raise EvaluationRefusedError(f"{', '.join(why_leaking(leaking).values())}; {ADVICE}")


def why_leaking(leaking: Sequence[Contender]) -> dict[str, str]:
    """Return model to a sentence about what of its training leaked."""
    said = {}
    for model in leaking:
        card = next(member.card for member in model.members if member.card.leaks)
        what = "its part was drawn by slices, so that test slices stand next to training slices of the same patients"
        if card.slice_split is None:
            found = (card.audit or {}).get("leaks", [])
            what = found[0] if found else "its card says so"
        said[model.name] = f"{model.name} leaks: {what}"
    return said


def leaking_document(
    segmenter: Segmenter | None,
    cohort: Cohort,
    leaking: Sequence[Contender],
    cases: Sequence[str],
    part: PartName | None,
    on_case: Callable[[str, str, int, int], None] = lambda _model, _case, _done, _total: None,
) -> dict[str, Any]:
    """Score models that leak in their own rows of the convention table; nothing is dropped, for that is the point.

    Args:
        segmenter: computes predictions, or finds those made before.
        cohort: where the cases are.
        leaking: which models.
        cases: which cases, each with a reference.
        part: which part these are.
        on_case: told model, case and progress.

    Returns:
        `conventions` and `convention_definitions` of the rows that there are.

    Raises:
        NotSegmentableError, InputRefusedError: a case cannot be segmented or read.
    """
    assert segmenter is not None, "a checkpoint is scored with a segmenter"
    rows: dict[str, dict[str, dict[str, CaseConventions]]] = {}
    done = 0
    for model in leaking:
        for case_id in cases:
            done += 1
            on_case(model.name, case_id, done, len(leaking) * len(cases))
            for name, found in _of_case(segmenter, cohort, model, case_id, part).items():
                rows.setdefault(name, {}).setdefault(model.name, {})[case_id] = {name: found}
    conventions: dict[str, Any] = {}
    for name, spec in LEAKING_CONVENTIONS.items():
        if name in rows:
            conventions |= convention_means(rows[name], {name: spec})
    named = {name: LEAKING_CONVENTIONS[name] for name in conventions}
    return {"conventions": conventions, "convention_definitions": convention_definitions(named)}


def _of_case(
    segmenter: Segmenter, cohort: Cohort, model: Contender, case_id: str, part: PartName | None
) -> dict[str, dict[str, list[float]]]:
    """Return convention to region to numerator and denominator; nothing where no slice of the case was held out."""
    by_slices = any(member.card.slice_split for member in model.members)
    held_out = None
    if by_slices:
        chosen = next(((m, slices) for m in model.members if (slices := held_out_slices(m, cohort, case_id))), None)
        if chosen is None:
            return {}
        members: tuple[Checkpoint, ...] = (chosen[0],)
        held_out = chosen[1]
    else:
        members = _members(cohort, model, case_id, part)
    entry, scheme = cohort.cases[case_id], cohort.scheme
    assert entry.case.reference is not None
    reference, _ = load_regions(entry.case.reference, scheme, entry.grid)
    spec = members[0].spec
    joint = average([segmenter.segment_stored(cohort, case_id, member) for member in members])
    made = Predicted((joint,), spec, entry.geometry).load().of(scheme.region_names)
    if held_out is not None:
        made, reference = (_those(bits, held_out, PLANES[spec.plane]) for bits in (made, reference))
    regions = tuple(region for region in scheme.region_names if region in model.regions)
    pair = MaskPair(made, reference, scheme, regions, head_slices=0, plane=spec.plane, input_size=spec.input_size)
    shares = {
        name: {region: convention.score(pair, region) for region in regions}
        for name, convention in LEAKING_CONVENTIONS.items()
        if (name == LEAKS) != by_slices
    }
    return {
        name: {region: [share.numerator, share.denominator] for region, share in by_region.items()}
        for name, by_region in shares.items()
    }


def held_out_slices(checkpoint: Checkpoint, cohort: Cohort, case_id: str) -> list[int]:
    """Return the native numbers of a case's slices that a run split by slices held out; the case may be renamed."""
    card, content = checkpoint.card, set(cohort.cases[case_id].content.values())
    if card.slice_split is None:
        return []
    held_out: dict[str, list[int]] = card.slice_split["held_out"]
    named = (name for name, hashes in card.training_content.items() if not content.isdisjoint(hashes))
    return next((held_out[name] for name in named if name in held_out), [])


def _members(cohort: Cohort, model: Contender, case_id: str, part: PartName | None) -> tuple[Checkpoint, ...]:
    """Return the members that segment a case: of folds those that never had it as theirs, where there are any."""
    content = group_content(cohort, cohort.groups[cohort.cases[case_id].case.group_id])
    fresh = tuple(member for member in model.members if seen_in(member, content) is None)
    return fresh if part == "out-of-fold" and fresh else model.members


def _those(bits: Bits, slices: Sequence[int], axis: int) -> Bits:
    return np.ascontiguousarray(np.take(bits, slices, axis=axis))
