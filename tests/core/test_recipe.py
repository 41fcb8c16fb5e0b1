"""Recipes: defaults in the schema, every fault named, overrides as YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.recipe import Recipe, RecipeError, load_recipe, parse_recipe, recipe_names
from tests.narrow import document, recipe_file


def faults(**sections: dict[str, Any]) -> str:
    with pytest.raises(RecipeError) as refused:
        parse_recipe(document(**sections), "r.yaml")
    return str(refused.value)


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_that_ships_is_valid_and_carries_its_own_name(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.schema_version == 1
    assert recipe.title
    assert recipe.description
    assert "\n" not in recipe.description, "one line each in the list"


def test_the_brats_unet_keeps_the_settings_of_its_original() -> None:
    recipe = load_recipe("brats-unet")
    assert (recipe.model.name, recipe.model.arguments["dropout"]) == ("unet", 0.1)
    assert recipe.model.arguments["channels"] == [32, 64, 128, 256, 512]
    assert (recipe.data.input_size, recipe.data.preparing, recipe.train.batch_size) == ((192, 224), "minmax", 8)
    assert recipe.data.modalities == ("t1n", "t1c", "t2w", "t2f")


def test_the_resolved_recipe_holds_every_default_and_reads_back_the_same() -> None:
    recipe = Recipe(name="x")
    resolved = recipe.resolved()
    assert resolved["optim"]["lr"] == 1e-3
    assert resolved["post"] == {"threshold": 128, "steps": []}
    assert parse_recipe(resolved, "x") == recipe


@pytest.mark.parametrize(
    ("override", "where", "value"),
    [
        ("epochs=3", "train.epochs", 3),
        ("max_steps=50", "train.max_steps", 50),
        ("optim.lr=3e-4", "optim.lr", 3e-4),
        ("model.encoder_weights=none", "model.encoder_weights", "none"),
        (
            "model.arguments.channels=[4, 8]",
            "model.arguments",
            {"channels": [4, 8], "dropout": 0.1, "norm": "group"},
        ),
        ("data.input_size=null", "data.input_size", None),
        ("augment.preset=light", "augment.preset", "light"),
        ("data.tumour_share=0", "data.tumour_share", 0),
    ],
)
def test_a_field_is_overridden_by_name(override: str, where: str, value: object) -> None:
    found: Any = load_recipe("brats-unet", [override])
    for part in where.split("."):
        found = getattr(found, part)
    assert found == value


def test_the_last_override_of_a_field_wins() -> None:
    assert load_recipe("brats-unet", ["epochs=3", "train.epochs=5"]).train.epochs == 5


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("epochs", "--set 'epochs'; expected field=value, such as optim.lr=3e-4"),
        ("=3", "--set '=3'; expected field=value"),
        ("epochs=0", "train.epochs: Input should be greater than or equal to 1"),
        ("epochs=many", "train.epochs: Input should be a valid integer"),
        ("optim.rate=1", "optim.rate: Extra inputs are not permitted"),
        ("name.first=x", "--set name.first: name has no fields"),
        ("model.arguments=[", "is not YAML"),
        ("post.threshold=256", "post.threshold: Input should be less than or equal to 255"),
    ],
)
def test_an_override_that_makes_no_sense_is_refused(override: str, sentence: str) -> None:
    with pytest.raises(RecipeError) as refused:
        load_recipe("brats-unet", [override])
    assert sentence in str(refused.value)


def test_every_fault_is_named_at_once() -> None:
    said = faults(optim={"lr": -1}, train={"batch_size": 0}, data={"plane": "oblique"})
    assert all(field in said for field in ("optim.lr", "train.batch_size", "data.plane"))


@pytest.mark.parametrize(
    ("sections", "sentence"),
    [
        ({"model": {"name": "vnet"}}, "no model is called 'vnet'; known: unet, unetplusplus"),
        ({"model": {"arguments": {"depth": 3}}}, "model unet has no argument 'depth'"),
        ({"loss": {"name": "hinge"}}, "no loss is called 'hinge'"),
        ({"augment": {"preset": "wild"}}, "no augmentation is called 'wild'; known: none, light, standard"),
        ({"augment": {"settings": {"gain": 2}}}, "gain is 2"),
        ({"loss": {"name": "ce"}}, "loss ce is for classes; target.kind is regions"),
        ({"loss": {"name": "bce"}, "target": {"kind": "classes"}}, "loss bce is for regions; target.kind is classes"),
        ({"loss": {"name": "dice", "arguments": {"background": True}}}, "background is for exclusive classes"),
        ({"loss": {"name": "bce", "arguments": {"pos_weight": 0}}}, "pos_weight.0 is 0: input should be greater"),
    ],
)
def test_what_is_not_plugged_in_is_refused_with_what_is(sections: dict[str, Any], sentence: str) -> None:
    assert sentence in faults(**sections)


def test_a_clean_up_is_read_in_order_and_said_in_full() -> None:
    steps = [{"name": "smallest_component", "arguments": {"ml": 1}}, {"name": "fill_holes", "regions": ["WT"]}]
    recipe = parse_recipe(document(post={"steps": steps}), "r.yaml")
    assert recipe.resolved()["post"]["steps"] == [
        {"name": "smallest_component", "regions": [], "arguments": {"ml": 1.0}},
        {"name": "fill_holes", "regions": ["WT"], "arguments": {"per_slice": False}},
    ]
    assert "no post-processing step is called 'erode'; known: smallest_component" in faults(
        post={"steps": [{"name": "erode"}]}
    )
    assert "post.steps.0: step closing has no argument 'ml'" in faults(
        post={"steps": [{"name": "closing", "arguments": {"ml": 1}}]}
    )


def test_batch_norm_on_a_batch_of_one_is_refused_and_instance_norm_is_not() -> None:
    said = faults(model={"arguments": {"norm": "batch"}}, train={"batch_size": 1})
    assert said == (
        "r.yaml: recipe: batch norm cannot train on a batch of 1: raise train.batch_size or choose norm: instance"
    )
    assert "batch of 1" in faults(model={"name": "smp_unet", "arguments": {}}, train={"batch_size": 1})
    parse_recipe(document(train={"batch_size": 1}), "r.yaml")


def test_a_recipe_of_a_newer_schema_is_refused() -> None:
    with pytest.raises(RecipeError, match="schema_version: Input should be 1"):
        parse_recipe(document() | {"schema_version": 2}, "r.yaml")


def test_a_name_that_could_not_be_a_folder_is_refused() -> None:
    with pytest.raises(RecipeError, match="name: a name holds letters, digits"):
        parse_recipe(document() | {"name": "../up"}, "r.yaml")


def test_a_recipe_is_found_by_path_or_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe_file(tmp_path / "mine.yaml")
    assert load_recipe(str(tmp_path / "mine.yaml")).name == "narrow"
    monkeypatch.chdir(tmp_path)
    assert load_recipe("mine.yaml").name == "narrow"
    with pytest.raises(RecipeError, match="no recipe at 'mine'; give a path, or one of: brats-efficientnet, "):
        load_recipe("mine")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a: [", "is not YAML"),
        (b"- a", "holds list; expected sections"),
        (b"", "holds NoneType"),
        (b"\xff", "not YAML"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "r.yaml").write_bytes(content)
    with pytest.raises(RecipeError, match=sentence):
        load_recipe(str(tmp_path / "r.yaml"))


def test_yaml_makes_no_objects(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("name: !!python/object/apply:os.getcwd []")
    with pytest.raises(RecipeError, match="is not YAML"):
        load_recipe(str(tmp_path / "r.yaml"))
