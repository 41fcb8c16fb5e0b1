"""Nothing that the app imports is under a licence that would bind it, and the page that says so is current."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from tools.licences import document, installed_packages, rules_out


def test_no_runtime_package_is_under_the_gpl_lgpl_or_agpl() -> None:
    packages = installed_packages()
    assert "torch" in {package.name for package in packages}
    assert [package for package in packages if rules_out(package.licence)] == []


@pytest.mark.parametrize(
    "licence", ["GPL-3.0-only", "LGPL-2.1-or-later", "AGPL-3.0", "MIT AND GPL-2.0", "GPLv3", "LGPLv3+"]
)
def test_copyleft_rules_a_package_out(licence: str) -> None:
    assert rules_out(licence)


@pytest.mark.parametrize("licence", ["MIT", "Apache-2.0", "BSD-3-Clause", "MPL-2.0 AND MIT", "PSF-2.0"])
def test_other_licences_do_not(licence: str) -> None:
    assert not rules_out(licence)


WRITTEN_ON = sys.platform == "linux" and platform.machine() == "x86_64" and sys.version_info[:2] == (3, 11)


@pytest.mark.skipif(not WRITTEN_ON, reason="the page lists the wheels of Linux on x86-64 and Python 3.11")
def test_the_page_is_current(repo_root: Path) -> None:
    assert (repo_root / "docs" / "licences.md").read_text() == document(installed_packages()), "run make licences"
