"""What the Train page checks before a start, and what it starts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.atomic import write_json
from core.errors import RefusedError
from core.losses import LOSSES
from core.splitting import make_split
from core.training.foresight.preflight import Forecast
from core.training.runs.run_folder import RunFolder
from core.workspace import Workspace
from tests.cases import case_id
from tests.pages.train.page import FITS, is_disabled, opened, press, with_recipe, words
from tests.pages.train.runs import RECIPE, made_run


def test_without_a_split_the_page_offers_one_and_then_says_who_trains(small: Workspace) -> None:
    app = opened()
    assert "New training" in [each.value for each in app.subheader]
    assert is_disabled(app, "Start training")
    app = press(app, "Make the 70/15/15 split")
    assert small.split_names("small") == ["default"]
    assert "2 patients train, 1 validate, 1 test" in words(app)
    assert "split leaks nothing (audit " in words(app)
    assert not is_disabled(app, "Start training")


def test_too_few_patients_for_a_split_is_a_sentence(small: Workspace) -> None:
    cohort = small.cohort("small")
    small.write_cohort(replace(cohort, cases=dict(list(cohort.cases.items())[:2])))
    app = press(opened(), "Make the 70/15/15 split")
    assert [error.value for error in app.error] == [
        "2 group(s) for 3 parts; each part needs one: add cases or drop a part"
    ]


def test_what_the_form_says_is_what_is_started(split: Workspace, started: list[tuple[str, str]]) -> None:
    app = with_recipe(opened())
    app.number_input(key=f"steps {RECIPE}").set_value(5000)
    app.number_input(key=f"train.batch_size {RECIPE}").set_value(4)
    app.text_input(key=f"train.seed {RECIPE}").set_value("7")
    app.text_input(key=f"optim.lr {RECIPE}").set_value("3e-4")
    app.selectbox(key="device").set_value("cpu").run()
    press(app, "Start training")
    assert started == [(f"{RECIPE}-0001", "cpu")]
    recipe = RunFolder(split.run_folder(f"{RECIPE}-0001")).recipe
    assert (recipe.train.max_steps, recipe.train.batch_size, recipe.train.seed, recipe.optim.lr) == (5000, 4, 7, 3e-4)
    assert recipe.train.epochs >= 5000  # an epoch is a step at least: they cannot end it before its steps do


def test_a_length_in_epochs_lifts_the_recipes_step_limit(split: Workspace, started: list[tuple[str, str]]) -> None:
    app = with_recipe(opened())
    app.selectbox(key=f"unit {RECIPE}").set_value("epochs").run()
    app.number_input(key=f"epochs {RECIPE}").set_value(3).run()
    press(app, "Start training")
    train = RunFolder(split.run_folder(started[0][0])).recipe.train
    assert (train.epochs, train.max_steps) == (3, None)


@pytest.mark.parametrize("rate", ["fast", "99", "-1", "[1, 2]", ""])
def test_a_learning_rate_that_is_none_is_said_in_place(split: Workspace, rate: str) -> None:
    app = with_recipe(opened())
    app.text_input(key=f"optim.lr {RECIPE}").set_value(rate).run()
    assert not app.exception
    # under the field, and below the form too, because the field may be folded away
    assert [error.value.startswith("Learning rate: ") for error in app.error] == [True]
    assert f":red[{app.error[0].value}]" in words(app)
    assert is_disabled(app, "Start training")


def test_a_split_that_leaks_is_said_in_place(small: Workspace) -> None:
    fold = {"train": [case_id(1), case_id(2)], "validation": [case_id(2)], "test": [case_id(3)]}
    document = {"schema_version": 1, "group_kind": "patient", "seed": 0, "folds": [fold]}
    write_json(small.split_path("small", "leaky"), document)
    app = opened()
    assert [error.value.startswith("split leaky leaks: fold 0: ") for error in app.error] == [True]
    assert is_disabled(app, "Start training")


def test_folds_are_chosen_by_number(small: Workspace, started: list[tuple[str, str]]) -> None:
    make_split(small, "small", "thirds", 3, "", 0)
    app = opened()
    app.selectbox(key="fold of small thirds").set_value(2).run()
    press(app, "Start training")
    assert RunFolder(small.run_folder(started[0][0])).split["fold"] == 2


def test_a_workspace_that_cannot_be_written_is_a_sentence(split: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RefusedError("nothing can be written here")

    monkeypatch.setattr("core.training.start.create_run", refuse)
    app = press(with_recipe(opened()), "Start training")
    assert [error.value for error in app.error] == ["nothing can be written here"]


def test_a_training_that_cannot_fit_is_not_started(split: Workspace, foreseen: list[Forecast | str | None]) -> None:
    foreseen.append(replace(FITS, sentences=(("refusal", "99 GB of 25.3 GB memory: it cannot fit"),)))
    app = opened()
    assert "99 GB of 25.3 GB memory: it cannot fit" in words(app)
    assert is_disabled(app, "Start training")
    foreseen.append("the network could not be measured here")  # which is no reason not to try
    app.run()
    assert "the network could not be measured here" in words(app)
    assert not is_disabled(app, "Start training")


def test_a_network_that_is_still_being_measured_may_be_started(
    split: Workspace, foreseen: list[Forecast | str | None]
) -> None:
    foreseen.append(None)
    app = opened()
    assert "memory and time: trying two steps" in words(app)
    assert not is_disabled(app, "Start training")


def test_another_architecture_starts_with_its_own_arguments(split: Workspace, started: list[tuple[str, str]]) -> None:
    app = with_recipe(opened())
    app.selectbox(key=f"model.name {RECIPE}").set_value("smp_unet").run()
    encoder = next(box for box in app.selectbox if box.label == "Encoder")
    encoder.set_value("timm-tf_efficientnet_lite0").run()
    weights = next(box for box in app.selectbox if box.label == "Pretraining")
    assert weights.options[:2] == ["none, from scratch", "ImageNet, from package"]
    weights.set_value("imagenet").run()
    press(app, "Start training")
    model = RunFolder(split.run_folder(started[0][0])).recipe.model
    assert (model.name, model.encoder_weights) == ("smp_unet", "imagenet")
    assert model.arguments == {"encoder": "timm-tf_efficientnet_lite0"}


def test_classes_offer_the_losses_that_fit_them(split: Workspace, started: list[tuple[str, str]]) -> None:
    app = with_recipe(opened())
    app.selectbox(key=f"target.kind {RECIPE}").set_value("classes").run()
    loss = next(box for box in app.selectbox if box.label == "Loss")
    fitting = [name for name, spec in LOSSES.items() if "classes" in spec.targets]
    assert len(loss.options) == len(fitting)
    press(app, "Start training")
    recipe = RunFolder(split.run_folder(started[0][0])).recipe
    assert recipe.target.kind == "classes"
    assert recipe.loss.name in fitting


def test_size_and_neighbours_of_slices_are_set(split: Workspace, started: list[tuple[str, str]]) -> None:
    app = with_recipe(opened())
    app.selectbox(key=f"data.input_size {RECIPE}").set_value("128")
    app.selectbox(key=f"data.neighbours {RECIPE}").set_value(1).run()
    press(app, "Start training")
    data = RunFolder(split.run_folder(started[0][0])).recipe.data
    assert (data.input_size, data.neighbours) == (128, 1)


def test_a_run_is_cloned_into_the_form(split: Workspace, started: list[tuple[str, str]]) -> None:
    run = made_run(split, state="done")
    app = press(opened(), "Clone")
    assert app.selectbox(key="recipe").value == f"run:{run.name}"
    assert app.number_input(key=f"steps run:{run.name}").value == 40
    app.number_input(key=f"train.batch_size run:{run.name}").set_value(2).run()
    press(app, "Start training")
    recipe = RunFolder(split.run_folder(started[0][0])).recipe
    assert (recipe.train.max_steps, recipe.train.batch_size) == (40, 2)
    assert recipe.model == run.recipe.model
