"""What is on disk, found by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.atomic import read_json, write_json
from core.data.splits import Fold, Split
from core.workspace import COHORT_VERSION, Cohort, NotInWorkspaceError, Workspace
from tests.cases import case_id


def test_the_workspace_is_where_the_environment_says(workspace_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Workspace.default().root == workspace_dir
    monkeypatch.delenv("SEGSCOPE_WORKSPACE")
    monkeypatch.chdir(workspace_dir)
    assert Workspace.default().root == workspace_dir / "workspace"


def test_a_cohort_comes_back_as_it_was_written(workspace: Workspace, small: Cohort) -> None:
    workspace.write_cohort(small)
    again = workspace.cohort("small")
    assert again.to_json() == small.to_json()
    assert again.cases[case_id(1)].case == small.cases[case_id(1)].case
    assert again.groups == {f"BraTS-TST-0000{n}": [case_id(n)] for n in range(1, 7)}
    assert (again.group_kind, again.modalities) == ("patient", ("t1n", "t1c", "t2w", "t2f"))
    assert read_json(workspace.cohort_folder("small") / "cohort.json")["schema_version"] == COHORT_VERSION


def test_the_only_cohort_needs_no_name_and_of_two_one_must_be_named(workspace: Workspace, small: Cohort) -> None:
    assert workspace.cohort(None).name == "small"
    twin = small.to_json() | {"name": "twin"}
    from core.atomic import write_json

    write_json(workspace.cohort_folder("twin") / "cohort.json", twin)
    with pytest.raises(NotInWorkspaceError, match="2 cohorts are here; name one with --cohort; known: small, twin"):
        workspace.cohort(None)


def test_an_unknown_name_answers_with_the_known_ones(workspace: Workspace, small: Cohort) -> None:
    with pytest.raises(NotInWorkspaceError, match="no cohort is called 'big'; known: small"):
        workspace.cohort("big")
    with pytest.raises(NotInWorkspaceError, match="cohort small has no split called 'other'; known: default"):
        workspace.split("small", "other")
    with pytest.raises(NotInWorkspaceError, match="no run is called 'r'; known: none"):
        workspace.run_folder("r")


def test_an_empty_workspace_says_what_to_do(workspace: Workspace) -> None:
    with pytest.raises(NotInWorkspaceError, match=r"known: none \(import one first\)"):
        workspace.cohort(None)


@pytest.mark.parametrize("name", ["../../etc", "/etc", ".", "a/b"])
def test_no_name_leads_out_of_the_workspace(workspace: Workspace, small: Cohort, name: str) -> None:
    with pytest.raises(NotInWorkspaceError):
        workspace.cohort(name)
    with pytest.raises(NotInWorkspaceError):
        workspace.split("small", name)
    with pytest.raises(NotInWorkspaceError):
        workspace.store_folder("small", name)
    with pytest.raises(NotInWorkspaceError):
        workspace.run_folder(name)
    with pytest.raises(NotInWorkspaceError):
        workspace.prediction_folder("0" * 64, name)


def test_a_split_comes_back_as_it_was_written(workspace: Workspace, small: Cohort) -> None:
    from core.atomic import write_json

    split = Split("patient", 3, (Fold(("a", "b"), ("c",), ()), Fold(("c",), ("a",), ("b",))))
    write_json(workspace.split_path("small", "mine"), split.to_json())
    assert workspace.split("small", "mine") == split
    assert workspace.split_names("small") == ["default", "mine"]
    assert split.to_json() == {
        "schema_version": 1,
        "group_kind": "patient",
        "seed": 3,
        "folds": [
            {"train": ["a", "b"], "validation": ["c"], "test": []},
            {"train": ["c"], "validation": ["a"], "test": ["b"]},
        ],
    }


def test_a_cohort_of_another_version_asks_to_be_imported_again(workspace: Workspace, small: Cohort) -> None:
    workspace.write_cohort(small)
    path = workspace.cohort_folder("small") / "cohort.json"
    write_json(path, read_json(path) | {"schema_version": COHORT_VERSION - 1})
    with pytest.raises(NotInWorkspaceError, match="is of version 1; this program reads 2: import it again"):
        workspace.cohort("small")
