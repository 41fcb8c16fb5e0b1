"""The finder takes the browser that was named, else the first that runs, else says one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.find_browser import COMMANDS, MISSING, NoBrowserError, find_browser


def command(folder: Path, name: str, exit_code: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\nexit {exit_code}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("name", COMMANDS)
def test_each_known_name_on_path_is_found(tmp_path: Path, name: str) -> None:
    browser = command(tmp_path, name, 0)
    assert find_browser({"PATH": str(tmp_path), "HOME": str(tmp_path)}) == browser


def test_a_placeholder_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    command(tmp_path / "bin", "chromium", 1)
    browser = command(tmp_path / "bin", "google-chrome", 0)
    assert find_browser({"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}) == browser


def test_the_named_browser_wins(tmp_path: Path) -> None:
    command(tmp_path / "bin", "chromium", 0)
    named = command(tmp_path / "mine", "my-chrome", 0)
    assert find_browser({"PATH": str(tmp_path / "bin"), "SEGSCOPE_CHROME": str(named)}) == named


def test_a_named_browser_that_does_not_run_is_an_error_and_not_replaced(tmp_path: Path) -> None:
    command(tmp_path / "bin", "chromium", 0)
    with pytest.raises(NoBrowserError, match=r"SEGSCOPE_CHROME is .*my-chrome, which does not run"):
        find_browser({"PATH": str(tmp_path / "bin"), "SEGSCOPE_CHROME": str(tmp_path / "my-chrome")})


def test_a_mac_application_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "Applications" / "Google Chrome.app" / "Contents" / "MacOS"
    browser = command(folder, "Google Chrome", 0)
    assert find_browser({"PATH": "", "HOME": str(tmp_path)}) == browser


def test_no_browser_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(NoBrowserError) as error:
        find_browser({"PATH": str(tmp_path), "HOME": str(tmp_path)})
    assert str(error.value) == MISSING
    assert MISSING.count(". ") == 0
