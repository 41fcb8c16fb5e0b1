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
        for option in options:
            config.get_option(f"{section}.{option}")


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
