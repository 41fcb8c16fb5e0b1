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
from core.postprocess import POSTPROCESS
from core.recipe import recipe_names
from core.workspace import Workspace
from tests.core.cli.conftest import Ask


@pytest.mark.parametrize(
    ("verb", "names"),
    [
        ("models", list(MODELS)),
        ("losses", list(LOSSES)),
        ("metrics-list", list(METRICS)),
        ("steps", list(POSTPROCESS)),
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


def test_models_tell_stride_and_encoder(ask: Ask) -> None:
    rows = {row["name"]: row for row in ask("models", "--json").document}
    assert rows["segformer"]["encoder"] == "mit_b0"
    assert rows["unet"] | {"paper": ""} == {
        "name": "unet", "title": "U-Net", "paper": "", "dims": 2, "stride": 16, "batch_norm": True, "encoder": None
    }  # fmt: skip


@pytest.mark.slow
def test_models_tell_what_they_cost_when_asked(ask: Ask) -> None:
    rows = {row["name"]: row for row in ask("models", "--cost", "--json").document}
    assert rows["smp_unet"]["parameters"] == pytest.approx(24.44e6, rel=0.001)
    assert rows["smp_unet"]["cost_size"] == [192, 224]
    assert all(row["flops"] > 1e9 for row in rows.values())
