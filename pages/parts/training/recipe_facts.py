"""What a recipe's settings are called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.data.augment import PRESETS, augment_settings
from core.labels import LabelScheme
from core.models import model_named
from core.pretrained.sources import DOWNLOADED, PACKAGED
from core.recipe import Recipe

PREFIXES = ("timm-", "tu-", "tf_")


def architecture(recipe: Recipe) -> str:
    """Name the network by its encoder, or by the widths of its levels."""
    spec = model_named(recipe.model.name)
    encoder = spec.encoder(recipe.model.arguments)
    if encoder is not None:
        return spec.title
    widths = dict(spec.parse(recipe.model.arguments)).get("channels")
    return f"{spec.title}, {'-'.join(map(str, widths))}" if widths else spec.title


def plain_encoder(encoder: str) -> str:
    """Return an encoder's name without what says which library builds it."""
    return encoder.removeprefix("timm-").removeprefix("tu-")


def encoder_title(encoder: str) -> str:
    """Return an encoder's name for people."""
    for prefix in PREFIXES:
        encoder = encoder.removeprefix(prefix)
    return encoder


def weights_offered(encoder: str, given: str) -> dict[str, str]:
    """Return what an encoder may start from, by the value that a recipe holds.

    Args:
        encoder: its name.
        given: what the recipe says, which is always among it.
    """
    offered = {"none": "none, from scratch"}
    plain = plain_encoder(encoder)
    if plain in PACKAGED:
        offered["imagenet"] = "ImageNet, from package"
    elif plain in DOWNLOADED:
        offered["imagenet"] = "ImageNet, downloaded"
    return offered if given in offered else {given: weights_title(given)} | offered


def weights_title(given: str) -> str:
    """Say where weights come from without the folder that they lie in."""
    if given == "imagenet":
        return "ImageNet"
    return f"encoder of {given[4:]}" if given.startswith("run:") else f"file {Path(given).name}"


def target_title(kind: str, scheme: LabelScheme) -> str:
    """Say what a network predicts."""
    if kind == "regions":
        return f"{', '.join(scheme.region_names)} (overlapping)"
    return f"{len(scheme.class_bits)} classes (exclusive)"


def input_size_title(size: Any) -> str:
    """Say how large a slice is when the network sees it."""
    if isinstance(size, list | tuple):
        return " × ".join(map(str, size))
    return f"to {size}" if isinstance(size, int) else str(size)


def loss_title(title: str) -> str:
    """Shorten a loss's title to what fits a row."""
    return title.replace("Binary cross-entropy", "BCE").replace("Cross-entropy", "CE")


def changed_words(recipe: Recipe) -> str:
    """Say where a recipe's augmentation is not its preset's."""
    preset = recipe.augment.preset
    return ", changed" if augment_settings(preset, recipe.augment.settings) != PRESETS[preset] else ""
