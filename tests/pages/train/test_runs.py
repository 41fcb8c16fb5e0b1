"""What the Train page shows of runs, waiting, under way, done or broken off."""

from __future__ import annotations

import json

from core.training.runs.run_folder import process_identity
from core.workspace import Workspace
from tests.pages.train.page import opened, press, words
from tests.pages.train.runs import GONE_PID, made_run


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
