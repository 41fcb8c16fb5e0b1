"""Colours that Streamlit does not choose, as the theme of the page wants them: they are written down for black."""

from __future__ import annotations

import re
from typing import TypeVar

import streamlit as st

T = TypeVar("T")

# what is bright on black cannot be read on white: text and grounds, then lines and dots
ON_WHITE = {
    "#e6ebf0": "#10151b",
    "#8d98a6": "#5b6673",
    "#20262e": "#d5dae0",
    "#3a424d": "#aeb6c0",
    "#0d1014": "#ffffff",
    "#11151a": "#f5f7f9",
    "#5aa9d6": "#1f6f9f",
    "#56b4e9": "#1b6fa8",
    "#e69f00": "#9a5a00",
    "#f0e442": "#6b7300",
    "#009e73": "#00785a",
    "#cc79a7": "#a8447c",
    "#d55e00": "#b34f00",
    "#5fb37a": "#1e7d3c",
    "#7fc97f": "#3c8f3c",
}
COLOUR = re.compile(r"#[0-9a-f]{6}\b")


def is_light() -> bool:
    """Return whether the reader's page is white; without a browser it is not."""
    return st.context.theme.type == "light"


def on_page(drawn: T) -> T:
    """Return a chart's description, a style sheet or HTML in the colours of the page's theme.

    Args:
        drawn: a text, or dicts, lists and tuples of them; anything else in it stays as it is.
    """
    return on_white(drawn) if is_light() else drawn


def on_white(drawn: T) -> T:
    """Return the same in colours that can be told on white."""
    if isinstance(drawn, str):
        return COLOUR.sub(lambda found: ON_WHITE.get(found[0], found[0]), drawn)  # type: ignore[return-value]
    if isinstance(drawn, dict):
        return {key: on_white(value) for key, value in drawn.items()}  # type: ignore[return-value]
    if isinstance(drawn, list | tuple):
        return type(drawn)(on_white(each) for each in drawn)
    return drawn
