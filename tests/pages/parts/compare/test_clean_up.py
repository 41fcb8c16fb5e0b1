"""Trying a clean-up in Look: the numbers of the case follow, and only what a validation patient showed can be kept."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.checkpoints import Checkpoint, copy_checkpoint, made_names, read_checkpoint
from core.data.load import load_regions
from core.data.volume_cache import VolumeCache
from core.evaluation.scoring import score_case
from core.inference.adopting import adopt_predictions
from core.volume import Array
from core.workspace import PROJECT, Cohort, Workspace
from pages.parts.compare.tried_mask import SAVED, TRIED
from pages.parts.volumes import GROUND_TRUTH
from tests.cases import case_id
from tests.pages.parts.compare.conftest import INVENTED, shipped

ONE = case_id(1)
VOXEL_ML = 0.003


def look(*models: str) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "pages" / "shell.py"), default_timeout=120)
    app.query_params.update({"cohort": "small", "case": ONE, "models": ",".join(models)})
    app.run().switch_page("compare_models.py").run()
    assert not app.exception
    next(each for each in app.toggle if each.label == "Try a clean-up on this case").set_value(True).run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    return "\n".join(str(each.value) for each in (*app.caption, *app.error))


def table(app: AppTest) -> list[str]:
    """The cells of the panel's row for WT."""
    from re import findall, sub

    found = [str(each.proto.body) for each in app.get("html") if "tried" in str(each.proto.body)]
    assert len(found) == 1
    row = next(row for row in findall(r"<tr>(.*?)</tr>", found[0]) if "WT" in row)
    return [sub(r"<[^>]*>", "", cell).replace("■ ", "") for cell in findall(r"<td.*?</td>", row)]


def drawn(app: AppTest, workspace: Workspace) -> dict[str, Array]:
    """The masks that the panel's own viewer is given, by name, as a browser reads them."""
    every = [json.loads(component.proto.json) for component in app.get("bidi_component")]
    (panel,) = (each for each in every if TRIED in each.get("masks", {}))
    assert [each["mask"] for each in panel["panels"]] == [SAVED, TRIED, GROUND_TRUTH], "side by side"
    cache = VolumeCache(workspace.volumes)
    return {name: cache.voxels(ref["hash"]) for name, ref in panel["masks"].items()}


def slide(app: AppTest, label: str, value: float, first: int = 0) -> None:
    [each for each in app.slider if each.label == label][first].set_value(value).run()
    assert not app.exception


def test_the_numbers_are_those_of_the_tried_mask_and_nothing_can_be_kept_of_a_test_patient(
    compared: Workspace,
) -> None:
    """The first model invents eight voxels, 0.024 ml, beside the tumour: without them the Dice is the tumour's own."""
    cohort: Cohort = compared.cohort("small")
    name = next(iter(shipped()))
    app = look(name)
    entry = cohort.cases[ONE]
    assert entry.case.reference is not None
    reference, _ = load_regions(entry.case.reference, cohort.scheme, entry.grid)
    moved = np.roll(reference, 1, axis=0)
    dice = score_case(moved, reference, cohort.scheme.region_names, entry.geometry)["WT"]["dice"]
    voxels = int((moved & 1).sum())
    before = table(app)
    assert before[1] == before[2]
    assert before[3] == f"{(voxels + INVENTED) * VOXEL_ML:.1f}"
    unchanged = drawn(app, compared)
    assert np.array_equal(unchanged[TRIED], unchanged[SAVED])
    slide(app, "Smallest component, ml", 0.05)
    after = table(app)
    assert after[2] == f"{dice:.3f}" != after[1]
    assert after[4:] == [f"{voxels * VOXEL_ML:.1f}", f"{int((reference & 1).sum()) * VOXEL_ML:.1f}"]
    seen = drawn(app, compared)
    assert np.array_equal(seen[TRIED], moved), "what was invented is gone from the picture"
    assert np.count_nonzero(seen[SAVED] != moved) == INVENTED, "and is there in the one beside it"
    assert np.array_equal(seen[GROUND_TRUTH], reference)
    assert "This cannot be kept: the model is tested on this patient" in words(app)
    assert not [each for each in app.button if each.label == "Save as a new checkpoint"]


@pytest.fixture
def tuned_on_one(compared_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A copy with one model more, `mine`: the first shipped one, as if it had been tuned on the first patient."""
    workspace = Workspace(shutil.copytree(compared_once, tmp_path / "workspace"))
    monkeypatch.setenv("SEGSCOPE_WORKSPACE", str(workspace.root))
    first: Checkpoint = next(iter(shipped().values()))
    content = {ONE: list(workspace.cohort("small").cases[ONE].content.values())}
    inference = first.spec.model_copy(update={"thresholds": (127, 128, 128)})  # an id of its own
    card = first.card.model_copy(update={"validation_content": content, "inference": inference})
    copy_checkpoint(first, workspace.made_checkpoint("mine"), card)
    adopt_predictions(workspace, first, read_checkpoint(workspace.made_checkpoint("mine")))
    return workspace


def test_of_a_validation_patient_it_is_saved_as_a_new_checkpoint(tuned_on_one: Workspace) -> None:
    app = look("mine")
    slide(app, "Smallest component, ml", 0.05)
    next(each for each in app.button if each.label == "Save as a new checkpoint").click().run()
    assert not app.exception
    assert made_names(tuned_on_one) == ["mine", "mine-by-hand"]
    made = read_checkpoint(tuned_on_one.made_checkpoint("mine-by-hand"))
    assert made.spec.thresholds == (127, 128, 128), "a slider that was not moved changes nothing"
    assert [(step.name, step.regions, step.arguments) for step in made.spec.post] == [
        ("smallest_component", ("WT",), {"ml": 0.05})
    ]
    next(each for each in app.button if each.label == "Save as a new checkpoint").click().run()
    assert "'mine-by-hand' is taken by another checkpoint or run; choose another name" in words(app)
