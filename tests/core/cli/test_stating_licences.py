"""What `import` is told beside the files: under which terms the data are, and which site the cases come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.atomic import read_json
from core.data.addresses import DATA_SETS, DataSet
from core.workspace import Workspace
from tests.cases import case_id, write_cohort
from tests.core.cli.conftest import Ask

LICENCE = "CC BY 4.0, BraTS-Africa"


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    return write_cohort(tmp_path / "scans", 1)


def test_a_licence_that_was_stated_is_kept_with_the_cohort(ask: Ask, workspace: Workspace, scans: Path) -> None:
    answer = ask("import", scans, "--cohort", "mine", "--licence", f" {LICENCE} ")
    assert f"licence {LICENCE}\n" in answer.out
    assert workspace.cohort("mine").licence == LICENCE


def test_nothing_is_written_where_none_was_stated(ask: Ask, workspace: Workspace, scans: Path) -> None:
    answer = ask("import", scans, "--cohort", "mine")
    assert "licence not stated (--licence)\n" in answer.out
    assert "licence" not in read_json(workspace.cohort_folder("mine") / "cohort.json")
    assert workspace.cohort("mine").licence == ""


def test_a_fetched_data_set_brings_its_own_unless_another_is_stated(
    ask: Ask, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DATA_SETS, "small", DataSet("Small", "https://example.org/small", None, None, None, "CC0"))
    fetched = write_cohort(workspace.downloads / "small" / "files", 1)
    ask("import", fetched, "--cohort", "own")
    ask("import", fetched, "--cohort", "other", "--licence", "CC BY 4.0")
    assert workspace.cohort("own").licence == "Small, CC0"
    assert workspace.cohort("other").licence == "CC BY 4.0"


def test_a_licence_of_several_lines_imports_nothing(ask: Ask, workspace: Workspace, scans: Path) -> None:
    answer = ask("import", scans, "--licence", "CC BY\n4.0")
    assert answer.code == 1
    assert "expected one, such as CC BY 4.0, BraTS-Africa" in answer.err
    assert workspace.cohort_names() == []


def test_facts_are_told_with_the_import(ask: Ask, workspace: Workspace, scans: Path, tmp_path: Path) -> None:
    table = tmp_path / "facts.csv"
    table.write_text(f"case,site\n{case_id(1)},A\n")
    assert ask("import", scans, "--cohort", "mine", "--facts", table).code == 0
    assert workspace.cohort("mine").cases[case_id(1)].facts["told"] == {"site": "A"}


@pytest.mark.parametrize(
    ("text", "sentence", "names"),
    [
        ("name,site\n", "the first column is not the key", []),
        ("case,site\nnobody,A\n", "cohort mine is imported, but nothing is told of it: line 2 speaks", ["mine"]),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_before_the_import_where_its_head_says_so(
    ask: Ask, workspace: Workspace, scans: Path, tmp_path: Path, text: str, sentence: str, names: list[str]
) -> None:
    table = tmp_path / "facts.csv"
    table.write_text(text)
    answer = ask("import", scans, "--cohort", "mine", "--facts", table)
    assert answer.code == 1
    assert sentence in answer.err
    assert workspace.cohort_names() == names
