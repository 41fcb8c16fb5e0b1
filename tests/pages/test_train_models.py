"""The Train page: what it checks before a start, and what it shows of a run."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from streamlit.testing.v1 import AppTest

from core.atomic import write_json
from core.errors import RefusedError
from core.losses import LOSSES
from core.postprocess import POSTPROCESS, Step
from core.splitting import make_split
from core.training.foresight.preflight import Forecast
from core.training.runs.run_folder import RunFolder, process_identity
from core.workspace import PROJECT, Workspace
from pages.parts.training.clean_up_rows import HELP
from tests.cases import case_id
from tests.pages.training_runs import GONE_PID, RECIPE, made_run

if TYPE_CHECKING:
    pass

SHELL = PROJECT / "pages" / "shell.py"


@pytest.fixture
def small(imported: Path, workspace_dir: Path) -> Workspace:
    """Four patients, not split yet, in this test's own workspace."""
    shutil.copytree(imported, workspace_dir, dirs_exist_ok=True)
    return Workspace(workspace_dir)


@pytest.fixture
def split(small: Workspace) -> Workspace:
    """Four patients, two of them for training."""
    make_split(small, "small", "default", None, "70/15/15", 0)
    return small


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Run and device of every training that the page starts; none of them really is."""
    calls: list[tuple[str, str]] = []
    for module in ("core.jobs.trainings", "pages.parts.training.run_buttons"):
        monkeypatch.setattr(f"{module}.enqueue", lambda _place, run, device: calls.append((run, device)))
    return calls


FITS = Forecast(829_000, 743_000_000, 18_000_000, 1_020.0, (("fine", "0.8 M parameters, 743 MB of 25.3 GB memory"),))


@pytest.fixture(autouse=True)
def foreseen(monkeypatch: pytest.MonkeyPatch) -> list[Forecast | str | None]:
    """What preflight answers, its last entry; measuring a network for each of these tests would take minutes."""
    answers: list[Forecast | str | None] = [FITS]
    monkeypatch.setattr("pages.parts.training.checks.foresee", lambda *_: answers[-1])
    return answers


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


def test_a_finished_run_shows_its_curves_pictures_and_best_validation(split: Workspace) -> None:
    made_run(split, state="done", step=40)
    app = opened()
    assert "**U-Net, narrow · 0001**" in words(app)
    assert "done · epoch 4 of 4 · step 40 of 40 · batches of 8" in words(app)
    assert "Best: epoch 2, mean Dice 0.75. ET cannot be scored: no validation patient has any." in words(app)
    every = [json.loads(component.proto.json) for component in app.get("bidi_component")]
    (shown,) = [data for data in every if "stops" in data]
    assert shown["stops"] == {"word": "validation", "labels": ["step 10", "step 20"]}
    assert shown["initial"]["slice"] == 1  # the newest
    assert [panel["title"] for panel in shown["panels"]] == ["Ground truth", "Prediction", "Errors"]
    assert "Resume" not in [button.label for button in app.button]


def test_a_failed_run_shows_its_real_error_first(split: Workspace) -> None:
    run = made_run(split, state="failed", message="the loss is nan at step 20; lower optim.lr and start again")
    (run.folder / "output.txt").write_text("20/40 loss 0.05\nerror: the loss is nan\n")
    app = opened()
    assert app.error[0].value == "the loss is nan at step 20; lower optim.lr and start again"
    assert app.code[0].value == "20/40 loss 0.05\nerror: the loss is nan"


def test_a_killed_run_can_be_resumed(split: Workspace, started: list[tuple[str, str]]) -> None:
    run = made_run(split, state="running", pid=GONE_PID, pid_started=1.0)
    app = opened()
    assert "ended without a word" in app.error[0].value
    press(app, "Resume")
    assert started == [(run.name, "auto")]


def test_pause_and_stop_ask_the_process_and_say_so(split: Workspace) -> None:
    pid, pid_started = process_identity()
    run = made_run(split, state="running", pid=pid, pid_started=pid_started, slices_per_s=2.0, eta_s=80.0)
    app = opened()
    assert "step 20 of 40 · 2.0 slices/s · 80 s left" in words(app)
    app = press(app, "Pause")
    assert run.requested == "pause"
    assert "pausing after this step" in words(app)
    assert "Stop" not in [button.label for button in app.button]


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


def test_before_the_first_run_the_training_slices_are_shown(split: Workspace) -> None:
    app = opened()
    assert "Nothing has been trained yet" in words(app)
    assert "T1c, training slices with most tumour. Slices with tumour: training " in words(app)
    assert len(app.get("image")) == 1


def test_slices_and_their_variations_are_looked_at_on_demand(split: Workspace) -> None:
    made_run(split, state="done")
    app = opened()
    assert len(app.get("image")) == 0
    app = press(app, "look")
    assert "What it will be shown" in words(app)
    assert len(app.get("image")) >= 1
    assert "What it will be shown" not in words(press(app, "close"))


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


def test_runs_that_wait_say_their_place(split: Workspace) -> None:
    pid, pid_started = process_identity()
    made_run(split, state="running", pid=pid, pid_started=pid_started, device="cpu")
    for number in (1, 2):
        made_run(split, state="queued", queued_at=float(number), device="cpu")
    said = words(opened())
    assert "waiting (1st)" in said
    assert "waiting (2nd) for cpu" in said  # the newest, which is watched


def test_what_happened_to_a_run_is_said(split: Workspace) -> None:
    run = made_run(split, state="done")
    run.append_metrics({"kind": "note", "step": 7, "what": "oom", "sentence": "the batch was halved to 4"})
    assert "Step 7: the batch was halved to 4" in words(opened())


def test_charts_are_chosen_and_the_curves_are_saved(split: Workspace) -> None:
    made_run(split, state="done")
    app = opened()
    assert len(app.get("vega_lite_chart")) == 2
    app.button_group(key="charts").set_value(["Loss", "Learning rate", "Throughput"]).run()
    assert not app.exception
    assert [chart.proto.alt for chart in app.get("vega_lite_chart")] == [
        "Loss, by step", "Learning rate, by step", "Throughput, slices per second, by step",
    ]  # fmt: skip
    assert [button.label for button in app.get("download_button")] == ["SVG", "PNG"]


def test_many_runs_stay_within_a_list_of_their_own(split: Workspace) -> None:
    for _ in range(9):
        made_run(split, state="done")
    assert len([button for button in opened().button if button.label.startswith(("U-Net", "**U-Net"))]) == 9


def test_a_run_is_deleted_after_a_second_word(split: Workspace) -> None:
    made_run(split, state="stopped")
    app = press(opened(), "Delete for good")
    assert split.run_names() == []
    assert "Nothing has been trained yet" in words(app)


def test_another_run_is_watched_by_a_click(split: Workspace) -> None:
    made_run(split, state="done")
    made_run(split, state="failed", message="the second one failed")
    app = opened()
    assert [error.value for error in app.error] == ["the second one failed"]
    app = press(app, "U-Net, narrow · 0001")
    assert [error.value for error in app.error] == []
    assert "dashed" not in words(app)  # the other run has no best checkpoint to compare with
