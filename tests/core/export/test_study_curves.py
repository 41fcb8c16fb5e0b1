"""The curves of a study: a row for each training, its lines where their numbers are, and no markup from names."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from core.export.study_curves import CHART, HEAD, ROW_HEAD, TrainingCurves, study_curves

SVG = "{http://www.w3.org/2000/svg}"


def training(name: str, dice: float) -> TrainingCurves:
    return TrainingCurves(
        name=name,
        total=100,
        each_step=([1, 50, 100], [1.0, 0.5, 0.25]),
        training=([1, 50, 100], [1.0, 0.75, 0.5]),
        validation=([50, 100], [0.6, 0.4]),
        dice={"WT": ([50, 100], [dice / 2, dice])},
    )


def drawn(*trainings: TrainingCurves) -> ET.Element:
    return ET.fromstring(study_curves("Two nets", trainings).svg())


def test_every_training_has_its_row_and_its_line_ends_at_its_last_value() -> None:
    svg = drawn(training("U-Net", 0.5), training("SegNet", 1.0))
    words = [str(each.text) for each in svg.iter(f"{SVG}text")]
    assert [word for word in words if word in ("U-Net", "SegNet")] == ["U-Net", "SegNet"]
    assert words.count("100 steps") == 2
    lines = [line for line in svg.iter(f"{SVG}polyline") if line.get("stroke") == "#1f7fbf"]
    ends = [tuple(map(float, str(line.get("points")).split()[-1].split(","))) for line in lines]
    right = 2 * CHART[0] - 14
    top, bottom = 44, CHART[1] - 34
    first, second = (HEAD + row * (ROW_HEAD + CHART[1]) + ROW_HEAD for row in (0, 1))
    assert (right, first + (top + bottom) / 2) in ends, "Dice 0.5 is half way up"
    assert (right, second + top) in ends, "Dice 1 is at the top"


def test_what_was_not_measured_is_left_out() -> None:
    empty: tuple[list[float], list[float]] = ([], [])
    svg = drawn(TrainingCurves("killed at once", 100, empty, empty, empty, {}))
    assert not [line for line in svg.iter(f"{SVG}polyline") if line.get("stroke") in ("#2f7fb0", "#1f7fbf")]


def test_a_name_is_text_and_no_markup() -> None:
    assert "<b>&" in [each.text for each in drawn(training("<b>&", 0.5)).iter(f"{SVG}text")]


def test_the_same_trainings_give_the_same_bytes() -> None:
    assert study_curves("A", [training("U-Net", 0.5)]).svg() == study_curves("A", [training("U-Net", 0.5)]).svg()
