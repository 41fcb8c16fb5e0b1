"""The Train page without a browser."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from core.training.foresight.preflight import Forecast
from core.workspace import PROJECT
from tests.pages.train.runs import RECIPE

SHELL = PROJECT / "pages" / "shell.py"
FITS = Forecast(829_000, 743_000_000, 18_000_000, 1_020.0, (("fine", "0.8 M parameters, 743 MB of 25.3 GB memory"),))


def opened() -> AppTest:
    app = AppTest.from_file(str(SHELL), default_timeout=90).run().switch_page("train_models.py").run()
    assert not app.exception
    return app


def with_recipe(app: AppTest) -> AppTest:
    return app.selectbox(key="recipe").set_value(RECIPE).run()


def words(app: AppTest) -> str:
    return "\n".join(str(element.value) for kind in (app.markdown, app.caption, app.subheader) for element in kind)


def press(app: AppTest, label: str) -> AppTest:
    pressed = next(button for button in app.button if button.label == label).click().run()
    assert not pressed.exception
    return pressed


def is_disabled(app: AppTest, label: str) -> bool:
    return next(bool(button.disabled) for button in app.button if button.label == label)
