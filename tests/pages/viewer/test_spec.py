"""What a page may ask for, and what the browser may answer."""

from __future__ import annotations

import pytest

from core.labels import SCHEMES
from pages.parts.viewer import Panel, ViewerView, VolumeRef, region_styles, slice_viewer
from pages.parts.viewer.component import ViewerSpecError

T1 = {"T1": VolumeRef("ab" * 32, "token")}


@pytest.mark.parametrize(
    ("panel", "sentence"),
    [
        (Panel("x", image="T9"), "no image is called 'T9'; given: T1"),
        (Panel("x", mask="U-Net"), "no mask is called 'U-Net'; given: none"),
        (Panel("x", plane="diagonal"), "found plane 'diagonal', expected one of axial, coronal, sagittal"),
    ],
)
def test_a_name_that_is_not_there_is_refused_by_name(panel: Panel, sentence: str) -> None:
    with pytest.raises(ViewerSpecError, match=sentence):
        slice_viewer(case_title="x", images=T1, panels=[panel], key="x")


def test_what_the_browser_says_is_read_and_nonsense_is_left_out() -> None:
    said = {"plane": "coronal", "slice": 4, "image": "T1", "window": [0, 9.5], "cursor": [1, 4, 2]}
    assert ViewerView.from_json(said) == ViewerView("coronal", 4, "T1", (0.0, 9.5), (1, 4, 2))
    nonsense = {"plane": "<b>", "slice": "4", "image": 3, "window": [1], "cursor": ["a", 1, 2]}
    assert ViewerView.from_json(nonsense) == ViewerView()


def test_regions_keep_their_colours_in_bit_order() -> None:
    styles = region_styles(SCHEMES["brats-2023"])
    assert [(style.name, style.colour) for style in styles] == [
        ("WT", "#56b4e9"),
        ("TC", "#e69f00"),
        ("ET", "#f0e442"),
    ]
    for scheme in SCHEMES.values():
        assert len({style.colour for style in region_styles(scheme)}) == len(scheme.regions)
