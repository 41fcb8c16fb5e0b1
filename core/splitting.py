"""Make a cohort's split, audited, and write it into the workspace."""

from __future__ import annotations

from core.atomic import write_json
from core.data.leakage import Audit
from core.data.splits import Split, SplitRefusedError, split_by_fold, split_by_ratio
from core.training.runs.run_folder import RunFolder
from core.workspace import Workspace


def make_split(
    workspace: Workspace, cohort_name: str, name: str, folds: int | None, ratios: str, seed: int
) -> tuple[Split, Audit]:
    """Split a cohort by group and replace its split `name`, unless a run used that.

    Args:
        workspace: where the cohort is.
        cohort_name: which cohort.
        name: what to call the split.
        folds: how many folds; None makes a plain split of `ratios`.
        ratios: shares such as `70/15/15`.
        seed: decides the shuffle.

    Raises:
        SplitRefusedError: too few groups, unreadable ratios, or the split is in use.
        NotInWorkspaceError: no such cohort.
    """
    cohort = workspace.cohort(cohort_name)
    if folds is None:
        split = split_by_ratio(cohort.groups, parse_ratios(ratios), seed, cohort.group_kind)
    else:
        split = split_by_fold(cohort.groups, folds, seed, cohort.group_kind)
    path = workspace.split_path(cohort.name, name)
    if users := _runs_on(workspace, cohort.name, name):
        if workspace.split(cohort.name, name) != split:
            raise SplitRefusedError(f"split {name} was used by run {users[0]}; choose another name with --name")
    else:
        write_json(path, split.to_json())
    return split, cohort.audit(split)


def parse_ratios(text: str) -> tuple[float, float, float]:
    """Read `70/15/15`.

    Raises:
        SplitRefusedError: these are not three numbers.
    """
    try:
        training, validation, test = (float(part) for part in text.split("/"))
    except ValueError:
        raise SplitRefusedError(f"ratios {text!r}; expected three numbers such as 70/15/15") from None
    return training, validation, test


def _runs_on(workspace: Workspace, cohort: str, split: str) -> list[str]:
    return [
        name
        for name in workspace.run_names()
        if (used := RunFolder(workspace.runs / name).split)["cohort"] == cohort and used["split"] == split
    ]
