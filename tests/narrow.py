"""A network of about a thousand weights, for tests that train or segment: its recipe and its checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.case import BRATS_MODALITIES
from core.checkpoints import Card, Checkpoint, InferenceSpec, read_checkpoint, write_checkpoint
from core.models import build_model
from core.recipe import Recipe, parse_recipe

ARGUMENTS = {"channels": [4, 8], "norm": "instance", "dropout": 0.1}
# of a checkpoint that learned to do without a sequence
DROPPING = {"augment": {"preset": "none", "settings": {"modality_dropout": 0.2}}}


def document(**sections: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recipe that trains in milliseconds a step, some fields changed section by section."""
    base: dict[str, Any] = {
        "name": "narrow",
        "data": {"input_size": None},
        "model": {"name": "unet", "arguments": ARGUMENTS},
        "optim": {"lr": 0.01, "warmup_steps": 2},
        "train": {"max_steps": 8, "batch_size": 4, "checkpoint_every_steps": 3, "validate_every_steps": 4},
    }
    for name, fields in sections.items():
        base[name] = {**base.get(name, {}), **fields}
    return base


def recipe(**sections: Mapping[str, Any]) -> Recipe:
    return parse_recipe(document(**sections), "narrow")


def recipe_file(path: Path, **sections: Mapping[str, Any]) -> Path:
    import yaml

    path.write_text(yaml.safe_dump(document(**sections)))
    return path


def spec(**changes: Any) -> InferenceSpec:
    fields: dict[str, Any] = {
        "architecture": "unet",
        "arguments": ARGUMENTS,
        "regions": ("WT", "TC", "ET"),
        "modalities": BRATS_MODALITIES,
        "scheme": "brats-2023",
        "plane": "axial",
        "preparing": "zscore",
        "input_size": None,
        "thresholds": (128, 128, 128),
    }
    return InferenceSpec(**(fields | changes))


def card(
    inference: InferenceSpec,
    train: Mapping[str, Sequence[str]] | None = None,
    validation: Mapping[str, Sequence[str]] | None = None,
    fold: int = 0,
    recipe: Mapping[str, Any] | None = None,
) -> Card:
    return Card(
        title="Narrow",
        run="narrow-0001",
        steps=10,
        parameters=1000,
        inference=inference,
        recipe=dict(recipe or {}),
        encoder_weights=None,
        cohort="small",
        split_sha256="0" * 64,
        fold=fold,
        training_content={name: list(hashes) for name, hashes in (train or {}).items()},
        validation_content={name: list(hashes) for name, hashes in (validation or {}).items()},
    )


def checkpoint(folder: Path, seed: int = 0, inference: InferenceSpec | None = None, **seen: Any) -> Checkpoint:
    """Write a checkpoint with random weights that paints about half of the head, and read it back."""
    import torch

    inference = inference or spec()
    torch.manual_seed(seed)
    model = build_model(inference.architecture, inference.inputs, inference.outputs, inference.arguments)
    write_checkpoint(folder, model.state_dict(), card(inference, **seen), {})
    return read_checkpoint(folder)
