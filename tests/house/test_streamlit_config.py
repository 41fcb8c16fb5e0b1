"""The app's configuration is understood by the Streamlit that is installed, and has the agreed look."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from streamlit import config


@pytest.fixture
def settings(repo_root: Path) -> dict[str, dict[str, Any]]:
    return tomllib.loads((repo_root / ".streamlit" / "config.toml").read_text())


def test_streamlit_knows_every_setting(settings: dict[str, dict[str, Any]]) -> None:
    # get_option raises on a name that Streamlit does not have, where the file itself is read without a word
    for section, options in settings.items():
        for option, value in options.items():
            for name in [f"{option}.{each}" for each in value] if isinstance(value, dict) else [option]:
                config.get_option(f"{section}.{name}")


def test_a_misspelt_setting_would_be_noticed() -> None:
    with pytest.raises(RuntimeError, match="not defined"):
        config.get_option("theme.primaryColour")


def test_the_app_stays_on_this_machine_and_tells_no_one(settings: dict[str, dict[str, Any]]) -> None:
    assert settings["server"]["address"] == "127.0.0.1"
    assert settings["server"]["enableStaticServing"] is False
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["client"]["showErrorDetails"] == "none"
    assert settings["client"]["toolbarMode"] == "minimal"


def test_the_colours_are_the_reading_room_s(settings: dict[str, dict[str, Any]]) -> None:
    theme = settings["theme"]
    assert theme["base"] == "dark"
    assert (theme["backgroundColor"], theme["secondaryBackgroundColor"]) == ("#0d1014", "#1b2129")
    assert (theme["primaryColor"], theme["textColor"], theme["borderColor"]) == ("#5aa9d6", "#e6ebf0", "#20262e")


def test_no_font_is_fetched(settings: dict[str, dict[str, Any]]) -> None:
    theme = settings["theme"]
    assert "fontFaces" not in theme
    assert not any("://" in str(value) for value in theme.values())


def test_light_is_there_for_whoever_s_browser_asks_for_it_and_can_be_read(settings: dict[str, dict[str, Any]]) -> None:
    light = settings["theme"]["light"]
    grounds = [light[name] for name in ("backgroundColor", "secondaryBackgroundColor", "codeBackgroundColor")]
    for ink in ("textColor", "primaryColor", "linkColor", "codeTextColor", "greenColor", "redColor", "grayColor"):
        for ground in grounds:
            assert contrast(light[ink], ground) >= 4.5, (ink, ground)


def contrast(one: str, other: str) -> float:
    """Return WCAG's ratio of two colours."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
