"""What the README says of the REST API runs as it stands there: the server, the lines of curl, the client."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import pytest

from core.atomic import read_json
from core.training.runs.liveness import process_lives
from tests.cases import SHAPE, case_id, write_case
from tests.pages.serving import free_port

SECTION = re.compile(r"<!-- rest -->\n(.*?)<!-- /rest -->", re.DOTALL)
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
PORT = "8600"
PATIENCE_S = 120


@pytest.fixture
def blocks(repo_root: Path) -> list[str]:
    """The section's blocks of shell: the server, curl, the client; on a port that is free."""
    section = SECTION.search((repo_root / "README.md").read_text())
    assert section, "the README has a part between <!-- rest --> and <!-- /rest -->"
    found = BLOCK.findall(section[1])
    assert len(found) == 3
    port = str(free_port())
    return [block.replace(PORT, port) for block in found]


@pytest.fixture
def folder(tmp_path: Path, repo_root: Path) -> Iterator[Path]:
    """Where somebody follows the README: a study as a zip, and the examples."""
    (tmp_path / "examples").symlink_to(repo_root / "examples")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (tmp_path / "bin" / "python").chmod(0o755)
    write_case(tmp_path / "files", case_id(1), 1, without=("seg",))
    shutil.make_archive(str(tmp_path / "study"), "zip", tmp_path / "files")
    yield tmp_path
    worker = tmp_path / "workspace" / "workers" / "cpu.json"
    said = read_json(worker) if worker.exists() else None
    if said and process_lives(said["pid"], said["born"]):
        os.kill(said["pid"], signal.SIGKILL)


def environment(folder: Path, repo_root: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "SEGSCOPE_WORKSPACE"}
    return kept | {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(repo_root)}


@pytest.mark.slow
def test_the_readme_segments_a_study_over_rest(blocks: list[str], folder: Path, repo_root: Path) -> None:
    start, by_curl, by_client = blocks
    surroundings = environment(folder, repo_root)
    command = ["sh", "-c", f"exec {start.partition('#')[0].strip()}"]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, env=surroundings, stdout=log, stderr=log)
    try:
        port = re.search(r"--port (\d+)", start)
        assert port
        wait_for(f"http://127.0.0.1:{port[1]}/api/health", server, folder / "server.log")
        script = f"{by_curl}mv masks.nii.gz by-curl.nii.gz\n{by_client}"  # one shell: it keeps its variables
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder,
            env=surroundings,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        for name in ("by-curl.nii.gz", "masks.nii.gz"):
            assert nib.load(folder / name).shape == SHAPE  # type: ignore[attr-defined]
        assert "WT" in ran.stdout
        assert not list((folder / "workspace" / "jobs").glob("segmentation-*")), "both deleted what they had brought"
    finally:
        server.kill()
        server.wait()


def wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            assert server.poll() is None, log.read_text()
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())
