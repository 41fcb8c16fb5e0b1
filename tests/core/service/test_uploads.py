"""The upload routes: who may send, how a broken upload goes on, and what a refusal says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.data import limits
from core.jobs.uploads import uploads_folder
from core.service.cookies import COOKIE
from core.service.routes import service_middleware, service_routes
from core.service.tokens import LIFETIME_S, TOKEN_HEADER, is_valid, issue, token_key
from core.service.uploads import LENGTH_HEADER, OFFSET_HEADER, SCOPE
from core.workspace import Workspace

BROWSER = "ab" * 16
FILES = [{"name": "study/a.dcm", "size": 6}, {"name": "study/b.dcm", "size": 0}]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


@pytest.fixture
def client(workspace: Path, tmp_path: Path) -> Iterator[TestClient]:
    (tmp_path / "viewer").mkdir()
    app = Starlette(routes=service_routes(workspace, tmp_path / "viewer"), middleware=service_middleware())
    with TestClient(app) as made:
        made.cookies.set(COOKIE, BROWSER)
        made.headers[TOKEN_HEADER] = issue(token_key(workspace), SCOPE, BROWSER)
        made.headers["Sec-Fetch-Site"] = "same-origin"
        yield made


def started(client: TestClient) -> str:
    answer = client.post("/uploads/new", json={"files": FILES})
    assert answer.status_code == 201
    return str(answer.json()["id"])


def put(client: TestClient, upload: str, offset: int, content: bytes, index: int = 0) -> tuple[int, dict[str, object]]:
    answer = client.put(f"/uploads/{upload}/{index}", content=content, headers={OFFSET_HEADER: str(offset)})
    return answer.status_code, answer.json()


def test_a_file_arrives_in_pieces(client: TestClient, workspace: Path) -> None:
    upload = started(client)
    assert put(client, upload, 0, b"abc") == (200, {"offset": 3})
    head = client.head(f"/uploads/{upload}/0")
    assert (head.headers[OFFSET_HEADER], head.headers[LENGTH_HEADER]) == ("3", "6")
    assert not client.get(f"/uploads/{upload}").json()["complete"]
    assert put(client, upload, 3, b"def") == (200, {"offset": 6})
    state = client.get(f"/uploads/{upload}").json()
    assert state["complete"]
    assert [file["received"] for file in state["files"]] == [6, 0]
    assert (uploads_folder(Workspace(workspace)) / upload / "files" / "000000").read_bytes() == b"abcdef"


def test_a_piece_at_a_wrong_offset_is_409_with_the_right_one(client: TestClient) -> None:
    upload = started(client)
    put(client, upload, 0, b"abc")
    for wrong in (0, 2, 4):
        status, answer = put(client, upload, wrong, b"x")
        assert (status, answer["offset"]) == (409, 3)


def test_refusals_are_sentences(client: TestClient) -> None:
    upload = started(client)
    status, answer = put(client, upload, 0, b"abcdefg")
    assert status == 413
    assert "announced" in str(answer["error"])
    assert put(client, upload, 0, b"x", index=2)[0] == 404
    assert client.put(f"/uploads/{upload}/0", content=b"x").json()["error"].startswith(f"no {OFFSET_HEADER} header")
    assert client.put(f"/uploads/{upload}/0", content=b"x", headers={OFFSET_HEADER: "-1"}).status_code == 400
    assert client.post("/uploads/new", json={"files": [{"name": "../x", "size": 1}]}).status_code == 400
    assert client.post("/uploads/new", json={"files": []}).status_code == 400


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"files": 3}', b'{"files": [{"name": 3, "size": 1}]}', b'{"files": [{"name": "a"}]}',
             b'{"files": [{"name": "a", "size": true}]}', b'{"files": [{"name": "a", "size": 1.5}]}']
)  # fmt: skip
def test_a_list_of_files_that_cannot_be_read_is_400(client: TestClient, body: bytes) -> None:
    assert client.post("/uploads/new", content=body).status_code == 400


def test_a_list_that_is_too_long_is_413(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_UPLOAD_LIST_BYTES", 40)
    assert client.post("/uploads/new", json={"files": FILES}).status_code == 413


def test_a_cancelled_upload_leaves_nothing(client: TestClient, workspace: Path) -> None:
    upload = started(client)
    put(client, upload, 0, b"abc")
    assert client.delete(f"/uploads/{upload}").status_code == 200
    assert not list(uploads_folder(Workspace(workspace)).iterdir())
    assert client.get(f"/uploads/{upload}").status_code == 404


@pytest.mark.parametrize("case", ["no token", "no cookie", "another browser", "a volume's token", "expired"])
def test_without_the_pages_token_there_is_403_and_nothing_else(client: TestClient, workspace: Path, case: str) -> None:
    upload = started(client)
    key = token_key(workspace)
    if case == "no token":
        del client.headers[TOKEN_HEADER]
    elif case == "no cookie":
        client.cookies.clear()
    elif case == "another browser":
        client.cookies.set(COOKIE, "cd" * 16)
    elif case == "a volume's token":
        client.headers[TOKEN_HEADER] = issue(key, "00" * 32, BROWSER)
    else:
        client.headers[TOKEN_HEADER] = issue(key, SCOPE, BROWSER, now_s=time.time() - 2 * LIFETIME_S)
    assert_all_403(client, upload)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {},
    ],
)
def test_a_foreign_page_in_the_same_browser_is_403(client: TestClient, headers: dict[str, str]) -> None:
    upload = started(client)
    del client.headers["Sec-Fetch-Site"]
    client.headers.update(headers)
    assert_all_403(client, upload)


def test_a_browser_that_says_only_origin_may_send(client: TestClient) -> None:
    del client.headers["Sec-Fetch-Site"]
    client.headers["Origin"] = "http://testserver"
    started(client)


def assert_all_403(client: TestClient, upload: str) -> None:
    for method, path in (
        ("POST", "new"), ("POST", "token"), ("GET", upload), ("DELETE", upload), ("HEAD", f"{upload}/0"),
        ("PUT", f"{upload}/0"), ("GET", "00" * 16),
    ):  # fmt: skip
        answer = client.request(method, f"/uploads/{path}", headers={OFFSET_HEADER: "0"})
        assert answer.status_code == 403
        assert answer.content == b""


def test_another_browsers_upload_is_404(client: TestClient, workspace: Path) -> None:
    upload = started(client)
    client.cookies.set(COOKIE, "cd" * 16)
    client.headers[TOKEN_HEADER] = issue(token_key(workspace), SCOPE, "cd" * 16)
    assert client.get(f"/uploads/{upload}").status_code == 404
    assert put(client, upload, 0, b"x")[0] == 404
    assert client.delete(f"/uploads/{upload}").status_code == 404


def test_a_token_is_renewed_for_a_token(client: TestClient, workspace: Path) -> None:
    fresh = client.post("/uploads/token").json()["token"]
    assert is_valid(token_key(workspace), fresh, SCOPE, BROWSER)


@pytest.mark.parametrize("path", ["/uploads", "/uploads/", "/uploads/a/b", "/uploads/a/b/c"])
def test_an_unknown_path_is_404(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404
