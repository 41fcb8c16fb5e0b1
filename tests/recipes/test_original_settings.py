"""The named recipes keep the settings of the systems that they reproduce."""

from __future__ import annotations

from typing import Any

import pytest

from core.recipe import Recipe, load_recipe

NETWORK = {"model", "name", "title", "description"}


def sections(name: str, without: set[str]) -> dict[str, Any]:
    return {key: value for key, value in load_recipe(name).resolved().items() if key not in without}


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("mri-sequences-attention", "mri-sequences-unet"),
        ("mri-sequences-transformer", "mri-sequences-unet"),
        ("ct-multiclass-unetplusplus", "ct-multiclass"),
        ("ct-multiclass-attention", "ct-multiclass"),
        ("brats-transunet", "brats-unet"),
    ],
)
def test_what_is_compared_differs_in_the_network_alone(name: str, like: str) -> None:
    assert sections(name, NETWORK) == sections(like, NETWORK)
    assert load_recipe(name).model.name != load_recipe(like).model.name


def test_the_three_way_benchmark_differs_in_network_and_batch_alone() -> None:
    resnet, unet = (sections(name, NETWORK) for name in ("brats-resnet34", "brats-unet"))
    assert (resnet["train"].pop("batch_size"), unet["train"].pop("batch_size")) == (12, 8)
    assert resnet == unet
    assert load_recipe("brats-resnet34").model.encoder_weights == "imagenet"
    assert load_recipe("brats-unet").data.preparing == "minmax"
    assert load_recipe("brats-unet").loss.name == "bce_dice"


def test_the_default_starts_from_the_transfer_that_works_offline() -> None:
    recipe = load_recipe("segscope-default")
    assert sections("segscope-default", NETWORK) == sections("brats-efficientnet", NETWORK)
    assert (recipe.model.arguments["encoder"], recipe.model.encoder_weights) == (
        "timm-tf_efficientnet_lite0",
        "imagenet",
    )


def test_the_authors_wider_brats_unet_is_one_argument_away() -> None:
    wide = load_recipe("brats-unet", ["model.arguments.channels=[64, 128, 256, 512, 1024]"])
    assert wide.model.arguments["channels"] == [64, 128, 256, 512, 1024]


@pytest.mark.parametrize("change", ["data.input_size=256", "loss.name=dice", "data.modalities=[image]"])
def test_mri_unet_and_what_its_tutorials_vary(change: str) -> None:
    recipe = load_recipe("mri-unet")
    load_recipe("mri-unet", [change])
    assert (recipe.data.input_size, recipe.data.preparing, recipe.data.modalities) == (128, "minmax", ("t2f",))
    assert recipe.model.arguments["dropout"] > 0
    assert recipe.loss.name == "bce"
    assert (recipe.optim.name, recipe.optim.schedule) == ("adam", "plateau")
    assert 30 <= recipe.train.epochs <= 60
    assert 8 <= recipe.train.batch_size <= 16
    varied = recipe.augment.settings
    assert varied.keys() >= {"rotate_degrees", "flip_lr", "flip_ud", "offset", "crop"}


def test_mri_sequences_are_three_without_contrast_agent_standardised() -> None:
    recipe = load_recipe("mri-sequences-unet")
    assert (recipe.data.modalities, recipe.data.preparing) == (("t1n", "t2w", "t2f"), "zscore")
    assert recipe.loss.name == "bce_dice"
    assert recipe.augment.settings.keys() >= {"rotate_degrees", "flip_lr", "zoom"}


def test_ct_multiclass_is_a_softmax_with_batch_norm_dropout_and_early_stopping_on_the_loss() -> None:
    recipe = load_recipe("ct-multiclass")
    assert (recipe.target.kind, recipe.loss.name) == ("classes", "ce_dice")
    assert (recipe.model.arguments["norm"], recipe.model.arguments["dropout"]) == ("batch", 0.2)
    assert recipe.augment.preset == "light"
    assert (recipe.train.stopping.monitor, recipe.train.stopping.patience) == ("loss", 10)


def test_ct_in_hounsfield_units_is_three_fields_away() -> None:
    changed = load_recipe("ct-multiclass", ["data.modalities=[ct]", "data.preparing=window", "data.window=[-160, 240]"])
    assert changed.data.window == (-160, 240)


def test_coco_unet_sees_one_picture_a_step() -> None:
    recipe = load_recipe("coco-unet")
    load_recipe("coco-unet", ["loss.name=bce_dice"])
    assert recipe.model.arguments["channels"] == [32, 64, 128, 256, 512]
    assert (recipe.model.arguments["norm"], recipe.model.arguments["upsampling"]) == ("instance", "transpose")
    assert (recipe.train.batch_size, recipe.optim.lr, recipe.train.epochs) == (1, 4e-4, 25)
    assert recipe.loss.name == "dice"
    assert recipe.augment.settings == {"flip_lr": 0.5, "flip_ud": 0.5, "quarter_turns": 0.75}
    assert recipe.data.tumour_share == 0
    assert [step.name for step in recipe.post.steps] == ["smallest_component", "fill_holes"], "before it is scored"


@pytest.mark.parametrize("loss", ["focal", "tversky", "focal_tversky"])
def test_coco_unet_plus_is_what_its_authors_propose(loss: str) -> None:
    recipe = load_recipe("coco-unet-plus", [f"loss.name={loss}"])
    assert (recipe.train.batch_size, recipe.train.accumulate) == (1, 8)
    assert (recipe.model.name, recipe.augment.preset) == ("attention_unet", "strong")


def test_paired_2d_takes_regions_or_classes() -> None:
    assert load_recipe("paired-2d").target.kind == "regions"
    classes: Recipe = load_recipe("paired-2d", ["target.kind=classes", "loss.name=ce_dice"])
    assert classes.target.kind == "classes"
