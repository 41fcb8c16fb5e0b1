"""Which mask of which model is scored on which patient: of folds the one that never saw it, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.evaluation.contenders import group_content, seen_part
from core.evaluation.kept_masks import KeptMasks
from core.evaluation.saved_files import SavedModel, has_mask, has_reference
from core.workspace import Cohort, Workspace
from pages.parts.compare.contenders import Compared, what_it_saw


@dataclass(frozen=True, slots=True)
class Piece:
    """One mask that counts.

    Attributes:
        row: what the tables call its model.
        case_id: of which case.
        name: of the model that made it.
        model: whose mask.
    """

    row: str
    case_id: str
    name: str
    model: SavedModel


@dataclass(slots=True)
class Pieces:
    """All of them over a cohort.

    Attributes:
        made: masks that are there.
        missing: case and checkpoint's name of every mask that has not been made yet.
        dropped: as in the `evaluate` document.
        wanted: how many masks there would be.
    """

    made: list[Piece] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)
    dropped: list[dict[str, str]] = field(default_factory=list)
    wanted: int = 0


def pieces_of(workspace: Workspace, cohort: Cohort, contenders: Sequence[Compared]) -> Pieces:
    """Find out for every case with a reference and every model; no voxel is read."""
    found = Pieces()
    content = {group: group_content(cohort, cases) for group, cases in cohort.groups.items()}
    seen = {name: what_it_saw(model) for each in contenders for name, model in each.members.items()}
    for case_id, entry in cohort.cases.items():
        if not has_reference(cohort, case_id):
            continue
        for each in contenders:
            parts = {name: seen_part(seen[name], content[entry.case.group_id]) for name in each.members}
            unseen = next((name for name, part in parts.items() if part is None), None)
            if unseen is None:
                part = next(iter(parts.values())) or ""
                found.dropped.append({"model": each.name, "case": case_id, "matches_part": part})
                continue
            model = each.members[unseen]
            if has_mask(workspace, cohort, case_id, model):
                found.made.append(Piece(each.name, case_id, unseen, model))
                found.wanted += 1
            elif not isinstance(model, KeptMasks):  # nobody here can make those
                found.missing.append((case_id, unseen))
                found.wanted += 1
    return found
