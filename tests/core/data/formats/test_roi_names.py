"""A structure's name is shown only where it cannot be a person's."""

from __future__ import annotations

import pytest

from core.data.formats.roi_names import harmless_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("GTV", "gtv"),
        ("Tumor Bed", "tumor bed"),
        ("Lt_Lung", "lt lung"),
        ("PTV60", "ptv 60"),
        ("ROI-1", "roi 1"),
        ("optic nerve (R)", "optic nerve r"),
    ],
)
def test_words_of_anatomy_are_shown(name: str, shown: str) -> None:
    assert harmless_name(name) == shown


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Miller",
        "GTV Miller",
        "GTV^Head",
        "Brain 19630521",
        "Brain 21 05 63",
        "12",
        "Müller",
        "brain\nMiller",
        "brain " * 9,
    ],
)
def test_anything_else_is_not(name: str) -> None:
    assert harmless_name(name) == ""
