"""The API fuzzed from its own description by schemathesis: it never answers as if it had failed itself."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette

from core.jobs import segmentation_queue as queue
from core.jobs.worker import Worker
from core.service.api.app import build_api
from core.service.api.rates import Rates
from core.service.routes import api_mount
from core.workspace import Workspace
from tests.core.jobs.studies_to_segment import queued
from tests.pages.serving import free_port

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
    "unsupported_method",
    "use_after_free",
)


@contextlib.contextmanager
def served(place: Workspace, rates: Rates) -> Iterator[str]:
    """Serve a workspace's API in a thread of this process, without limits and workers."""
    port = free_port()
    app = Starlette(routes=[api_mount("/api", build_api(place, rates))])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}/api"
    finally:
        server.should_exit = True
        thread.join()


def fuzz(place: Workspace, rates: Rates, token: str, *options: str) -> int:
    """Let schemathesis loose on the API; return how many requests it made."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", "ADDRESS/openapi.json", "--no-color", "--seed", "15"]
    command += ["--header", f"Authorization: Bearer {token}", "--checks", ",".join(CHECKS), "--warnings", "off"]
    command += ["--generation-database", "none", "--continue-on-failure", *options]
    with served(place, rates) as address:
        command = [part.replace("ADDRESS", address) for part in command]
        answer = subprocess.run(command, cwd=place.root, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout[-8000:] + answer.stderr[-2000:]
    counted = re.search(r"([\d,]+) generated", answer.stdout)
    assert counted, answer.stdout
    return int(counted[1].replace(",", ""))


def finished_study(place: Workspace, folder: Path) -> str:
    """Leave a finished study in the workspace, so that there is something to find; return its id."""
    job = queued(place, folder)
    taken = queue.claim(place, "cpu")
    assert taken is not None
    Worker(place, "cpu").do(taken)
    return job.id


def test_a_short_fuzz_finds_no_server_error(place: Workspace, rates: Rates, token: str) -> None:
    assert fuzz(place, rates, token, "--max-examples", "5", "--phases", "examples,fuzzing", "--no-shrink") > 20


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_long_fuzz_finds_no_server_error(place: Workspace, rates: Rates, token: str, tmp_path: Path) -> None:
    finished_study(place, tmp_path)
    assert fuzz(place, rates, token, "--max-examples", "200") > 1000
