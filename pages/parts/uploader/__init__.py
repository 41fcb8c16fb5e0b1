"""Files from the visitor's disk to ours, past Streamlit's memory: streamed, resumable, capped."""

from __future__ import annotations

from pages.parts.uploader.component import Uploaded, this_browser, uploader

__all__ = ["Uploaded", "this_browser", "uploader"]
