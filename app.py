"""The app: Streamlit's pages and our own routes in one server. Start it with `streamlit run app.py`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.service.queue_watch import queue_watch
from core.service.routes import service_middleware, service_routes
from core.workspace import Workspace

ROOT = Path(__file__).resolve().parent
PARTS = ROOT / "pages" / "parts"
BASE = str(st.get_option("server.baseUrlPath") or "")

# The script lies inside pages/ and its path is absolute: beside a pages/ folder the first deep link of a fresh
# server would miss its page.
app = st.App(
    ROOT / "pages" / "shell.py",
    routes=service_routes(Workspace.default().root, PARTS / "viewer", BASE, PARTS / "uploader"),
    middleware=service_middleware(BASE),
    lifespan=queue_watch(Workspace.default()),
)
