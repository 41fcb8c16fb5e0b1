"""The curves as a picture for a report: white, whole, the same in both formats, and nothing that was not measured."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import numpy as np
from PIL import Image

from core.export.drawing import SCALE
from pages.parts.training.figure import curves_png, curves_svg
from pages.parts.training.lines import Watched
from tests.pages.parts.training.test_charts import measured

SVG = "{http://www.w3.org/2000/svg}"


def drawn(watched: Watched, title: str = "U-Net · 0001") -> ET.Element:
    return ET.fromstring(curves_svg(title, watched))


def words(svg: ET.Element) -> list[str]:
    return [str(each.text) for each in svg.iter(f"{SVG}text")]


def test_every_measured_chart_is_there_and_no_other() -> None:
    said = words(drawn(Watched(measured(100), ("WT",), 100)))
    assert said[0] == "U-Net · 0001"
    assert {"Loss", "Validation Dice, whole patients", "Learning rate", "Throughput, slices per second"} <= set(said)
    assert "Learning rate" not in words(drawn(Watched(measured(100, older=True), ("WT",), 100)))


def test_a_line_ends_at_its_last_step_and_its_value() -> None:
    svg = drawn(Watched(measured(101, older=True), ("WT",), 200))
    lines = [line for line in svg.iter(f"{SVG}polyline") if line.get("stroke") == "#1f7fbf"]
    x, y = map(float, str(lines[0].get("points")).split()[-1].split(","))
    # the second chart of the first row: Dice 0.5 at step 100 of 200 is its middle
    assert (x, y) == (520 + (56 + 520 - 14) / 2, 36 + (44 + 300 - 34) / 2)


def test_a_title_from_a_recipe_is_text_and_no_markup() -> None:
    assert words(drawn(Watched(measured(20), ("WT",), 20), "<script>&"))[0] == "<script>&"


def test_the_ground_is_white_and_the_png_is_the_svg_three_times_as_large() -> None:
    watched = Watched(measured(100), ("WT",), 100, (("0002", measured(50)),))
    svg = drawn(watched)
    picture = Image.open(io.BytesIO(curves_png("U-Net · 0001", watched)))
    assert picture.size == (int(str(svg.get("width"))) * SCALE, int(str(svg.get("height"))) * SCALE)
    pixels = np.asarray(picture.convert("RGB"))
    assert (pixels[:3] == 255).all()
    assert 0.01 < (pixels < 250).any(axis=2).mean() < 0.2


def test_a_run_that_has_measured_nothing_is_an_empty_sheet() -> None:
    assert words(drawn(Watched(measured(0), ("WT",), 1), "nothing yet")) == ["nothing yet"]


def test_names_in_a_picture_stay_inside_it() -> None:
    svg = drawn(Watched(measured(100), ("WT", "TC", "ET"), 100, tuple((f"000{n}", measured(50)) for n in (1, 2, 3))))
    width = float(str(svg.get("width")))
    for each in svg.iter(f"{SVG}text"):
        assert 0 <= float(str(each.get("x"))) <= width
