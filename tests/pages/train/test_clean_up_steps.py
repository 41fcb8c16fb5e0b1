"""The steps of the clean-up in the Train page's form."""

from __future__ import annotations

import pytest
import yaml

from core.postprocess import POSTPROCESS, Step
from core.training.runs.run_folder import RunFolder
from core.workspace import Workspace
from pages.parts.training.clean_up_rows import HELP
from tests.pages.train.page import is_disabled, opened, press, with_recipe, words
from tests.pages.train.runs import RECIPE, made_run


@pytest.mark.slow
def test_steps_of_the_clean_up_are_put_together_in_words_and_trained_with(
    split: Workspace, started: list[tuple[str, str]]
) -> None:
    app = with_recipe(opened())
    app.selectbox(key=f"post.steps.0 {RECIPE}").set_value("smallest_component").run()
    assert "Takes away specks" in words(app)
    specks = f"post.steps.0 smallest_component {RECIPE}"
    app.multiselect(key=f"regions {specks} WT TC ET").set_value(["ET"]).run()
    app.number_input(key=f"ml {specks}").set_value(0.25).run()
    app.selectbox(key=f"post.steps.1 {RECIPE}").set_value("largest_component").run()
    app.selectbox(key=f"post.steps.2 {RECIPE}").set_value("region_consistency").run()
    app.selectbox(key=f"way post.steps.2 region_consistency {RECIPE}").set_value("widen").run()
    app.selectbox(key=f"post.steps.1 {RECIPE}").set_value("none").run()  # taken out again
    press(app, "Start training")
    recipe = RunFolder(split.run_folder(started[0][0])).recipe
    assert recipe.post.steps == (
        Step(name="smallest_component", regions=("ET",), arguments={"ml": 0.25, "voxels": 50}),
        Step(name="region_consistency", arguments={"way": "widen"}),
    )


def test_steps_that_cannot_be_are_said_in_place(split: Workspace) -> None:
    app = with_recipe(opened())
    app.selectbox(key=f"post.steps.0 {RECIPE}").set_value("opening").run()
    app.number_input(key=f"mm post.steps.0 opening {RECIPE}").set_value(99.0).run()
    assert ["less than or equal to 50" in error.value for error in app.error] == [True]
    assert f":red[{app.error[0].value}]" in words(app), "under the steps too"
    assert is_disabled(app, "Start training")
    app.number_input(key=f"mm post.steps.0 opening {RECIPE}").set_value(2.0).run()
    assert not app.error
    app.selectbox(key=f"post.steps.1 {RECIPE}").set_value("region_consistency").run()
    app.multiselect(key=f"regions post.steps.1 region_consistency {RECIPE} WT TC ET").set_value(["ET", "WT"]).run()
    assert ["WT does not lie inside ET" in error.value for error in app.error] == [True]
    assert is_disabled(app, "Start training")


@pytest.mark.slow
def test_the_steps_of_a_recipe_stand_in_the_form_and_stay_as_they_are(
    split: Workspace, started: list[tuple[str, str]]
) -> None:
    """Cloned from a run that has two of a kind."""
    steps = [
        {"name": "smallest_component", "regions": ["ET"], "arguments": {"ml": 0.1}},
        {"name": "smallest_component", "regions": ["WT"], "arguments": {"ml": 0.5, "voxels": 20}},
        {"name": "fill_holes", "arguments": {"per_slice": True}},
    ]
    run = made_run(split, state="done")
    written = run.folder / "recipe.yaml"
    written.write_text(yaml.safe_dump(yaml.safe_load(written.read_text()) | {"post": {"steps": steps}}))
    app = press(opened(), "Clone")
    press(app, "Start training")
    post = RunFolder(split.run_folder(started[0][0])).recipe.post
    assert post == run.recipe.post
    assert [step.arguments for step in post.steps] == [step["arguments"] for step in steps]


def test_every_step_is_explained() -> None:
    assert set(HELP) == set(POSTPROCESS)
