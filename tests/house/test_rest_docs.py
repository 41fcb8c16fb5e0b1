"""What docs/rest.md says of the REST API is what the API describes itself as, and nothing besides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from core.data import limits
from core.jobs.segmentation_queue import LONGEST_KEPT_H
from core.jobs.segmentation_results import PATIENCE_S
from core.service.api.app import build_api
from core.service.api.asking import LONGEST
from core.service.api.problems import OnlyProblems, Problem
from core.service.api.tokens import SHORTEST
from core.workspace import Workspace

REQUEST = re.compile(r"^\| `([A-Z]+) (/\S*)` \|.*\| ([\d, ]+) \|$", re.MULTILINE)
ROW = re.compile(r"^\| ((?:`\w+`(?:, )?)+) \|", re.MULTILINE)
STATUS_ROW = re.compile(r"^\| (\d{3}) \|", re.MULTILINE)
PARAMETER = re.compile(r"\{\w+\}")
ANYWHERE = {405}  # what no operation answers: its path with another method
HOUR_S = 3600


@pytest.fixture(scope="module")
def page() -> str:
    return (Path(__file__).parents[2] / "docs" / "rest.md").read_text()


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    api = build_api(Workspace(tmp_path_factory.mktemp("workspace")))
    assert isinstance(api, OnlyProblems)
    assert isinstance(api.app, FastAPI)
    return api.app.openapi()


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), PARAMETER.sub("ID", path), operation


def fields(page: str, begins: str) -> list[str]:
    """The names in the first column of the table that follows a text."""
    assert page.count(begins) == 1, begins
    table = page.partition(begins)[2].partition("\n| ")[2].partition("\n\n")[0]
    return [name for row in ROW.findall("\n| " + table) for name in re.findall(r"\w+", row)]


def test_every_request_stands_there_with_every_status_it_is_answered_with(page: str, described: dict[str, Any]) -> None:
    said = {
        (method, path): {int(each) for each in statuses.split(",")} for method, path, statuses in REQUEST.findall(page)
    }
    there = {(method, path): set(map(int, operation["responses"])) for method, path, operation in operations(described)}
    assert said == there
    statuses = set(map(int, STATUS_ROW.findall(page)))
    assert statuses == {each for found in there.values() for each in found if each >= 400} | ANYWHERE


def test_every_parameter_stands_there(page: str, described: dict[str, Any]) -> None:
    named = {each["name"] for *_, operation in operations(described) for each in operation.get("parameters", [])
             if each["in"] != "path"}  # fmt: skip
    assert named == {"format", "case"}, "a new one wants a sentence in docs/rest.md, and its name here"
    (said,) = re.findall(r"^`result` takes .*?\n\n", page, re.MULTILINE | re.DOTALL)
    for name in named:
        assert f"`{name}`" in said


def test_the_forms_fields_are_those_of_the_table(page: str, described: dict[str, Any]) -> None:
    (content,) = described["paths"]["/segmentations"]["post"]["requestBody"]["content"].values()
    schema = content["schema"]
    assert sorted(fields(page, "## The form\n")) == sorted(schema["properties"])
    required = " and ".join(f"`{name}`" for name in schema["required"])
    assert f"{required} have to be there" in page


@pytest.mark.parametrize(("begins", "name"), [("**A model**", "Model"), ("**A study**", "Segmentation")])
def test_the_documents_fields_are_those_of_the_table(
    page: str, described: dict[str, Any], begins: str, name: str
) -> None:
    assert sorted(fields(page, begins)) == sorted(described["components"]["schemas"][name]["properties"])


def test_a_problems_fields_and_a_studys_states_stand_there(page: str, described: dict[str, Any]) -> None:
    errors = page.partition("**Errors**")[2].partition("\n\n")[0]
    assert set(Problem.model_fields) <= set(re.findall(r"`(\w+)`", errors))
    states = described["components"]["schemas"]["Segmentation"]["properties"]["state"]["enum"]
    (said,) = (line for line in page.splitlines() if line.startswith("| `state` |"))
    assert re.findall(r"`(\w+)`", said) == ["state", *states]


def test_the_limits_are_those_in_force(page: str) -> None:
    gb = {
        name: f"{size / 1024**3:.0f} GB"
        for name, size in (
            ("all", limits.MAX_UPLOAD_BYTES),
            ("one", limits.MAX_UPLOAD_FILE_BYTES),
            ("free", limits.FREE_DISK_BYTES),
            ("unpacked", limits.MAX_ARCHIVE_BYTES),
        )
    }
    field_kb, hours = limits.MAX_FORM_FIELD_BYTES // 1024, limits.SEGMENTATION_S // HOUR_S
    names, deep = limits.MAX_UPLOAD_NAME_BYTES, limits.MAX_UPLOAD_DEPTH
    for row in (
        f"| {limits.API_REQUESTS_PER_S:.0f} requests a second with one token, {limits.API_REQUESTS_AT_ONCE} saved up |",
        f"| {limits.API_STUDIES_PER_S:.0f} study a second with one token, {limits.API_STUDIES_AT_ONCE} saved up |",
        f"| {limits.API_STRANGERS_PER_S:.0f} requests a second without a token, all strangers together, ",
        f" strangers together, {limits.API_STRANGERS_AT_ONCE} saved up |",
        f"| {limits.MAX_STUDIES_WAITING} studies that wait, {limits.MAX_UPLOADS} that are on their way in |",
        f"| {gb['all']} in {limits.MAX_UPLOAD_FILES:,} files, {gb['one']} in one file |",
        f"| {limits.MAX_FORM_FIELDS} fields besides the files, {field_kb} kB in one of them |",
        f"| {LONGEST} characters in a field but `options`; {names:,} bytes in a file's name, {deep} folders deep |",
        f"and {gb['free']} that stays free |",
        f"| {PATIENCE_S / 60:.0f} minutes to write a result in another format |",
        f"| {hours} hours for a study; {limits.MAX_ARCHIVE_ENTRIES:,} files and {gb['unpacked']} out of an archive |",
        f"at least {SHORTEST} characters each",
        f"masks after {limits.STUDY_KEPT_S / HOUR_S:.0f}",
        f"up to {LONGEST_KEPT_H:,.0f}",
    ):
        assert row in page, row
