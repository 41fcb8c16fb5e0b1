"""Make a cohort's split, audited, and write it into the workspace."""

from __future__ import annotations

from collections.abc import Sequence

from core.atomic import write_json
from core.data.leakage import Audit
from core.data.splits import (
    PLAIN,
    Split,
    SplitRefusedError,
    Strata,
    split_by_fold,
    split_by_ratio,
    split_leaving_out,
)
from core.data.strata import labels_of, require_known
from core.data.subgroup_axes import TOLD, axes_of
from core.training.runs.run_folder import RunFolder
from core.workspace import Cohort, Workspace


def make_split(
    workspace: Workspace,
    cohort_name: str,
    name: str,
    folds: int | None,
    ratios: str,
    seed: int,
    *,
    stratify: Sequence[str] = (),
    leave_one_out: str | None = None,
) -> tuple[Split, Audit]:
    """Split a cohort by group and replace its split `name`, unless a run used that.

    Args:
        workspace: where the cohort is.
        cohort_name: which cohort.
        name: what to call the split.
        folds: how many folds; None makes a plain split of `ratios`.
        ratios: shares such as `70/15/15`.
        seed: decides the shuffle.
        stratify: what every part gets its share of, out of `strata_names`.
        leave_one_out: `site`, `scanner`, `vendor` or `field_strength`: one fold tests each of them; `folds` and
            `ratios` then say nothing.

    Raises:
        SplitRefusedError: too few groups, unreadable ratios, or the split is in use.
        MissingFactError: what the cases shall be grouped by is not known of all of them.
        NotInWorkspaceError: no such cohort.
    """
    cohort = workspace.cohort(cohort_name)
    split = _split(cohort, folds, ratios, seed, _strata(cohort, stratify), leave_one_out)
    path = workspace.split_path(cohort.name, name)
    if users := _runs_on(workspace, cohort.name, name):
        if workspace.split(cohort.name, name) != split:
            raise SplitRefusedError(f"split {name} was used by run {users[0]}; choose another name with --name")
    else:
        write_json(path, split.to_json())
    return split, workspace.audit(cohort, split)


def _split(
    cohort: Cohort, folds: int | None, ratios: str, seed: int, strata: Strata, leave_one_out: str | None
) -> Split:
    if leave_one_out is not None:
        values = _values_of(cohort, leave_one_out)
        word = leave_one_out.replace("_", " ")
        return split_leaving_out(cohort.groups, values, word, seed, cohort.group_kind, strata)
    if folds is None:
        return split_by_ratio(cohort.groups, parse_ratios(ratios), seed, cohort.group_kind, strata)
    return split_by_fold(cohort.groups, folds, seed, cohort.group_kind, strata)


def _strata(cohort: Cohort, names: Sequence[str]) -> Strata:
    if not names:
        return PLAIN
    facts = {case: entry.facts for case, entry in cohort.cases.items()}
    return Strata(tuple(names), labels_of(facts, names, cohort.scheme.region_names))


def _values_of(cohort: Cohort, axis: str) -> dict[str, str]:
    if axis not in TOLD:
        raise SplitRefusedError(f"cannot leave out one {axis}; expected one of {', '.join(TOLD)}")
    facts = {case: entry.facts for case, entry in cohort.cases.items()}
    axes = axes_of(facts, cohort.scheme.region_names[0])
    return require_known({case: each[axis] for case, each in axes.items()}, axis)


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
