"""The live charts: only data may differ from second to second, or the browser builds them again."""

from __future__ import annotations

from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from core.training.curves import Curves, ValidationPoint
from pages.parts.training.charts import line_spec
from pages.parts.training.lines import MEASURES, Watched, lines_of


def measured(steps: int, scale: float = 1.0, *, older: bool = False) -> Curves:
    """Curves of `steps` steps with a validation each ten; an older run knows losses and Dice only."""
    every = np.arange(1, steps + 1)
    new = {} if older else {"iou": {"WT": 0.5}, "accuracy": 0.9, "slices_per_s": 12.0}
    points = tuple(ValidationPoint(step, 0.5, {"WT": scale * step / 200}, **new) for step in range(10, steps, 10))
    if older:
        return Curves(every, scale / every, points)
    return Curves(every, scale / every, points, every / 1e6, every / 200, {"WT": every / 200}, {"WT": every / 300})


def _page(steps: int) -> None:
    import streamlit as st

    from pages.parts.training.charts import chart
    from pages.parts.training.lines import MEASURES, Watched
    from tests.pages.parts.training.test_charts import measured

    st.subheader("Charts")
    watched = Watched(measured(steps), ("WT",), 200, (("0001", measured(150, 0.5)),))
    for name in MEASURES:
        chart(name, watched)


def _charts(steps: int) -> list[Any]:
    app = AppTest.from_function(_page, default_timeout=60, kwargs={"steps": steps}).run()
    assert not app.exception
    assert app.subheader[0].value == "Charts"
    return [chart.proto for chart in app.get("vega_lite_chart")]


def test_a_growing_curve_changes_the_data_and_nothing_else() -> None:
    early, late = _charts(30), _charts(90)
    assert len(early) == len(late) == len(MEASURES)
    for before, after in zip(early, late, strict=True):
        assert before.spec == after.spec
        assert before.alt == after.alt
        assert before.id == after.id
        assert before.data.data != after.data.data


def test_the_axis_ends_where_the_run_ends() -> None:
    assert line_spec("Loss", [], 1900)["encoding"]["x"]["scale"] == {"domain": [0, 1900], "nice": False}


def test_dice_has_the_whole_range_from_0_to_1() -> None:
    assert line_spec("Dice", [], 10)["encoding"]["y"]["scale"] == {"domain": [0, 1]}


def test_a_run_and_another_one_are_told_apart_by_dashes() -> None:
    watched = Watched(measured(30), ("WT",), 100, (("0001", measured(200)), ("0002", measured(20))))
    lines = {line.name: line for line in lines_of("Dice", watched)}
    assert list(lines) == ["WT, training batches", "WT, 0001", "WT, 0002", "WT"]
    assert lines["WT"].dash == ()
    assert lines["WT, 0001"].dash != lines["WT, 0002"].dash
    assert lines["WT"].points == ([10.0, 20.0], [0.05, 0.1])
    assert max(lines["WT, 0001"].points[0]) == 100  # another run ends where the axis does


def test_training_and_validation_are_both_drawn_of_loss_and_accuracy() -> None:
    watched = Watched(measured(30), ("WT",), 100)
    for name in ("Loss", "Accuracy"):
        lines = {line.name: line for line in lines_of(name, watched)}
        assert len(lines["each step"].points[0]) == 30
        assert list(lines["validation"].points[0]) == [10.0, 20.0]


def test_an_older_run_is_drawn_as_far_as_it_was_measured() -> None:
    watched = Watched(measured(30, older=True), ("WT",), 100, (("0001", measured(30, older=True)),))
    drawn = {name: sum(len(line.points[0]) for line in lines_of(name, watched)) for name in MEASURES}
    assert drawn["Loss"] == 30 + 30 + 2 + 2
    assert drawn["Dice"] == 2 + 2
    assert drawn["IoU"] == drawn["Accuracy"] == drawn["Learning rate"] == drawn["Throughput"] == 0
