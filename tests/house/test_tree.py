"""The house is the one that was agreed: its top level, and rooms that stay small."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.house.tracked import tracked_files

TOP_LEVEL = {
    ".ci", ".gitignore", ".streamlit",
    "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "app.py", "pyproject.toml",
    "requirements-dev.txt", "requirements-light.txt", "requirements-uv.txt", "requirements.txt",
    "benchmarks", "checkpoints", "core", "docs", "examples", "pages", "recipes", "tests", "tools",
}  # fmt: skip
REGISTRIES = {"MODELS", "LOSSES", "METRICS", "FORMATS", "LAYOUTS", "EXPORTS", "PAGES"}
PAGE_LIMIT = 150
FILE_LIMIT = 400


def python_files(root: Path, *folders: str) -> list[Path]:
    return [p for p in tracked_files(root) if p.suffix == ".py" and p.relative_to(root).parts[0] in folders]


def line_count(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_the_top_level_is_the_agreed_one(repo_root: Path) -> None:
    found = {path.relative_to(repo_root).parts[0] for path in tracked_files(repo_root)}
    assert found - TOP_LEVEL == set(), "not agreed: DESIGN.md section 4 says what stands at the top"


def test_what_a_newcomer_looks_for_is_there(repo_root: Path) -> None:
    for name in ("README.md", "CHANGELOG.md", "LICENSE", "Makefile", "app.py", ".ci/run"):
        assert (repo_root / name).is_file(), name


def test_the_licence_is_apache_2(repo_root: Path) -> None:
    text = (repo_root / "LICENSE").read_text()
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "Copyright The Segscope authors" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_changelog_tells_what_is_not_released_yet(repo_root: Path) -> None:
    text = (repo_root / "CHANGELOG.md").read_text()
    assert text.startswith("# Changelog")
    assert "## [Unreleased]" in text


def test_pages_are_thin(repo_root: Path) -> None:
    pages = [p for p in python_files(repo_root, "pages") if p.parent.name == "pages"]
    assert pages
    assert {p.name: line_count(p) for p in pages if line_count(p) > PAGE_LIMIT} == {}


def test_no_file_has_grown_into_two(repo_root: Path) -> None:
    files = python_files(repo_root, "core", "pages", "tools")
    assert files
    assert {str(p.relative_to(repo_root)): line_count(p) for p in files if line_count(p) > FILE_LIMIT} == {}


def test_no_room_is_called_after_nothing(repo_root: Path) -> None:
    vague = {"utils.py", "util.py", "helpers.py", "common.py", "misc.py", "manager.py"}
    assert [p for p in python_files(repo_root, "core", "pages", "tools", "tests") if p.name in vague] == []


def test_registries_are_dicts_that_one_can_read(repo_root: Path) -> None:
    found: dict[str, bool] = {}
    for path in python_files(repo_root, "core", "pages"):
        for statement in ast.parse(path.read_text()).body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in REGISTRIES:
                    found[name] = isinstance(value, ast.Dict)
                case ast.AnnAssign(target=ast.Name(id=name), value=value) if name in REGISTRIES:
                    found[name] = isinstance(value, ast.Dict)
    assert {"MODELS", "LOSSES", "METRICS", "FORMATS", "LAYOUTS"} <= found.keys()
    assert [name for name, readable in found.items() if not readable] == []
