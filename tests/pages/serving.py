"""Start a Streamlit server of the app on a free port, and stop it again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from core.atomic import read_json
from core.workspace import PROJECT, Workspace

PATIENCE_S = 60.0


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(script: Path, workspace: Path, *options: str) -> tuple[subprocess.Popen[bytes], str]:
    """Serve a script on a workspace, wait until it answers, and return its process and address."""
    port = free_port()
    environment = {**os.environ, "SEGSCOPE_WORKSPACE": str(workspace), "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port), *options]
    log = workspace.parent / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
        except OSError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        else:
            return process, address
    process.kill()
    raise AssertionError(f"no answer from {address}: {log.read_text()}")


class Served(NamedTuple):
    """A server of the app."""

    address: str
    pid: int


@contextmanager
def serving_app(workspace: Workspace) -> Iterator[Served]:
    """Serve the app on a workspace; end it, and the workers that it started, which would wait for another study."""
    process, address = serve(PROJECT / "app.py", workspace.root)
    try:
        yield Served(address, process.pid)
    finally:
        process.terminate()
        process.wait(10)
        for file in (workspace.root / "workers").glob("*.json"):
            with suppress(ProcessLookupError):
                os.kill(read_json(file)["pid"], signal.SIGTERM)
