"""The verb that serves: what it says before it does, and that asking costs nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from core.service.api.tokens import token_file
from core.workspace import PROJECT
from tests.core.cli.conftest import Ask
from tests.core.service.api.serving_alone import serve_alone


def test_it_refuses_a_token_that_others_can_read(ask: Ask, workspace_dir: Path) -> None:
    token_file(workspace_dir).chmod(0o644)
    answer = ask("serve", "--json")
    assert answer.code == 1
    assert "chmod 600" in answer.document["error"]


def test_it_serves_this_machine_alone_until_it_is_ended(workspace_dir: Path) -> None:
    server, client = serve_alone(workspace_dir)
    with client:
        assert client.get("/segmentations").json() == {"segmentations": []}
        assert httpx.get(f"{client.base_url}segmentations").status_code == 401
    server.send_signal(signal.SIGTERM)
    server.wait(timeout=30)
    log = next(workspace_dir.parent.glob("serve-*.log")).read_text()
    assert "serving http://127.0.0.1:" in log
    assert "open to the network" not in log
    assert token_file(workspace_dir).read_text().strip() not in log


def test_its_help_loads_no_server() -> None:
    program = "import sys; from core.cli import parser; parser(); print({'fastapi', 'uvicorn'} & set(sys.modules))"
    command, environment = [sys.executable, "-c", program], os.environ | {"PYTHONPATH": str(PROJECT)}
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"
