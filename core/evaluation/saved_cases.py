"""Which saved masks of a cohort may be scored: those of patients that their model has never seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.checkpoints import Checkpoint
from core.evaluation.contenders import group_content, seen_content, seen_part
from core.evaluation.kept_masks import KeptMasks
from core.evaluation.saved_files import SavedModel, has_reference
from core.inference.segment import prediction_folder
from core.workspace import Cohort, Workspace


def masks_to_score(
    workspace: Workspace, cohort: Cohort, models: Mapping[str, SavedModel]
) -> Iterator[tuple[str, SavedModel, str]]:
    """Yield name, model and case of every saved mask that may be scored.

    The case has a reference, and the model has not seen its patient. A checkpoint that leaks has none.

    Args:
        workspace: where masks are.
        cohort: on which cases.
        models: name to checkpoint or masks made elsewhere.
    """
    seen = SeenPatients(cohort, models)
    for name, model in models.items():
        for case_id in cases_with_mask(workspace, cohort, model):
            if seen.part(name, case_id) is None and has_reference(cohort, case_id):
                yield name, model, case_id


def cases_with_mask(workspace: Workspace, cohort: Cohort, model: SavedModel) -> list[str]:
    """Return the cases of which a model has a mask: one listing of its folders instead of a look per case."""
    if isinstance(model, KeptMasks):
        return [case_id for case_id in cohort.cases if model.mask_of(cohort, case_id)]
    if model.card.leaks:  # scored in its own rows of `evaluate --conventions`, and nowhere else
        return []
    there = {path.name for path in workspace.root.glob(f"predictions/{model.id}/*")}
    return [
        case_id
        for case_id, entry in cohort.cases.items()
        if prediction_folder(workspace, model, entry.content).name in there
    ]


class SeenPatients:
    """Which patients of a cohort several models were trained or tuned on, each hash looked at once."""

    def __init__(self, cohort: Cohort, models: Mapping[str, SavedModel]) -> None:
        self._cohort = cohort
        self._content = {group: group_content(cohort, members) for group, members in cohort.groups.items()}
        # what masks made elsewhere had seen, nobody here knows
        self._seen = {name: seen_content(m) if isinstance(m, Checkpoint) else {} for name, m in models.items()}

    def part(self, name: str, case_id: str) -> str | None:
        """Return the part of a model's training that a case's patient was in, or None."""
        return seen_part(self._seen[name], self._content[self._cohort.cases[case_id].case.group_id])
