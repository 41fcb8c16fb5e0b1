"""Start `python -m core serve` on a workspace, and ask it things."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx

from core.service.api.tokens import read_tokens
from core.workspace import PROJECT
from tests.pages.serving import free_port

PATIENCE_S = 60.0


def serve_alone(workspace: Path, python: Path = Path(sys.executable)) -> tuple[subprocess.Popen[bytes], httpx.Client]:
    """Serve a workspace, wait until it answers, and return its process and a client that holds its token."""
    port = free_port()
    environment = {**os.environ, "SEGSCOPE_WORKSPACE": str(workspace), "PYTHONPATH": str(PROJECT)}
    command = [str(python), "-m", "core", "serve", "--port", str(port)]
    log = workspace.parent / f"serve-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        try:
            httpx.get(f"http://127.0.0.1:{port}/api/health", timeout=5).raise_for_status()
        except httpx.HTTPError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        else:
            headers = {"Authorization": f"Bearer {read_tokens(workspace)[0]}"}
            return process, httpx.Client(base_url=f"http://127.0.0.1:{port}/api", headers=headers, timeout=60)
    process.kill()
    raise AssertionError(f"no answer: {log.read_text()}")
