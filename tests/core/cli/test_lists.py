"""Verbs that list what is plugged in, and doctor."""

from __future__ import annotations

import getpass
import json
import socket

import pytest

from core.data.formats import FORMATS
from core.data.layouts import LAYOUTS
from core.losses import LOSSES
from core.metrics import METRICS
from core.models import MODELS
from core.recipe import recipe_names
from core.workspace import Workspace
from tests.core.cli.conftest import Ask


@pytest.mark.parametrize(
    ("verb", "names"),
    [
        ("models", list(MODELS)),
        ("losses", list(LOSSES)),
        ("metrics-list", list(METRICS)),
        ("recipes", recipe_names()),
        ("formats", [*FORMATS, *LAYOUTS]),
    ],
)
def test_a_list_names_every_entry_in_json_and_in_words(ask: Ask, verb: str, names: list[str]) -> None:
    answer = ask(verb, "--json")
    assert answer.code == 0
    assert [row["name"] for row in answer.document] == names
    lines = ask(verb).out.splitlines()
    assert len(lines) == len(names)
    assert all(name in line for name, line in zip(names, lines, strict=True))


def test_doctor_tells_versions_devices_and_disk_and_no_names(
    ask: Ask, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = ask("doctor", "--json").document
    assert "cpu" in report["devices"]
    assert report["missing"] == "nothing"
    assert report["workspace"] == "there"
    said = json.dumps(report)
    assert socket.gethostname() not in said
    assert f"/{getpass.getuser()}" not in said
    monkeypatch.setenv("SEGSCOPE_WORKSPACE", str(workspace.root / "deep" / "er" / "workspace"))
    answer = ask("doctor")
    assert answer.code == 0
    assert "made on first use" in answer.out
