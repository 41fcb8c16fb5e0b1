"""The report's figures hold every case, at the height of its value."""

from __future__ import annotations

import re
from typing import Any

import pytest

from core.export.report.box_plots import BOTTOM, HEIGHT, TOP, box_plot
from core.export.report.reliability import reliability_curves
from core.export.report.squares import SIDE
from core.export.report.squares import TOP as SQUARE_TOP
from tests.core.export.report.sample import WT, document


def test_there_is_a_dot_for_every_value_that_the_mean_is_over() -> None:
    drawn = box_plot(document(), "dice")
    heights = sorted(float(y) for y in re.findall(r'<circle cx="[\d.]+" cy="([\d.]+)"', drawn))
    room = HEIGHT - TOP - BOTTOM
    expected = sorted(HEIGHT - BOTTOM - room * value for values in WT.values() for value in values)
    assert heights == pytest.approx(expected, abs=0.006)


def test_a_value_that_the_policy_set_is_hollow() -> None:
    made = document()
    cases = dict(made["models"]["first"]["cases"])
    cases["patient-1"] = {"WT": cases["patient-1"]["WT"] | {"dice_flag": "set"}}
    flagged = made | {"models": made["models"] | {"first": made["models"]["first"] | {"cases": cases}}}
    assert box_plot(made, "dice").count('fill="#ffffff" stroke=') == 0
    assert box_plot(flagged, "dice").count('fill="#ffffff" stroke=') == 1


def test_a_metric_that_nobody_has_is_not_drawn() -> None:
    assert box_plot(document(), "nsd") == ""


def test_a_reliability_curve_runs_through_the_bins_that_hold_voxels() -> None:
    """Of a bin at 0.25 that came true in 1 of 8 voxels, the point is an eighth of the way up."""
    bins: list[dict[str, Any]] = [
        {"n": 8, "confidence": 0.25, "frequency": 0.125},
        {"n": 0, "confidence": None, "frequency": None},
    ]
    drawn = reliability_curves(document() | {"calibration": {"first": {"WT": {"bins": bins}}}})
    (height,) = (float(y) for y in re.findall(r'<circle cx="[\d.]+" cy="([\d.]+)"', drawn))
    assert height == pytest.approx(SQUARE_TOP + SIDE * 7 / 8)
    assert reliability_curves(document()) == ""
