"""Colours that are written down for a black page can be read on a white one, and nothing else is turned."""

from __future__ import annotations

import pytest

from pages.parts.themes import ON_WHITE, on_page, on_white
from tests.house.test_streamlit_config import contrast

GROUNDS = {"#20262e", "#3a424d", "#0d1014", "#11151a"}  # lines and surfaces


@pytest.mark.parametrize("bright", sorted(set(ON_WHITE) - GROUNDS))
def test_text_and_lines_are_dark_enough_on_white(bright: str) -> None:
    # charts' dots and lines need 3, what is written 4.5
    assert contrast(ON_WHITE[bright], "#ffffff") >= (3.0 if bright == "#7fc97f" else 4.5)


def test_a_chart_is_turned_wherever_a_colour_stands_in_it() -> None:
    spec = {"mark": {"color": "#e6ebf0"}, "layer": [{"size": 60}, ("1px solid #20262e", None)], "other": "#123456"}
    assert on_white(spec) == {
        "mark": {"color": "#10151b"},
        "layer": [{"size": 60}, ("1px solid #d5dae0", None)],
        "other": "#123456",
    }


def test_without_a_reader_the_page_is_dark() -> None:
    assert on_page("#e6ebf0") == "#e6ebf0"
