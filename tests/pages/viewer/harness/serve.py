"""The harness as an app: the same routes and middleware as the real one."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from core.service.routes import service_middleware, service_routes

HERE = Path(__file__).resolve().parent
BASE = str(st.get_option("server.baseUrlPath") or "")

app = st.App(
    HERE / "script.py",
    routes=service_routes(Path(os.environ["SEGSCOPE_WORKSPACE"]), HERE.parents[3] / "pages" / "parts" / "viewer", BASE),
    middleware=service_middleware(BASE),
)
