"""Tokens for the browser that looks at the page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.service.cookies import COOKIE, well_formed
from core.service.tokens import issue, token_key
from pages.parts.viewer.spec import VolumeRef


def volume_ref(content_hash: str, workspace: Path) -> VolumeRef:
    """Return a volume with a token that only the browser of this session can use.

    A browser that refuses our cookie gets a token that opens nothing; the viewer then says so.
    """
    cookie = well_formed(st.context.cookies.get(COOKIE))
    return VolumeRef(content_hash, issue(token_key(workspace), content_hash, cookie))
