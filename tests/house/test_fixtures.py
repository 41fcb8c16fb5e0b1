"""What the fixtures refuse: scans that are required and absent, no browser, pages that throw or leave the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ELSEWHERE = "http:" + "//elsewhere.invalid/font.woff2"
PROBE = f"""
def test_the_folder_is_there(real_data):
    assert real_data.is_dir()

def test_a_quiet_page(page):
    page.set_content("<p>here</p>")

def test_a_page_that_throws(page):
    page.set_content("<p>here</p><script>throw new Error('oh')</script>")

def test_a_page_that_asks_elsewhere(page):
    page.set_content("<img src='{ELSEWHERE}'>")
    page.wait_for_timeout(200)
"""

Probe = Callable[..., str]


@pytest.fixture
def probe(tmp_path: Path, repo_root: Path) -> Probe:
    """Run tests under the repository's own conftest, by a part of their names, and return what pytest reports."""

    def run(chosen: str, data: Path, **environment: str) -> str:
        (tmp_path / "conftest.py").write_text((repo_root / "tests" / "conftest.py").read_text())
        (tmp_path / "test_probe.py").write_text(PROBE)
        settings = {"PYTHONPATH": str(repo_root), "SEGSCOPE_TEST_DATA": str(data), "COLUMNS": "300"}
        command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", "-p", "no:schemathesis"]
        answer = subprocess.run(
            [*command, "-k", chosen, str(tmp_path), f"--rootdir={tmp_path}"],
            cwd=tmp_path,
            env={**os.environ, **settings, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        return answer.stdout

    return run


def test_absent_scans_are_a_stated_skip(tmp_path: Path, probe: Probe) -> None:
    report = probe("folder", tmp_path / "absent", SEGSCOPE_REQUIRE_DATA="0")
    assert "1 skipped" in report
    assert f"real scans: {tmp_path / 'absent'} is not a folder" in report


def test_where_scans_and_a_browser_are_required_their_absence_is_an_error(tmp_path: Path, probe: Probe) -> None:
    without = {"SEGSCOPE_REQUIRE_DATA": "1", "SEGSCOPE_CHROME": str(tmp_path / "none")}
    report = probe("folder or quiet", tmp_path / "absent", **without)
    assert "2 errors" in report
    assert f"real scans: {tmp_path / 'absent'} is not a folder" in report
    assert "which does not run as a browser" in report


def test_a_page_that_throws_or_leaves_the_machine_fails_its_test_alone(tmp_path: Path, probe: Probe) -> None:
    report = probe("test", tmp_path)
    assert "4 passed, 2 errors" in report, "they pass, and are refused when their page closes"
    refused = [line for line in report.splitlines() if line.startswith("ERROR ")]
    thrown, outside = sorted(refused, key=lambda line: "test_a_page_that_asks_elsewhere" in line)
    assert "test_a_page_that_throws - AssertionError: scripts on the page threw" in thrown
    assert "test_a_page_that_asks_elsewhere" in outside
    assert f"the page asked for addresses outside this machine: ['{ELSEWHERE}']" in report


def test_each_test_has_a_workspace_of_its_own(workspace_dir: Path, tmp_path: Path) -> None:
    assert os.environ["SEGSCOPE_WORKSPACE"] == str(workspace_dir)
    assert workspace_dir.parent == tmp_path
    assert not any(workspace_dir.iterdir())
