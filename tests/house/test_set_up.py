"""Setting up: the right Python or one sentence, nothing twice, and a changed requirements file installs again."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest


def shim(folder: Path, name: str, body: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def find_python(root: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", root / "tools" / "find_python.sh"],
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_old_python_is_refused_in_one_sentence(repo_root: Path, tmp_path: Path) -> None:
    shim(tmp_path / "bin", "python3", '[ "$1" = --version ] && echo "Python 3.9.2" && exit 0; exit 1')
    answer = find_python(repo_root, tmp_path / "bin")
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr == (
        "Segscope needs Python 3.11 or newer and found Python 3.9.2 on PATH: install one, then run make again.\n"
    )


def test_a_version_manager_s_empty_shim_is_passed_over(repo_root: Path, tmp_path: Path) -> None:
    shim(tmp_path / "bin", "python3.11", "exit 127")
    shim(tmp_path / "bin", "python3", "exit 0")
    assert find_python(repo_root, tmp_path / "bin").stdout.strip() == str(tmp_path / "bin" / "python3")


@pytest.fixture
def installed(repo_root: Path, tmp_path: Path) -> Path:
    """A copy of the Makefile and the requirements files beside a `.venv` in which all is installed, by its stamps."""
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt", "requirements-uv.txt"):
        shutil.copyfile(repo_root / name, tmp_path / name)
        long_ago = time.time() - 1000
        os.utime(tmp_path / name, (long_ago, long_ago))
    stamps = tmp_path / ".venv" / "stamps"
    stamps.mkdir(parents=True)
    shim(tmp_path / ".venv" / "bin", "python", "exit 0")
    os.utime(tmp_path / ".venv" / "bin" / "python", (long_ago, long_ago))
    for age_s, name in ((30, "uv"), (20, "runtime"), (10, "dev")):
        (stamps / name).touch()
        os.utime(stamps / name, (time.time() - age_s,) * 2)
    return tmp_path


def would_run(folder: Path, target: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "--dry-run", target]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("target", ["install", "install-dev"])
def test_a_second_run_installs_nothing(installed: Path, target: str) -> None:
    assert "Nothing to be done" in would_run(installed, target)


@pytest.mark.parametrize(
    ("changed", "target", "commands"),
    [
        (
            "requirements.txt",
            "install",
            ["uv pip install --python .venv/bin/python --require-hashes -r requirements.txt"],
        ),
        (
            "requirements-dev.txt",
            "install-dev",
            ["uv pip install --python .venv/bin/python --require-hashes -r requirements-dev.txt"],
        ),
        ("requirements-uv.txt", "install", ["--require-hashes -r requirements-uv.txt", "-r requirements.txt"]),
    ],
)
def test_a_changed_file_installs_again(installed: Path, changed: str, target: str, commands: list[str]) -> None:
    os.utime(installed / changed)
    plan = would_run(installed, target)
    assert all(command in plan for command in commands)


def test_development_packages_wait_for_make_test(installed: Path) -> None:
    os.utime(installed / "requirements-dev.txt")
    assert "Nothing to be done" in would_run(installed, "install")


def test_a_venv_whose_python_is_gone_is_made_again_and_filled(installed: Path) -> None:
    (installed / ".venv" / "bin" / "python").unlink()
    (installed / ".venv" / "bin" / "python").symlink_to(installed / "no-such-python")
    plan = would_run(installed, "install")
    assert "-m venv --clear .venv" in plan
    assert "-r requirements-uv.txt" in plan
    assert "-r requirements.txt" in plan
