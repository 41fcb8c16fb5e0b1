"""What does 96 % mean: one choice turns every Dice on Compare into another convention's, and says what it is."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.checkpoints import Checkpoint, read_checkpoint, shipped_names
from core.data.load import load_regions
from core.evaluation.convention_table import convention_value
from core.evaluation.conventions import CONVENTIONS
from core.evaluation.saved import saved_scores
from core.evaluation.saved_conventions import saved_conventions
from core.importing import import_folder
from core.inference.prediction import Prediction
from core.inference.segment import prediction_folder
from core.volume import Box
from core.workspace import PROJECT, SHIPPED_CHECKPOINTS, Cohort, Workspace
from pages.parts.compare.conventions import jump
from tests.cases import case_id, write_cohort

ONE = case_id(1)
MODELS = shipped_names()


def test_the_jump_is_that_of_the_best_model_in_3d() -> None:
    usual = {"A": {"WT": 0.910}, "B": {"WT": 0.905}}
    other = {"A": {"WT": 0.968}, "B": {"WT": 0.999}}
    assert jump(usual, other, "WT") == "A, WT: 0.910 → **0.968**, +0.058, the same masks."
    assert jump(usual, {"A": {"WT": 0.9004}}, "WT") == "A, WT: 0.910 → **0.900**, -0.010, the same masks."


def test_where_there_is_no_number_the_jump_says_so() -> None:
    assert jump({"A": {"WT": None}}, {"A": {"WT": 1.0}}, "WT") == "WT is left out here: its reference is empty."
    assert jump({"A": {"WT": 0.5}}, {"A": {"WT": None}}, "WT") == "A, WT: 0.500 in 3D, no number in this convention."


@pytest.fixture(scope="module")
def segmented_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two made-up patients; the shipped models' predictions are the reference, moved more and more."""
    root = tmp_path_factory.mktemp("segmented")
    workspace = Workspace(root / "workspace")
    cohort = import_folder(workspace, write_cohort(root / "files" / "small", 2), "small").cohort
    for entry in cohort.cases.values():
        assert entry.case.reference is not None
        reference, _ = load_regions(entry.case.reference, cohort.scheme, entry.grid)
        for number, name in enumerate(MODELS, 1):
            checkpoint = read_checkpoint(SHIPPED_CHECKPOINTS / name)
            bits = np.roll(reference, (number, 0, 1), axis=(0, 1, 2))
            sure = np.stack([(bits >> bit & 1) * np.uint8(255) for bit in range(3)])
            made = Prediction(
                sure, Box.whole(bits.shape), bits.shape, checkpoint.spec.regions, (128,) * 3, checkpoint.id
            )
            made.save(prediction_folder(workspace, checkpoint, entry.content))
    return workspace.root


@pytest.fixture
def segmented(segmented_once: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("SEGSCOPE_WORKSPACE", str(segmented_once))
    return Workspace(segmented_once)


def compare(**address: str) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "pages" / "shell.py"), default_timeout=60)
    for name, value in address.items():
        app.query_params[name] = value
    return app.run().switch_page("compare_models.py").run()


def question(app: AppTest) -> Any:
    (select,) = (box for box in app.selectbox if box.label == "What does 96 % mean?")
    return select


def captions(app: AppTest) -> str:
    return "\n".join(str(each.value) for kind in (app.caption, app.markdown) for each in kind)


def table_under(app: AppTest, caption: str) -> Any:
    """The table that follows a caption in the right column."""
    elements: list[Any] = [each for each in app.main if each.type in ("caption", "table", "arrow_table")]
    return next(
        each.value for before, each in pairwise(elements) if before.type == "caption" and caption in str(before.value)
    )


def dice_by_hand(workspace: Workspace, cohort: Cohort, checkpoint: Checkpoint, convention: str) -> str:
    found = saved_conventions(workspace, cohort, ONE, checkpoint)
    assert found is not None
    value = convention_value(found, convention, "WT")
    assert value is not None
    return f"{value:.3f}"


def test_choosing_a_convention_turns_the_case_the_cohort_and_says_what_it_is(segmented: Workspace) -> None:
    app = compare()
    assert not app.exception
    cohort, first = segmented.cohort("small"), read_checkpoint(SHIPPED_CHECKPOINTS / MODELS[0])
    ours = saved_scores(segmented, cohort, ONE, first)
    assert ours is not None
    assert question(app).value == "patient"
    assert "DICE, THIS CASE: PER PATIENT, IN 3D" in captions(app)
    assert f"{ours['WT']['dice']:.3f}" in str(table_under(app, "DICE, THIS CASE")["WT"][first.card.title])
    assert "→" not in captions(app)

    question(app).select("slice-empty-one").run()
    assert not app.exception
    said = captions(app)
    other = dice_by_hand(segmented, cohort, first, "slice-empty-one")
    assert other != f"{ours['WT']['dice']:.3f}"
    assert other in str(table_under(app, "DICE, THIS CASE: PER SLICE, EMPTY = 1")["WT"][first.card.title])
    assert CONVENTIONS["slice-empty-one"].definition in said
    assert "the same masks" in said
    assert "COHORT, PER SLICE, EMPTY = 1, 2 UNSEEN PATIENTS" in said
    app.switch_page("browse_volumes.py").run().switch_page("compare_models.py").run()
    assert question(app).value == "slice-empty-one", "it is remembered from page to page"


def test_the_address_names_the_convention_and_nonsense_in_it_is_ours(segmented: Workspace) -> None:
    app = compare(scores="model-resolution")
    assert question(app).value == "model-resolution"
    assert "Resized to 160 × 192, the input size in the model's card." in captions(app)
    app = compare(scores="../best")
    assert not app.exception
    assert question(app).value == "patient"


def test_all_conventions_stand_in_one_table_with_a_column_per_model(segmented: Workspace) -> None:
    app = compare()
    tables = [each.value for each in app.table if "Labels not binarised" in each.value.index]
    assert len(tables) == 1
    titles = [read_checkpoint(SHIPPED_CHECKPOINTS / name).card.title for name in MODELS]
    assert list(tables[0].columns) == titles
    assert list(tables[0].index) == [spec.title for spec in CONVENTIONS.values()]
    cohort, first = segmented.cohort("small"), read_checkpoint(SHIPPED_CHECKPOINTS / MODELS[0])
    assert tables[0][titles[0]]["Labels not binarised"] == dice_by_hand(segmented, cohort, first, "unbinarised")
    assert "Before clean-up: no clean-up in this model: the same." in captions(app)
