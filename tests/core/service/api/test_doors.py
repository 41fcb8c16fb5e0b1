"""Who comes in, how often, what errors look like, and what the API says of itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.service.alone import serving_app
from core.service.api import studies
from core.service.api.problems import MEDIA_TYPE
from core.service.api.rates import Rate, Rates
from core.service.api.tokens import FILE, TokenFileError, Tokens, read_tokens, token_file
from core.service.routes import service_routes
from core.workspace import PROJECT, Workspace
from tests import narrow

GUARDED = (
    ("GET", "models"),
    ("GET", "segmentations"),
    ("POST", "segmentations"),
    ("GET", "segmentations/segmentation-1700000000-00ff00ff00ff"),
    ("GET", "segmentations/segmentation-1700000000-00ff00ff00ff/result"),
    ("DELETE", "segmentations/segmentation-1700000000-00ff00ff00ff"),
)
OPEN = ("health", "openapi.json", "docs")


@pytest.mark.parametrize("path", OPEN)
def test_health_and_the_descriptions_need_no_token(stranger: TestClient, path: str) -> None:
    assert stranger.get(f"/api/{path}").status_code == 200


@pytest.mark.parametrize(("method", "path"), GUARDED)
@pytest.mark.parametrize("sent", [None, "", "Bearer", "Bearer wrong", "Basic {token}", "Bearer {token}x", "{token}"])
def test_everything_else_is_401_without_the_token(
    stranger: TestClient, token: str, method: str, path: str, sent: str | None
) -> None:
    headers = {} if sent is None else {"Authorization": sent.format(token=token)}
    answer = stranger.request(method, f"/api/{path}", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert token not in answer.text


def test_every_route_of_the_description_is_guarded_or_known_to_be_open(stranger: TestClient) -> None:
    document = stranger.get("/api/openapi.json").json()
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert len(described) == len(GUARDED) + 1  # and health
    assert {path for _, path in described if "{" not in path} == {"/health", "/models", "/segmentations"}


def test_the_browsers_cookie_opens_nothing(stranger: TestClient) -> None:
    stranger.cookies.set("segscope_browser", "ab" * 16)
    assert stranger.get("/api/segmentations").status_code == 401


def test_the_token_is_made_once_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    path = token_file(tmp_path / "workspace")
    assert path.name == FILE
    assert path.stat().st_mode & 0o777 == 0o600
    (token,) = read_tokens(tmp_path / "workspace")
    assert len(token) >= 43  # 32 bytes of chance
    assert read_tokens(tmp_path / "workspace") == [token]


def test_a_file_that_others_can_read_opens_nothing(client: TestClient, place: Workspace) -> None:
    assert client.get("/api/models").status_code == 200
    token_file(place.root).chmod(0o644)
    with pytest.raises(TokenFileError, match="chmod 600"):
        read_tokens(place.root)
    answer = client.get("/api/models")
    assert answer.status_code == 503
    assert "chmod 600" in answer.json()["detail"]


def test_another_line_is_another_token_and_a_line_less_locks_out(tmp_path: Path) -> None:
    path = token_file(tmp_path)
    first, second = read_tokens(tmp_path)[0], "another-client-" + "x" * 20
    tokens = Tokens(tmp_path)
    assert tokens.holder(second) is None
    path.write_text(f"{first}\n{second}\n")
    assert tokens.holder(first) != tokens.holder(second)
    path.write_text(f"{second}\n# {'x' * 20}")
    assert tokens.holder(first) is None
    path.write_text("short\n")
    with pytest.raises(TokenFileError, match="fewer than 20"):
        tokens.holder(second)


def test_a_rate_is_so_many_at_once_and_so_many_a_second() -> None:
    now = 0.0
    rate = Rate(per_s=0.5, at_once=2, clock=lambda: now)
    assert [rate.wait_s("a") for _ in range(3)] == [0, 0, 2]
    assert rate.wait_s("b") == 0, "each asker has its own"
    now = 2.0
    assert [rate.wait_s("a") for _ in range(2)] == [0, 2]
    now = 1000.0
    assert [rate.wait_s("a") for _ in range(3)] == [0, 0, 2], "no more than that is saved up"


@pytest.mark.parametrize("kind", ["requests", "studies", "strangers"])
def test_beyond_a_rate_the_answer_is_429_with_when_to_come_back(
    stranger: TestClient, rates: Rates, token: str, kind: str
) -> None:
    setattr(rates, kind, Rate(per_s=0.1, at_once=2))
    if kind != "strangers":
        stranger.headers["Authorization"] = f"Bearer {token}"
    method, path = ("POST", "segmentations") if kind == "studies" else ("GET", "models")
    answers = [stranger.request(method, f"/api/{path}") for _ in range(3)]
    assert [answer.status_code == 429 for answer in answers] == [False, False, True]
    assert answers[-1].headers["retry-after"] == "10"
    assert answers[-1].headers["content-type"] == MEDIA_TYPE
    assert stranger.get("/api/health").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "nothing", 404),
        ("GET", "segmentations/", 404),
        ("PUT", "segmentations", 405),
        ("POST", "health", 405),
        ("HEAD", "nothing", 404),
    ],
)
def test_what_is_not_there_or_cannot_be_done_is_a_problem_document(
    client: TestClient, method: str, path: str, status: int
) -> None:
    answer = client.request(method, f"/api/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, MEDIA_TYPE)
    if status == 405:
        assert answer.headers["allow"]


@pytest.mark.parametrize(
    ("path", "status"), [("health", 200), ("models", 200), ("segmentations", 200), ("nothing", 404)]
)
def test_head_is_answered_as_get_without_the_body(client: TestClient, path: str, status: int) -> None:
    whole, bare = client.get(f"/api/{path}"), client.head(f"/api/{path}")
    assert (bare.status_code, bare.content) == (status, b"")
    assert {**bare.headers} == {**whole.headers}


def test_who_has_no_token_is_told_where_it_is(stranger: TestClient) -> None:
    assert "the file api-token in the server's workspace" in stranger.get("/api/models").json()["detail"]


def test_what_nobody_foresaw_is_500_without_a_word_of_it(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_given: object) -> None:
        raise ZeroDivisionError("of Jane Doe")

    monkeypatch.setattr(studies, "segmentations", broken)
    answer = client.get("/api/segmentations")
    assert (answer.status_code, answer.headers["content-type"]) == (500, MEDIA_TYPE)
    assert "Jane" not in answer.text + caplog.text
    assert "Traceback" not in answer.text + caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_models_say_what_they_read_and_find(client: TestClient, place: Workspace) -> None:
    document = client.get("/api/models").json()
    found = {model["name"]: model for model in document["models"]}
    assert found["narrow"]["modalities"] == ["t1n", "t1c", "t2w", "t2f"]
    assert [region["name"] for region in found["narrow"]["regions"]] == ["WT", "TC", "ET"]
    assert len(found["narrow"]["id"]) == 64
    assert "phantom-unet" in found
    assert "nifti" in document["formats"]
    assert found["narrow"]["without"] == {}, "it needs them all"
    narrow.checkpoint(place.made_checkpoint("dropping"), seed=1, recipe=narrow.DROPPING)
    (dropping,) = (each for each in client.get("/api/models").json()["models"] if each["name"] == "dropping")
    assert list(dropping["without"]) == ["t1n", "t1c", "t2w", "t2f"]
    assert dropping["without"]["t2f"].startswith("Without FLAIR: what that costs was not measured")


def test_the_description_is_shown_without_scripts_and_from_here_alone(stranger: TestClient) -> None:
    answer = stranger.get("/api/docs")
    assert "/segmentations/{segmentation}/result" in answer.text
    assert "<script" not in answer.text
    assert "://" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_api_is_under_the_apps_base_path_and_built_by_the_first_request(tmp_path: Path) -> None:
    (tmp_path / "viewer").mkdir()
    app = Starlette(routes=service_routes(tmp_path / "workspace", tmp_path / "viewer", "/a/b/"))
    with TestClient(app) as client:
        assert client.get("/a/b/api/health").json() == {"status": "ok"}
        for own in ("/a/b/api", "/a/b/api/"):
            assert client.get(own, follow_redirects=False).headers["location"] == "/a/b/api/docs"
            assert client.get(own).headers["content-type"].startswith("text/html")
            refused = client.post(own)
            assert (refused.status_code, refused.headers["content-type"]) == (405, MEDIA_TYPE)
        assert client.get("/api/health").status_code == 404
        assert client.get("/a/b/api/openapi.json").json()["servers"] == [{"url": "/a/b/api"}]


def test_alone_it_serves_the_same_paths(place: Workspace) -> None:
    with TestClient(serving_app(place)) as client:
        assert client.get("/api/health").status_code == 200
        assert client.get("/api/models").status_code == 401


def test_the_pages_start_without_fastapi() -> None:
    program = "import sys, app; print('fastapi' in sys.modules, 'torch' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["False", "False"]


def test_the_api_itself_loads_no_torch(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from core.workspace import Workspace\n"
        "from core.service.api.app import build_api; build_api(Workspace(Path(sys.argv[1])))\n"
        "print({'torch', 'cv2', 'monai'} & set(sys.modules))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == "set()"
