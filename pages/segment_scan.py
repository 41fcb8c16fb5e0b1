"""Segment: a study from its files to masks, measures and exports."""

from __future__ import annotations

from pages.parts import state
from pages.parts.segment import bring_a_study, one_study


def show() -> None:
    """Draw the page."""
    study = state.study()
    if study is None:
        bring_a_study()
    else:
        one_study(study)


show()
