"""`evaluate --report`: the comparison as a printable report."""

from __future__ import annotations

import io
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from core.atomic import read_json
from core.workspace import Cohort, Workspace
from tests import narrow
from tests.core.cli.conftest import Ask


@pytest.mark.slow
def test_a_report_is_written_beside_what_is_printed(
    ask: Ask, workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    one, folder = narrow.checkpoint(tmp_path / "one"), tmp_path / "report"
    command = ("evaluate", "--checkpoint", one.folder, "--part", "test", "--metrics", "dice", "--device", "cpu")
    answer = ask(*command, "--report", folder, "--json")
    assert answer.code == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "report.html",
        "report.pdf",
        "scores.csv",
        "scores.json",
    ]
    assert read_json(folder / "scores.json") == answer.document
    html = (folder / "report.html").read_text()
    mean = answer.document["models"]["one"]["summary"]["WT"]["dice"]["mean"]
    assert f"{mean:.3f}" in html
    assert "Split default divides it by patient (seed 0): 4 cases train, 1 validate, 1 test." in html
    assert str(tmp_path) not in html
    with pdfium.PdfDocument(io.BytesIO((folder / "report.pdf").read_bytes())) as opened:
        assert f"{mean:.3f}" in opened[0].get_textpage().get_text_bounded()
