"""Real scans that are absent are a skip that says so, and a failure where they are required."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROBE = """
def test_the_folder_is_there(real_data):
    assert real_data.is_dir()
"""


def outcome(tmp_path: Path, repo_root: Path, **environment: str) -> str:
    """Run one test that asks for `real_data` under the repository's own conftest; return pytest's report."""
    (tmp_path / "conftest.py").write_text((repo_root / "tests" / "conftest.py").read_text())
    (tmp_path / "test_probe.py").write_text(PROBE)
    command = [sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider", str(tmp_path), f"--rootdir={tmp_path}"]
    answer = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(repo_root), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout


def test_absent_scans_are_a_stated_skip(tmp_path: Path, repo_root: Path) -> None:
    absent = str(tmp_path / "absent")
    report = outcome(tmp_path, repo_root, SEGSCOPE_TEST_DATA=absent, SEGSCOPE_REQUIRE_DATA="0")
    assert "1 skipped" in report
    assert f"real scans: {absent} is not a folder" in report


def test_absent_scans_fail_where_they_are_required(tmp_path: Path, repo_root: Path) -> None:
    absent = str(tmp_path / "absent")
    report = outcome(tmp_path, repo_root, SEGSCOPE_TEST_DATA=absent, SEGSCOPE_REQUIRE_DATA="1")
    assert "1 error" in report
    assert f"real scans: {absent} is not a folder" in report


def test_the_named_folder_is_taken(tmp_path: Path, repo_root: Path) -> None:
    assert "1 passed" in outcome(tmp_path, repo_root, SEGSCOPE_TEST_DATA=str(tmp_path))


def test_a_missing_browser_is_an_error_and_never_a_skip(tmp_path: Path, repo_root: Path) -> None:
    (tmp_path / "test_page.py").write_text("def test_page(page):\n    page.set_content('<p>here</p>')\n")
    report = outcome(tmp_path, repo_root, SEGSCOPE_TEST_DATA=str(tmp_path), SEGSCOPE_CHROME=str(tmp_path / "none"))
    assert "1 passed, 1 error" in report
    assert "which does not run as a browser" in report


def test_each_test_has_a_workspace_of_its_own(workspace_dir: Path, tmp_path: Path) -> None:
    assert os.environ["SEGSCOPE_WORKSPACE"] == str(workspace_dir)
    assert workspace_dir.parent == tmp_path
    assert not any(workspace_dir.iterdir())


@pytest.mark.parametrize(("script", "complaint"), [("throw new Error('oh')", "scripts on the page threw"), ("", None)])
def test_a_script_error_on_the_page_fails_the_test(
    tmp_path: Path, repo_root: Path, script: str, complaint: str | None
) -> None:
    body = f"def test_page(page):\n    page.set_content({f'<p>here</p><script>{script}</script>'!r})\n"
    (tmp_path / "test_page.py").write_text(body)
    report = outcome(tmp_path, repo_root, SEGSCOPE_TEST_DATA=str(tmp_path))
    assert ("2 passed, 1 error" if complaint else "2 passed") in report
    assert complaint is None or complaint in report


def test_a_request_that_leaves_the_machine_fails_the_test(tmp_path: Path, repo_root: Path) -> None:
    address = "http:" + "//elsewhere.invalid/font.woff2"
    (tmp_path / "test_page.py").write_text(
        f"def test_page(page):\n    page.set_content('<img src=\"{address}\">')\n    page.wait_for_timeout(200)\n"
    )
    report = outcome(tmp_path, repo_root, SEGSCOPE_TEST_DATA=str(tmp_path))
    assert f"the page asked for addresses outside this machine: ['{address}']" in report
