"""Which cases are scored: those of a part of a split, or the whole cohort."""

from __future__ import annotations

from collections.abc import Sequence

from core.data.splits import Split
from core.evaluation.contenders import ComparedModel, Contender, EvaluationRefusedError, PartName
from core.workspace import Cohort


def cases_of_part(
    cohort: Cohort, models: Sequence[ComparedModel], split: Split | None, part: PartName | None
) -> list[str]:
    """Return the cases of a part; of a split with several folds, of the fold that the models were trained on.

    Args:
        cohort: where the cases are.
        models: whose cards name the fold.
        split: which split; None takes the whole cohort.
        part: which part of it; `out-of-fold` is the test parts of all folds together.

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
    number = _fold_of(models) if len(split.folds) > 1 else 0
    if number >= len(split.folds):
        raise EvaluationRefusedError(
            f"the checkpoint was trained on fold {number} and this split has {len(split.folds)} folds; "
            "name the split it was trained on with --split"
        )
    return list(split.folds[number].part(part))


def _fold_of(models: Sequence[ComparedModel]) -> int:
    folds = {member.card.fold for model in models if isinstance(model, Contender) for member in model.members}
    if not folds:
        raise EvaluationRefusedError("masks made elsewhere belong to no fold; score them with --part out-of-fold")
    if len(folds) > 1:
        raise EvaluationRefusedError("these checkpoints belong to different folds; score them with --part out-of-fold")
    return folds.pop()
