"""The API in the app's own process: behind its own token, deaf to the browser's cookie."""

from __future__ import annotations

import httpx
import pytest

from core.service.api.problems import MEDIA_TYPE
from core.service.api.tokens import read_tokens
from core.workspace import PROJECT, Workspace
from tests.pages.serving import serve


@pytest.mark.slow
def test_the_app_serves_the_api_beside_its_pages(workspace: Workspace) -> None:
    server, address = serve(PROJECT / "app.py", workspace.root)
    try:
        with httpx.Client(base_url=address, timeout=60) as client:
            assert client.get("/").headers["content-type"].startswith("text/html")
            assert client.get("/api/health").json() == {"status": "ok"}
            client.cookies.set("segscope_browser", "ab" * 16)
            refused = client.get("/api/models")
            assert (refused.status_code, refused.headers["content-type"]) == (401, MEDIA_TYPE)
            token = {"Authorization": f"Bearer {read_tokens(workspace.root)[0]}"}
            assert "phantom-unet" in client.get("/api/models", headers=token).text
            missing = client.get("/api/nothing", headers=token)
            assert (missing.status_code, missing.headers["content-type"]) == (404, MEDIA_TYPE)
            assert client.get("/api/openapi.json").json()["servers"] == [{"url": "/api"}]
    finally:
        server.kill()
        server.wait()
