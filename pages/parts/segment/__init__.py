"""A new scan, from the files to masks, measures and exports, step by step."""

from __future__ import annotations

from pages.parts.segment.bringing import bring_a_study
from pages.parts.segment.one_study import one_study

__all__ = ["bring_a_study", "one_study"]
