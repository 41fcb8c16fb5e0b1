"""What a recipe is made of, in a few rows."""

from __future__ import annotations

from pathlib import Path

from core.data.augment import PRESETS, augment_settings
from core.losses import loss_named
from core.models import model_named
from core.pretrained.sources import DOWNLOADED, PACKAGED
from core.recipe import Recipe
from core.workspace import Cohort
from pages.parts.volumes import TITLES

PREFIXES = ("timm-", "tu-", "tf_")


def recipe_facts(recipe: Recipe, cohort: Cohort) -> list[tuple[str, str]]:
    """Return label and value of what the form shows and does not change."""
    data = recipe.data
    size = _size(data.input_size)
    start = [] if weights_offered(recipe) else [("Pretraining", "none, from scratch")]
    return [
        ("Architecture", architecture(recipe)),
        *start,
        ("Sequences", ", ".join(TITLES.get(name, name) for name in data.modalities)),
        ("Target", f"{', '.join(cohort.scheme.region_names)} (overlapping)"),
        ("Loss", loss_named(recipe.loss.name).title),
        ("Slices", f"{size}, {data.plane}, {data.preparing}"),
        ("Augmentation", augmentation(recipe)),
    ]


def _size(size: tuple[int, int] | int | None) -> str:
    if isinstance(size, int):
        return f"resized to {size}"
    return " × ".join(map(str, size)) if size else "native size"


def architecture(recipe: Recipe) -> str:
    """Name the network by its encoder, or by the widths of its levels."""
    spec = model_named(recipe.model.name)
    encoder = spec.encoder(recipe.model.arguments)
    if encoder is not None:
        return f"U-Net, {_plain(encoder)}"
    widths = dict(spec.parse(recipe.model.arguments)).get("channels")
    return f"{spec.title}, {'-'.join(map(str, widths))}" if widths else spec.title


def weights_offered(recipe: Recipe) -> dict[str, str]:
    """Return what the encoder may start from, by the value that a recipe holds; nothing where there is no encoder."""
    encoder = model_named(recipe.model.name).encoder(recipe.model.arguments)
    if encoder is None:
        return {}
    offered = {"none": "none, from scratch"}
    plain = encoder.removeprefix("timm-").removeprefix("tu-")
    if plain in PACKAGED:
        offered["imagenet"] = "ImageNet, from package"
    elif plain in DOWNLOADED:
        offered["imagenet"] = "ImageNet, downloaded"
    given = recipe.model.encoder_weights
    return {given: f"file {Path(given).name}"} | offered if given not in offered else offered


def augmentation(recipe: Recipe) -> str:
    """Name the preset, and how many of its settings the recipe changes."""
    changed = augment_settings(recipe.augment.preset, recipe.augment.settings) != PRESETS[recipe.augment.preset]
    return f"{recipe.augment.preset}, changed" if changed else recipe.augment.preset


def _plain(encoder: str) -> str:
    for prefix in PREFIXES:
        encoder = encoder.removeprefix(prefix)
    return encoder
