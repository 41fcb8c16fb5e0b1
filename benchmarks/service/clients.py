"""Several clients of `python -m core serve` at once, and one more that asks for its health."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import psutil

from benchmarks.service.processor import busy_s
from core.atomic import read_json
from core.training.runs.liveness import process_lives
from tests.core.service.api.serving_alone import serve_alone

HEALTH_EVERY_S = 0.1
LOOK_EVERY_S = 1.0  # as the client that ships
GOAL_MS = 50.0


def by_clients(studies: Sequence[Path], workspace: Path, checkpoint: str, clients: int) -> dict[str, Any]:
    """Bring studies by so many clients at once, each waiting for its own before it brings the next.

    The first is brought alone before and left out of what is timed, as the command's first one is.

    Returns:
        `studies_per_min`; `cpu_s_per_study` of the worker and the server, and by itself of the worker, the server and
        the clients; `errors`, `lost`, `health_ms`; and `masks`: the SHA-256 of each.
    """
    workspace.mkdir(parents=True)
    server, client = serve_alone(workspace)
    try:
        warm = _one(client, studies[0], checkpoint)  # starts the worker, loads the model
        assert warm is not None
        worker = read_json(workspace / "workers" / "cpu.json")["pid"]
        watched = {"worker": psutil.Process(worker), "server": psutil.Process(server.pid), "clients": psutil.Process()}
        over = Event()
        with ThreadPoolExecutor(1) as watch, ThreadPoolExecutor(clients) as pool:
            watching = watch.submit(_health, str(client.base_url), over)
            before, began = _busy(watched), time.perf_counter()
            found = list(pool.map(lambda study: _one(client, study, checkpoint), studies[1:]))
            minutes, after = (time.perf_counter() - began) / 60, _busy(watched)
            over.set()
            health = sorted(watching.result())
        listed = client.get("/segmentations").json()["segmentations"]
    finally:
        client.close()
        server.kill()
        server.wait()
        _end_worker(workspace)
    done = [each for each in found if each]
    spent = {name: round((after[name] - before[name]) / len(found), 3) for name in watched}
    return {
        "studies_per_min": round(len(done) / minutes, 2),
        "cpu_s_per_study": round(spent["worker"] + spent["server"], 2),
        "cpu_s_per_study_of": spent,
        "errors": len(found) - len(done),
        "lost": len(studies) - len(listed),
        "health_ms": {
            "median": round(health[len(health) // 2] * 1e3, 2),
            "p99": round(health[int(len(health) * 0.99)] * 1e3, 2),
            "slowest": round(health[-1] * 1e3, 2),
            "asked": len(health),
            "later_than_50_ms": sum(each * 1e3 >= GOAL_MS for each in health),
        },
        "masks": dict([warm, *done]),
    }


def _busy(watched: Mapping[str, psutil.Process]) -> dict[str, float]:
    return {name: busy_s(process) for name, process in watched.items()}


def _end_worker(workspace: Path) -> None:
    """End the worker, which outlives its server."""
    said = read_json(workspace / "workers" / "cpu.json")
    while process_lives(said["pid"], said["born"]):
        os.kill(said["pid"], signal.SIGKILL)
        time.sleep(0.05)


def _one(client: httpx.Client, study: Path, checkpoint: str) -> tuple[str, str] | None:
    """Bring a study, wait, fetch its mask; return its name and SHA-256, or None where anything went wrong."""
    files = [("files", (path.name, path.read_bytes())) for path in sorted(study.iterdir())]
    answer = client.post("/segmentations", files=files, data={"checkpoint": checkpoint})
    if answer.status_code != 202:
        return None
    path = f"/segmentations/{answer.json()['id']}"
    while (state := client.get(path).json()["state"]) in ("queued", "running"):
        time.sleep(LOOK_EVERY_S)
    mask = client.get(f"{path}/result")
    if state != "done" or mask.status_code != 200:
        return None
    return f"{study.name}_seg.nii.gz", hashlib.sha256(mask.content).hexdigest()


def _health(address: str, over: Event) -> list[float]:
    seconds = []
    with httpx.Client() as client:
        while not over.wait(HEALTH_EVERY_S):
            began = time.perf_counter()
            client.get(f"{address.rstrip('/')}/health").raise_for_status()
            seconds.append(time.perf_counter() - began)
    return seconds
