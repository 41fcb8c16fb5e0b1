"""Making a cohort's split: written, audited, and never changed under a run's feet."""

from __future__ import annotations

import pytest

from core.data.splits import SplitRefusedError
from core.recipe import Recipe
from core.splitting import make_split, parse_ratios
from core.training.start import create_run, plan_run
from core.workspace import Cohort, NotInWorkspaceError, Workspace


def test_a_split_is_written_and_audited(workspace: Workspace, small: Cohort) -> None:
    split, audit = make_split(workspace, "small", "five", 3, "", 7)
    assert workspace.split("small", "five") == split
    assert (split.seed, len(split.folds), split.group_kind) == (7, 3, "patient")
    assert audit.clean
    assert audit.to_json() == workspace.audit(small, split).to_json()


def test_splitting_again_replaces_the_split_until_a_run_has_used_it(workspace: Workspace, small: Cohort) -> None:
    make_split(workspace, "small", "default", None, "70/15/15", 1)
    recipe = Recipe(name="r")
    create_run(workspace, recipe, plan_run(workspace, recipe, "small", "default", None))
    before = workspace.split("small", "default")
    with pytest.raises(SplitRefusedError, match="was used by run r-0001; choose another name with --name"):
        make_split(workspace, "small", "default", None, "70/15/15", 2)
    assert workspace.split("small", "default") == before
    assert make_split(workspace, "small", "default", None, "70/15/15", 1)[0] == before, "the very same split may stay"
    make_split(workspace, "small", "other", None, "70/15/15", 2)


@pytest.mark.parametrize("text", ["70/30", "a/b/c", "", "70/15/15/0", "70 15 15"])
def test_ratios_that_are_not_three_numbers_are_refused(text: str) -> None:
    with pytest.raises(SplitRefusedError, match="expected three numbers such as 70/15/15"):
        parse_ratios(text)


def test_unknown_cohorts_and_names_that_are_none_are_refused(workspace: Workspace, small: Cohort) -> None:
    with pytest.raises(NotInWorkspaceError, match="no cohort is called 'big'"):
        make_split(workspace, "big", "default", None, "70/15/15", 0)
    with pytest.raises(NotInWorkspaceError, match="is not a name"):
        make_split(workspace, "small", "../x", None, "70/15/15", 0)
