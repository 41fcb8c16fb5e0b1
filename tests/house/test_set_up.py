"""Setting up: the right Python or one sentence, nothing twice, and a changed requirements file installs again."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

MAKE = shutil.which("make") or "make"


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


# a Python whose venv is a folder with two commands that write down what they are asked to do
RECORDER = 'echo "$(basename "$0") $*" >> "$RECORD"'
PYTHON = f"""
[ "$1" = -c ] && exit 0
[ "$1 $2 $3" = "-m venv --clear" ] || exit 9
echo "venv" >> "$RECORD"
rm -rf "$4" && mkdir -p "$4/bin" && touch "$4/pyvenv.cfg"
for name in python uv; do
    printf '#!/bin/sh\\n%s\\n' '{RECORDER}' > "$4/bin/$name" && chmod 755 "$4/bin/$name"
done
"""
INSTALL_UV = "python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt"
INSTALL_APP = "uv pip install --python .venv/bin/python --require-hashes -r requirements.txt"
INSTALL_DEV = "uv pip install --python .venv/bin/python --require-hashes -r requirements-dev.txt"


@dataclass(frozen=True)
class Checkout:
    """A copy of what setting up reads, with a Python that only writes down what it is asked."""

    folder: Path

    def make(self, target: str) -> list[str]:
        """Run make for real and return the commands that were asked of the venv."""
        record = self.folder / "record"
        record.write_text("")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        environment |= {"PATH": f"{self.folder / 'bin'}:{os.defpath}", "RECORD": str(record)}
        subprocess.run([MAKE, target], cwd=self.folder, env=environment, capture_output=True, text=True, check=True)
        return record.read_text().splitlines()


@pytest.fixture
def checkout(repo_root: Path, tmp_path: Path) -> Checkout:
    shutil.copytree(repo_root / "tools", tmp_path / "tools")
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt", "requirements-uv.txt"):
        shutil.copyfile(repo_root / name, tmp_path / name)
    shim(tmp_path / "bin", "python3.11", PYTHON)
    return Checkout(tmp_path)


def test_a_fresh_checkout_gets_a_venv_the_installer_and_the_packages(checkout: Checkout) -> None:
    assert checkout.make("install") == ["venv", INSTALL_UV, INSTALL_APP]
    assert checkout.make("install-dev") == [INSTALL_DEV]


@pytest.mark.parametrize("target", ["install", "install-dev"])
def test_a_second_run_does_nothing(checkout: Checkout, target: str) -> None:
    assert checkout.make(target)
    assert checkout.make(target) == []


@pytest.mark.parametrize(
    ("changed", "again"),
    [
        ("requirements.txt", [INSTALL_APP, INSTALL_DEV]),
        ("requirements-dev.txt", [INSTALL_DEV]),
        ("requirements-uv.txt", [INSTALL_UV, INSTALL_APP, INSTALL_DEV]),
    ],
)
def test_a_changed_file_installs_again(checkout: Checkout, changed: str, again: list[str]) -> None:
    checkout.make("install-dev")
    later = max(stamp.stat().st_mtime for stamp in (checkout.folder / ".venv" / "stamps").iterdir()) + 1
    os.utime(checkout.folder / changed, (later, later))
    assert checkout.make("install-dev") == again


def test_a_venv_whose_python_is_gone_is_made_again_and_filled(checkout: Checkout) -> None:
    checkout.make("install")
    python = checkout.folder / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(checkout.folder / "no-such-python")
    assert checkout.make("install") == ["venv", INSTALL_UV, INSTALL_APP]


def test_an_installation_that_broke_off_is_taken_up_again(checkout: Checkout) -> None:
    checkout.make("install")
    shim(checkout.folder / ".venv" / "bin", "uv", "exit 1")
    (checkout.folder / ".venv" / "stamps" / "runtime").unlink()
    with pytest.raises(subprocess.CalledProcessError):
        checkout.make("install")
    shim(checkout.folder / ".venv" / "bin", "uv", RECORDER)
    assert checkout.make("install") == [INSTALL_APP]
