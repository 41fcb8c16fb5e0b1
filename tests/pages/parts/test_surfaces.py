"""The 3D figure: what is drawn where, what is said of it, and how it follows the viewer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from core.export.mesh import surface
from pages.parts.surfaces import EYES, Outlined, said, surface_figure
from pages.parts.viewer import RegionStyle

REGIONS = [RegionStyle("WT", "whole tumour", "#56b4e9"), RegionStyle("TC", "tumour core", "#e69f00")]
AFFINE = np.diag([1.0, 1.0, 2.0, 1.0])


def block(start: int, stop: int, what: str = "") -> Outlined:
    mask = np.zeros((40, 40, 20), bool)
    mask[start:stop, start:stop, start // 2 : stop // 2] = True
    return Outlined(surface(mask, AFFINE), what)


HEAD = block(2, 38, "brain")
TUMOUR = [block(10, 30), block(14, 20)]
NOTHING = Outlined(None, "1")


def drawn(figure: Any) -> dict[str, Any]:
    return {trace.name: trace for trace in figure.data}


def ends(trace: Any) -> npt.NDArray[np.float64]:
    return np.array([[np.min(axis), np.max(axis)] for axis in (trace.x, trace.y, trace.z)])


def test_every_region_is_drawn_in_its_colour_and_its_millimetres() -> None:
    traces = drawn(surface_figure(HEAD, {"Ground truth": TUMOUR}, REGIONS, None))
    assert set(traces) == {"Brain", "Ground truth, whole tumour", "Ground truth, tumour core", "Directions"}
    whole = traces["Ground truth, whole tumour"]
    assert whole.color == "#56b4e9"
    # voxels 10 to 29 of 1 mm, 5 to 14 of 2 mm, to the faces of the outermost
    assert ends(whole) == pytest.approx(np.array([[9.5, 29.5], [9.5, 29.5], [9.0, 29.0]]), abs=0.6)
    assert traces["Brain"].opacity < whole.opacity < traces["Ground truth, tumour core"].opacity
    figure = surface_figure(HEAD, {"Ground truth": TUMOUR}, REGIONS, None)
    assert figure.layout.scene.aspectmode == "data"


def test_of_two_masks_the_first_is_a_ghost() -> None:
    traces = drawn(surface_figure(HEAD, {"Ground truth": TUMOUR, "U-Net": TUMOUR}, REGIONS, None))
    ghost, model = traces["Ground truth, whole tumour"], traces["U-Net, whole tumour"]
    assert ghost.opacity < model.opacity
    assert ghost.color != model.color == "#56b4e9"


def test_the_letters_stand_where_millimetres_grow_and_fall() -> None:
    traces = drawn(surface_figure(HEAD, {}, REGIONS, None))
    letters = traces["Directions"]
    place = {word: np.array(at) for word, *at in zip(letters.text, letters.x, letters.y, letters.z, strict=True)}
    for axis, (low, high) in enumerate((("L", "R"), ("P", "A"), ("I", "S"))):
        assert place[low][axis] < ends(traces["Brain"])[axis][0]
        assert place[high][axis] > ends(traces["Brain"])[axis][1]


def test_the_crosshair_is_three_lines_through_its_point() -> None:
    at_mm = np.array([12.0, 20.0, 30.0])
    traces = drawn(surface_figure(HEAD, {"Ground truth": TUMOUR}, REGIONS, at_mm))
    lines = [trace for name, trace in traces.items() if name.startswith("Crosshair")]
    assert len(lines) == 3
    for axis, line in enumerate(lines):
        across = [other for other in range(3) if other != axis]
        assert np.allclose(ends(line)[across], at_mm[across, None])
        assert np.allclose(ends(line)[axis], ends(traces["Brain"])[axis], atol=0.01)


def test_the_camera_stays_until_another_case_or_eye_is_asked_for() -> None:
    figure = surface_figure(HEAD, {}, REGIONS, None, eye="Left", revision="one")
    assert figure.layout.scene.uirevision == "one"
    eye = figure.layout.scene.camera.eye
    assert (eye.x, eye.y, eye.z) == EYES["Left"]
    assert eye.x < 0  # the patient's left is where x falls


def test_what_is_empty_is_left_out_and_said() -> None:
    shown = {"Ground truth": TUMOUR, "U-Net": [TUMOUR[0], NOTHING]}
    words = said(HEAD, "T1", shown, REGIONS)
    assert words.startswith("Grey: brain, from T1.")
    assert words.endswith("U-Net has no TC.")
    assert "U-Net, tumour core" not in drawn(surface_figure(HEAD, shown, REGIONS, None))
    empty = surface_figure(Outlined(None, "head"), {"U-Net": [NOTHING, NOTHING]}, REGIONS, np.zeros(3))
    assert not empty.data
