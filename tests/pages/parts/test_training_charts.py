"""The live charts: only data may differ from second to second, or the browser builds them again."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest

from pages.parts.training_charts import line_spec


def _losses(steps: int) -> None:
    import numpy as np

    from core.training.curves import Curves, ValidationPoint
    from pages.parts.training_charts import dice_chart, loss_chart

    validations = tuple(ValidationPoint(step, 0.5, {"WT": step / 200}) for step in range(10, steps, 10))
    loss_chart(Curves(np.arange(1, steps + 1), 1 / np.arange(1, steps + 1), validations), 200)
    dice_chart(validations, ["WT"], 200)


def _charts(steps: int) -> list[Any]:
    app = AppTest.from_function(_losses, default_timeout=60, kwargs={"steps": steps}).run()
    assert not app.exception
    return [chart.proto for chart in app.get("vega_lite_chart")]


def test_a_growing_curve_changes_the_data_and_nothing_else() -> None:
    early, late = _charts(30), _charts(90)
    assert len(early) == len(late) == 2
    for before, after in zip(early, late, strict=True):
        assert before.spec == after.spec
        assert before.alt == after.alt
        assert before.id == after.id
        assert before.data.data != after.data.data


def test_the_axis_ends_where_the_run_ends() -> None:
    assert line_spec([], 1900, is_share=False)["encoding"]["x"]["scale"] == {"domain": [0, 1900], "nice": False}


def test_dice_has_the_whole_range_from_0_to_1() -> None:
    assert line_spec([], 10, is_share=True)["encoding"]["y"]["scale"] == {"domain": [0, 1]}
