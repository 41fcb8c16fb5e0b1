"""The networks that are measured: ResNet34 U-Nets, their weights drawn at random, as checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.case import BRATS_MODALITIES
from core.checkpoints import Card, Checkpoint, InferenceSpec, read_checkpoint, write_checkpoint
from core.models import build_model

CANVAS = (160, 192)  # what the BraTS recipes are trained on
SEED = 0


def brain_spec() -> InferenceSpec:
    """Return what the BraTS recipes say of a ResNet34 U-Net."""
    return InferenceSpec(
        architecture="smp_unet",
        arguments={"encoder": "resnet34"},
        regions=("WT", "TC", "ET"),
        modalities=BRATS_MODALITIES,
        scheme="brats-2023",
        plane="axial",
        preparing="zscore",
        input_size=CANVAS,
        thresholds=(128, 128, 128),
    )


def body_spec() -> InferenceSpec:
    """Return what a recipe says of a CT with one region and a ResNet34 U-Net, on slices as large as the body is."""
    return InferenceSpec(
        architecture="smp_unet",
        arguments={"encoder": "resnet34"},
        regions=("foreground",),
        modalities=("ct",),
        scheme="binary",
        plane="axial",
        preparing="window",
        window=(-160.0, 240.0),
        input_size=None,
        thresholds=(128,),
    )


def random_checkpoint(folder: Path, spec: InferenceSpec) -> Checkpoint:
    """Write a checkpoint of random weights, the same every time, and read it back."""
    import torch

    torch.manual_seed(SEED)
    model = build_model(spec.architecture, spec.inputs, spec.outputs, spec.arguments)
    nobody: dict[str, Any] = {"training_content": {}, "validation_content": {}}
    card = Card(
        title="Random weights",
        run="random",
        steps=0,
        parameters=sum(weights.numel() for weights in model.parameters()),
        inference=spec,
        recipe={},
        encoder_weights=None,
        cohort="none",
        split_sha256="0" * 64,
        fold=0,
        **nobody,
    )
    write_checkpoint(folder, model.state_dict(), card, {})
    return read_checkpoint(folder)
