"""Studies: every combination is a run, told apart by its title, and a fault is said before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from core.recipe import RecipeError
from core.recipe.study import load_study, study_names
from tests import narrow


def written(folder: Path, **fields: Any) -> str:
    narrow.recipe_file(folder / "narrow.yaml")
    document = {"name": "small-study", "recipes": [str(folder / "narrow.yaml")], **fields}
    (folder / "study.yaml").write_text(yaml.safe_dump(document))
    return str(folder / "study.yaml")


@pytest.mark.parametrize("name", study_names())
def test_every_shipped_study_asks_something_and_all_its_recipes_can_be_had(name: str) -> None:
    study = load_study(name)
    assert study.question.endswith("?")
    assert len({variant.title for variant in study.variants()}) >= 2


def test_recipes_times_changes_times_seeds(tmp_path: Path) -> None:
    changes = [{"title": "deep", "set": {"model.arguments.channels": [4, 8, 8]}}, {"title": "flat"}]
    study = load_study(written(tmp_path, changes=changes, seeds=[0, 7], common={"optim.lr": 1e-5}))
    variants = list(study.variants())
    assert [variant.title for variant in variants] == ["deep, seed 0", "deep, seed 7", "flat, seed 0", "flat, seed 7"]
    assert [variant.recipe.train.seed for variant in variants] == [0, 7, 0, 7]
    assert {variant.recipe.optim.lr for variant in variants} == {1e-5}
    assert [len(variant.recipe.model.arguments["channels"]) for variant in variants] == [3, 3, 2, 2]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"changes": [{"title": "x", "set": {"optim.speed": 1}}]}, "optim.speed"),
        ({"changes": [{"title": "x"}, {"title": "x"}]}, "called the same"),
        ({"recipes": []}, "recipes"),
        ({"recipes": ["nothing-of-that-name"]}, "no recipe at 'nothing-of-that-name'"),
        ({"seeds": [-1]}, "seeds"),
        ({"name": "../x"}, "letters, digits"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        load_study(written(tmp_path, **fields))


def test_a_name_that_is_no_study_lists_those_that_are() -> None:
    with pytest.raises(RecipeError, match="transfer"):
        load_study("transfers")
