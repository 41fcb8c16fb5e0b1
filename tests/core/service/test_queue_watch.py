"""While the server is up, a training that was killed does not hold those that wait behind it."""

from __future__ import annotations

import asyncio

import pytest

from core.jobs import queue
from core.jobs.queue import enqueue
from core.service import queue_watch as watch
from core.workspace import Workspace
from tests.core.jobs.stand_ins import Made, Trainings

PATIENCE_S = 20


def test_nobody_has_to_look_for_the_next_training_to_start(
    workspace: Workspace, made: Made, trainings: Trainings
) -> None:
    first, second = made(), made()
    enqueue(workspace, first.name, "cpu")
    enqueue(workspace, second.name, "cpu")
    trainings.end(first, None)
    assert trainings.names == [first.name], "nobody has looked yet"

    async def served() -> None:
        async with watch.queue_watch(workspace, every_s=0.05)(None), asyncio.timeout(PATIENCE_S):
            while trainings.names != [first.name, second.name]:
                await asyncio.sleep(0.02)

    asyncio.run(served())
    assert first.status.state == "failed"
    assert second.is_alive


def test_the_token_of_the_api_is_there_before_anybody_asks(workspace: Workspace) -> None:
    async def served() -> bool:
        async with watch.queue_watch(workspace)(None):
            return (workspace.root / "api-token").exists()

    assert asyncio.run(served())


def test_the_watch_goes_on_after_an_error(
    workspace: Workspace, made: Made, trainings: Trainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = made(), made()
    enqueue(workspace, first.name, "cpu")
    enqueue(workspace, second.name, "cpu")
    trainings.end(first, None)
    looks = 0

    def advance(place: Workspace) -> list[str]:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise RuntimeError("unreadable")
        return queue.advance(place)

    monkeypatch.setattr(watch, "advance", advance)

    async def served() -> None:
        async with watch.queue_watch(workspace, every_s=0.05)(None), asyncio.timeout(PATIENCE_S):
            while not second.is_alive:
                await asyncio.sleep(0.02)

    asyncio.run(served())
    assert trainings.names == [first.name, second.name]
