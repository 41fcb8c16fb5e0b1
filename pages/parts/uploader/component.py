"""The uploader's element on the page: a token to the browser, and the id of what has arrived back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.data import limits
from core.jobs.uploads import Upload
from core.service.cookies import COOKIE, well_formed
from core.service.modules import modules_version
from core.service.routes import base_path
from core.service.tokens import issue, token_key
from core.service.uploads import SCOPE
from core.workspace import Workspace

FOLDER = Path(__file__).resolve().parent

_mount = st.components.v2.component(
    "segscope_uploader",
    css=(FOLDER / "uploader.css").read_text(encoding="utf-8"),
    js=(FOLDER / "bootstrap.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What the visitor did.

    Attributes:
        finished: id of an upload that has arrived, or "".
        discarded: id of an upload that was given up, or "".
    """

    finished: str
    discarded: str


def this_browser() -> str:
    """Return the cookie of the browser that looks at the page; an empty text where it refuses ours."""
    return well_formed(st.context.cookies.get(COOKIE))


def uploader(workspace: Workspace, pending: Upload | None, hint: str, action: str, key: str) -> Uploaded:
    """Show where to drop files, and how far they are.

    Args:
        workspace: where they go.
        pending: an upload of this browser that an earlier page left behind.
        hint: what may be dropped.
        action: what the page does with files that have arrived, as the word on the button.
        key: keeps the element alive between runs.
    """
    folder = base_path(str(st.get_option("server.baseUrlPath") or ""))
    data: dict[str, Any] = {
        "base": folder,
        "modules": f"{folder}/uploader/{modules_version(FOLDER)}",
        "token": issue(token_key(workspace.root), SCOPE, this_browser()),
        "piece_bytes": limits.UPLOAD_PIECE_BYTES,
        "hint": hint,
        "action": action,
        "pending": None if pending is None else _state(pending),
    }
    state = _mount(key=key, data=data, on_uploaded_change=_nothing, on_discarded_change=_nothing)
    return Uploaded(str(state.get("uploaded") or ""), str(state.get("discarded") or ""))


def _nothing() -> None:
    """Be there: a value without a callback would be one that Streamlit does not know."""


def _state(upload: Upload) -> dict[str, Any]:
    received = sum(upload.received(index) for index in range(len(upload.files)))
    return {
        "id": upload.id,
        "files": len(upload.files),
        "bytes": upload.bytes,
        "received": received,
        "complete": received == upload.bytes,
    }
