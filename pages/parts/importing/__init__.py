"""Bringing scans in, step by step: choose, see what is wrong, import."""

from __future__ import annotations

from pages.parts.importing.panel import import_button, import_panel

__all__ = ["import_button", "import_panel"]
