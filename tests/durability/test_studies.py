"""Twenty studies, and a server that is killed in their midst: all of them finish, and no half file has a final name."""

from __future__ import annotations

import gzip
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from core.atomic import read_json
from core.jobs.segmentations import ENDED, SegmentationJob, segmentations
from core.jobs.uploads import uploads_folder
from core.training.runs.liveness import process_lives
from core.workspace import Workspace
from tests.core.jobs.studies_to_segment import NAME, study_files, with_checkpoint
from tests.core.service.api.serving_alone import serve_alone

COUNT = 20
PATIENCE_S = 240


@pytest.fixture
def place(workspace: Workspace) -> Iterator[Workspace]:
    yield with_checkpoint(workspace)
    kill_worker(workspace)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("what", ["the server", "the server and its worker"])
def test_a_server_killed_among_twenty_studies_loses_none(place: Workspace, tmp_path: Path, what: str) -> None:
    server, client = serve_alone(place.root)
    ids = [bring(client, tmp_path, number) for number in range(COUNT)]
    wait_until(lambda: states(place).count("done") >= 3)
    torn = begin_a_study_and_never_end_it(client)
    server.send_signal(signal.SIGKILL)
    server.wait()
    torn.close()
    client.close()
    if what != "the server":
        kill_worker(place)
    require_no_half_file(place)
    assert states(place).count("done") < COUNT, "the kill came in their midst"
    server, client = serve_alone(place.root)
    try:
        wait_until(lambda: all(state in ENDED for state in states(place)))
        listed = client.get("/segmentations").raise_for_status().json()["segmentations"]
        assert [each["id"] for each in listed] == ids
        assert [(each["state"], each["message"]) for each in listed] == [("done", "")] * COUNT
        assert max(job.status.tries for job, _ in segmentations(place)) == (1 if what == "the server" else 2)
        require_no_half_file(place)
        same = {number % 4: set[bytes]() for number in range(COUNT)}
        for number, each in enumerate(ids):
            answer = client.get(f"/segmentations/{each}/result").raise_for_status()
            gzip.decompress(answer.content)  # whole, by its checksum
            same[number % 4].add(answer.content)
        assert [len(masks) for masks in same.values()] == [1] * 4, "the same study, the same mask, whoever was killed"
    finally:
        client.close()
        server.kill()
        server.wait()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_workers_killed_again_and_again_cost_tries_and_no_study(place: Workspace, tmp_path: Path) -> None:
    server, client = serve_alone(place.root)
    try:
        for number in range(8):
            bring(client, tmp_path, number)
        for after in (1, 3, 5):
            wait_until(lambda enough=after: states(place).count("done") >= enough)  # type: ignore[misc]
            kill_worker(place)
            require_no_half_file(place)
        wait_until(lambda: all(state in ENDED for state in states(place)))
        assert states(place) == ["done"] * 8
    finally:
        client.close()
        server.kill()
        server.wait()


def bring(client: httpx.Client, folder: Path, number: int) -> str:
    """Bring one of four patients' studies."""
    files = [("files", (file.name, file.read_bytes())) for file in study_files(folder, number % 4 + 1)]
    answer = client.post("/segmentations", files=files, data={"checkpoint": NAME})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def begin_a_study_and_never_end_it(client: httpx.Client) -> socket.socket:
    """Send half a form."""
    where = client.base_url
    line = socket.create_connection((str(where.host), int(where.port or 0)))
    head = f"POST /api/segmentations HTTP/1.1\r\nHost: x\r\nAuthorization: {client.headers['Authorization']}\r\n"
    head += "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 5000000\r\n\r\n"
    part = '--b\r\nContent-Disposition: form-data; name="files"; filename="a.nii"\r\n\r\n'
    line.sendall((head + part).encode() + bytes(2_000_000))
    return line


def states(place: Workspace) -> list[str]:
    return [status.state for _, status in segmentations(place)]


def kill_worker(place: Workspace) -> None:
    """Kill the processor's worker as it stands."""
    path = place.root / "workers" / "cpu.json"
    said = read_json(path) if path.exists() else None
    if said and process_lives(said["pid"], said["born"]):
        os.kill(said["pid"], signal.SIGKILL)
        while process_lives(said["pid"], said["born"]):
            time.sleep(0.01)


def require_no_half_file(place: Workspace) -> None:
    """Whatever has a final name is whole: results, jobs, uploads."""
    for path in place.jobs.glob("segmentation-*"):
        job = SegmentationJob(path)
        assert job.input.is_complete
        assert job.status.state in ("queued", "running", *ENDED)
        if job.result.exists():
            names = [name for case in read_json(job.result / "result.json")["cases"] for name in case["files"]]
            assert names
            for name in names:
                gzip.decompress((job.result / name).read_bytes())
    assert not list(uploads_folder(place).glob("*/upload.json")), "what arrived whole is a job's"


def wait_until(what: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < ends
        time.sleep(0.02)
