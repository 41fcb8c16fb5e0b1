"""Where the viewer's modules are, and fetching them before a viewer is on the page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.service.modules import module_names, modules_version
from core.service.routes import base_path

FOLDER = Path(__file__).resolve().parent
# Given to Streamlit as text; every other module comes from our own route.
BOOTSTRAP = "bootstrap.js"
WARM = "warm.js"
# Holds types only.
TYPES = "types.js"

_warm = st.components.v2.component("segscope_warm", js=(FOLDER / WARM).read_text(encoding="utf-8"))


def app_folder() -> str:
    """Return the path that the app is mounted under, without a slash at its end."""
    return base_path(str(st.get_option("server.baseUrlPath") or ""))


def modules_address() -> str:
    """Return the path of the modules, which changes whenever one of them does."""
    return f"{app_folder()}/viewer/{modules_version(FOLDER)}"


def warm_viewer() -> None:
    """Let the browser fetch the modules now, so that the first viewer finds them there; draws nothing."""
    apart = (BOOTSTRAP, WARM, TYPES)
    names = [name for name in module_names(FOLDER) if name.endswith(".js") and name not in apart]
    _warm(key="warm viewer", data={"modules": modules_address(), "names": names})
