"""A workspace with a tiny checkpoint, its API, and a client that holds its token; workers are stand-ins."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.jobs import segmentation_queue as queue
from core.service.api.app import build_api
from core.service.api.rates import Rate, Rates
from core.service.api.tokens import read_tokens
from core.service.routes import api_mount
from core.workspace import Workspace
from tests.core.jobs.studies_to_segment import Workers, with_checkpoint


@pytest.fixture
def place(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    kept = Workers()
    monkeypatch.setattr(queue, "start_process", kept.start)
    yield with_checkpoint(workspace)
    kept.kill()


@pytest.fixture
def token(place: Workspace) -> str:
    return read_tokens(place.root)[0]


@pytest.fixture
def rates() -> Rates:
    return Rates(*(Rate(1e6, 10**6) for _ in range(3)))


@pytest.fixture
def stranger(place: Workspace, rates: Rates) -> Iterator[TestClient]:
    """A client without a token."""
    app = Starlette(routes=[api_mount("/api", build_api(place, rates))])
    with TestClient(app, raise_server_exceptions=True) as client:
        yield client


@pytest.fixture
def client(stranger: TestClient, token: str) -> TestClient:
    stranger.headers["Authorization"] = f"Bearer {token}"
    return stranger
