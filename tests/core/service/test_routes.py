"""What our routes give, to whom, and what they refuse."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from core.data.slabs import ViewerArray
from core.data.volume_cache import VolumeCache
from core.service.cookies import COOKIE
from core.service.modules import modules_version
from core.service.routes import service_middleware, service_routes
from core.service.tokens import LIFETIME_S, STEP_S, TOKEN_HEADER, is_valid, issue, token_key
from core.volume import Box

BROWSER = "ab" * 16


@pytest.fixture
def viewer(tmp_path: Path) -> Path:
    folder = tmp_path / "viewer"
    folder.mkdir()
    (folder / "main.js").write_text("export {};\n")
    (folder / "viewer.css").write_text("a {}\n")
    (folder / "__init__.py").write_text("secret = 1\n")
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


@pytest.fixture
def client(workspace: Path, viewer: Path) -> Iterator[TestClient]:
    pages = [
        Route("/", lambda _: HTMLResponse("<p>page</p>")),
        Route("/kept", lambda _: Response(status_code=304)),
        Route("/text", lambda _: PlainTextResponse("text")),
    ]
    app = Starlette(routes=[*service_routes(workspace, viewer), *pages], middleware=service_middleware())
    with TestClient(app) as made:
        yield made


@pytest.fixture
def volume(workspace: Path) -> str:
    voxels = np.arange(1, 28, dtype=np.int16).reshape(3, 3, 3)
    return VolumeCache(workspace / "volumes").put(ViewerArray(voxels))


def allowed(client: TestClient, workspace: Path, key: str) -> dict[str, str]:
    client.cookies.set(COOKIE, BROWSER)
    return {TOKEN_HEADER: issue(token_key(workspace), key, BROWSER)}


def test_a_token_opens_manifest_and_slab(client: TestClient, workspace: Path, volume: str) -> None:
    headers = allowed(client, workspace, volume)
    manifest = client.get(f"/volumes/{volume}/manifest", headers=headers)
    assert manifest.json()["full_shape"] == [3, 3, 3]
    slab = client.get(f"/volumes/{volume}/slab/0", headers={**headers, "Accept-Encoding": "gzip"})
    assert slab.headers["content-encoding"] == "gzip"
    assert slab.headers["vary"] == "Accept-Encoding"
    assert np.frombuffer(slab.content, "<i2")[:3].tolist() == [1, 10, 19]
    for answer in (manifest, slab):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_what_is_new_of_a_volume_that_grows_is_given_to_who_may_see_it(client: TestClient, workspace: Path) -> None:
    key = "cd" * 32
    headers = {**allowed(client, workspace, key), "Accept-Encoding": "gzip"}
    growing = VolumeCache(workspace / "volumes").grow(key, (2, 2, 4), Box.whole((2, 2, 4)), None, 4)
    assert client.get(f"/volumes/{key}/part/0", headers=headers).status_code == 404
    growing.publish([2, 3], np.arange(8, dtype=np.uint8).reshape(2, 2, 2))
    manifest = client.get(f"/volumes/{key}/manifest", headers=headers)
    assert manifest.json()["growing"]["parts"] == [[2, 3]]
    part = client.get(f"/volumes/{key}/part/0", headers=headers)
    assert list(part.content) == [0, 2, 1, 3, 4, 6, 5, 7]
    assert part.headers["content-encoding"] == "gzip"
    for answer in (manifest, part):
        assert answer.headers["cache-control"] == "no-store"
    assert client.get(f"/volumes/{key}/part/0").status_code == 403


def test_a_browser_that_cannot_inflate_gets_the_bytes_as_they_are(
    client: TestClient, workspace: Path, volume: str
) -> None:
    headers = allowed(client, workspace, volume)
    plain = client.get(f"/volumes/{volume}/slab/0", headers={**headers, "Accept-Encoding": "identity"})
    assert plain.headers["content-encoding"] == "identity"
    stored = VolumeCache(workspace / "volumes").slab(volume, 0)
    assert plain.content == gzip.decompress(stored)


def test_only_public_volumes_may_be_kept(client: TestClient, workspace: Path) -> None:
    public = VolumeCache(workspace / "volumes").put(ViewerArray(np.eye(3)[..., None], public=True))
    headers = allowed(client, workspace, public)
    for path in ("manifest", "slab/0"):
        kept = client.get(f"/volumes/{public}/{path}", headers=headers).headers["cache-control"]
        assert kept == "private, max-age=31536000, immutable"


@pytest.mark.parametrize("path", ["manifest", "slab/0", "token"])
@pytest.mark.parametrize("case", ["no token", "no cookie", "another browser", "another volume", "expired", "garbage"])
def test_without_a_valid_token_there_is_403_and_nothing_else(
    client: TestClient, workspace: Path, volume: str, path: str, case: str
) -> None:
    key = token_key(workspace)
    if case != "no cookie":
        client.cookies.set(COOKIE, "cd" * 16 if case == "another browser" else BROWSER)
    token = {
        "no token": "",
        "no cookie": issue(key, volume, BROWSER),
        "another browser": issue(key, volume, BROWSER),
        "another volume": issue(key, "00" * 32, BROWSER),
        "expired": issue(key, volume, BROWSER, now_s=1_000_000.0),
        "garbage": "9" * 400,
    }[case]
    method = "POST" if path == "token" else "GET"
    answer = client.request(method, f"/volumes/{volume}/{path}", headers={TOKEN_HEADER: token} if token else {})
    unknown = client.request(method, f"/volumes/{'11' * 32}/{path}", headers={TOKEN_HEADER: token} if token else {})
    for refused in (answer, unknown):
        assert refused.status_code == 403
        assert refused.content == b""
        assert refused.headers["cache-control"] == "no-store"


def test_a_token_in_the_address_opens_nothing(client: TestClient, workspace: Path, volume: str) -> None:
    token = allowed(client, workspace, volume)[TOKEN_HEADER]
    assert client.get(f"/volumes/{volume}/manifest?token={token}&{TOKEN_HEADER}={token}").status_code == 403


def test_a_valid_token_is_renewed(client: TestClient, workspace: Path, volume: str) -> None:
    headers = allowed(client, workspace, volume)
    fresh = client.post(f"/volumes/{volume}/token", headers=headers).json()["token"]
    assert is_valid(token_key(workspace), fresh, volume, BROWSER)
    soon = LIFETIME_S - STEP_S
    old = issue(token_key(workspace), volume, BROWSER, now_s=time.time() - soon)
    later = client.post(f"/volumes/{volume}/token", headers={TOKEN_HEADER: old}).json()["token"]
    assert int(later.split(".")[0]) >= int(old.split(".")[0]) + soon - STEP_S


def test_a_volume_that_was_let_go_is_404_for_its_reader(client: TestClient, workspace: Path) -> None:
    gone = "22" * 32
    headers = allowed(client, workspace, gone)
    assert client.get(f"/volumes/{gone}/manifest", headers=headers).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/volumes",
        "/volumes/",
        "/volumes/x",
        "/volumes/a/b/c/d",
        "/viewer",
        "/viewer/",
        "/viewer/v/x.js",
        "/viewer/v/a/b",
    ],
)
def test_an_unknown_path_of_ours_is_404(client: TestClient, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = client.request(method, path)
        assert answer.status_code == 404
        assert answer.content == b""


def test_modules_come_by_name_from_a_list_and_nothing_else_does(client: TestClient, viewer: Path) -> None:
    version = modules_version(viewer)
    module = client.get(f"/viewer/{version}/main.js")
    assert module.text == "export {};\n"
    assert module.headers["content-type"].startswith("text/javascript")
    assert "immutable" in module.headers["cache-control"]
    (viewer / "later.js").write_text("")
    for name in ("__init__.py", "later.js", "..%2Fviewer%2Fmain.js", "%2e%2e/main.js", "main.js/"):
        assert client.get(f"/viewer/{version}/{name}").status_code == 404


def test_an_edited_module_is_not_kept_under_its_old_version(client: TestClient, viewer: Path) -> None:
    version = modules_version(viewer)
    (viewer / "main.js").write_text("export const a = 1;\n")
    assert modules_version(viewer) != version
    answer = client.get(f"/viewer/{version}/main.js")
    assert answer.text == "export const a = 1;\n"
    assert answer.headers["cache-control"] == "no-store"


def test_routes_lie_under_the_base_path(workspace: Path, viewer: Path) -> None:
    app = Starlette(routes=service_routes(workspace, viewer, base="/clinic/"), middleware=service_middleware("clinic"))
    with TestClient(app) as client:
        assert client.get(f"/clinic/viewer/{modules_version(viewer)}/main.js").status_code == 200
        assert client.get("/clinic/volumes/x/manifest").status_code == 403


def test_a_page_brings_a_cookie_that_scripts_and_other_sites_cannot_use(client: TestClient) -> None:
    cookie = client.get("/").headers["set-cookie"]
    name, _, rest = cookie.partition("=")
    assert name == COOKIE
    assert {part.strip() for part in rest.split(";")[1:]} == {"Path=/", "HttpOnly", "SameSite=Lax"}
    assert "set-cookie" not in client.get("/").headers  # the client sends it back


def test_two_browsers_get_two_cookies(client: TestClient) -> None:
    first = client.get("/").headers["set-cookie"]
    client.cookies.clear()
    assert client.get("/").headers["set-cookie"] != first


def test_a_malformed_cookie_is_replaced(client: TestClient) -> None:
    client.cookies.set(COOKIE, "mine")
    assert COOKIE in client.get("/").headers["set-cookie"]


def test_only_pages_bring_the_cookie(client: TestClient) -> None:
    assert "set-cookie" not in client.get("/text").headers
    assert "set-cookie" not in client.get("/kept").headers
    # a page that the browser kept while its cookies were cleared
    assert COOKIE in client.get("/kept", headers={"Accept": "text/html,*/*"}).headers["set-cookie"]


def test_over_https_the_cookie_stays_there(workspace: Path, viewer: Path) -> None:
    app = Starlette(
        routes=[*service_routes(workspace, viewer), Route("/", lambda _: HTMLResponse(""))],
        middleware=service_middleware(),
    )
    with TestClient(app, base_url="https://testserver") as client:
        assert "Secure" in client.get("/").headers["set-cookie"]
