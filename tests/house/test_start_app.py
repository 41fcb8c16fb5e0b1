"""`make app`'s launcher: it says where the app is, makes the demo beside it, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

DEMO = """
import pathlib, sys, time
print("phantom 1 of 24", file=sys.stderr, flush=True)
written = pathlib.Path("demo-arguments.tmp")
written.write_text(" ".join(sys.argv[1:]))
written.rename("demo-arguments")
time.sleep({seconds})
sys.exit({code})
"""


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@pytest.fixture
def start(repo_root: Path, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the launcher in a small project of one page and one demo; whatever is left of it is ended afterwards."""
    shutil.copytree(repo_root / "tools", tmp_path / "tools")
    shutil.copytree(repo_root / ".streamlit", tmp_path / ".streamlit")
    (tmp_path / "app.py").write_text("import streamlit as st\nst.title('here')\n")
    (tmp_path / "core").mkdir()
    started: list[subprocess.Popen[str]] = []

    def start_launcher(port: object, *, demo_seconds: float = 60, demo_exit: int = 0) -> subprocess.Popen[str]:
        (tmp_path / "core" / "__main__.py").write_text(DEMO.format(seconds=demo_seconds, code=demo_exit))
        command = [sys.executable, str(tmp_path / "tools" / "start_app.py"), "--port", str(port)]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        started.append(
            subprocess.Popen(
                command,
                cwd=tmp_path,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield start_launcher
    for process in started:
        for child in [*_children(process), process]:
            child.kill()
        process.communicate()


def _children(process: subprocess.Popen[str]) -> list[psutil.Process]:
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_answers_makes_the_demo_and_a_signal_stops_both(
    start: Callable[..., subprocess.Popen[str]], port: int, tmp_path: Path, number: signal.Signals
) -> None:
    launcher = start(port)
    assert launcher.stdout is not None
    assert launcher.stdout.readline() == f"Segscope is at http://127.0.0.1:{port} (Ctrl-C stops it)\n"
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
        assert answer.status == 200
    wait_for(tmp_path / "demo-arguments")
    assert (tmp_path / "demo-arguments").read_text() == "demo"

    children = _children(launcher)
    assert len(children) >= 2
    launcher.send_signal(number)
    _, errors = launcher.communicate(timeout=30)
    assert launcher.returncode == 0
    assert "phantom 1 of 24" in errors
    assert "Traceback" not in errors
    assert psutil.wait_procs(children, timeout=5)[1] == []


def test_a_taken_port_is_one_sentence(start: Callable[..., subprocess.Popen[str]]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        output, errors = start(taken).communicate(timeout=30)
    assert output == ""
    assert errors.startswith(f"Port {taken} on 127.0.0.1 cannot be had")
    assert errors.count("\n") == 1


@pytest.mark.parametrize("text", ["0", "65536", "eight"])
def test_a_port_that_is_none_is_one_sentence(start: Callable[..., subprocess.Popen[str]], text: str) -> None:
    launcher = start(text)
    _, errors = launcher.communicate(timeout=30)
    assert launcher.returncode == 1
    assert errors == f"PORT is {text!r}, expected a number from 1 to 65535: make app PORT=8502.\n"


def test_a_demo_that_fails_is_told_and_the_app_goes_on(start: Callable[..., subprocess.Popen[str]], port: int) -> None:
    launcher = start(port, demo_seconds=0, demo_exit=3)
    assert launcher.stderr is not None
    while "The demo was not finished" not in (line := launcher.stderr.readline()):
        assert line, "the launcher ended without a word about the demo"
    assert "exit 3" in line
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health") as answer:
        assert answer.status == 200


def test_an_app_that_cannot_start_is_one_sentence(
    start: Callable[..., subprocess.Popen[str]], port: int, tmp_path: Path
) -> None:
    (tmp_path / "app.py").unlink()
    launcher = start(port)
    _, errors = launcher.communicate(timeout=60)
    assert launcher.returncode == 1
    assert "The app ended while starting" in errors
