"""How a prediction was made and became a mask, in words: its passes, its members, its thresholds, its clean-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.export.report.formatting import listed, plural
from core.postprocess import Step, clean_up_words


def passes(asked: Mapping[str, Any]) -> str:
    """Say what every checkpoint's prediction is the mean of; empty where a slice went through the network once.

    Args:
        asked: `passes` of an `evaluate` document.
    """
    said = []
    if asked.get("tta"):
        said.append(
            "Every prediction is the mean over each slice's flips, and over its quarter turns where it is square "
            "(test-time augmentation)."
        )
    if count := asked.get("mc_dropout"):
        seed = f", seed {asked['seed']}" if "seed" in asked else ""
        said.append(f"Every prediction is the mean of {count} passes with dropout switched on{seed}.")
    if planes := asked.get("planes"):
        said.append(f"Volumes were cut into {listed(planes)} slices, whose probabilities are averaged.")
    return " ".join(said)


def ensemble(card: Mapping[str, Any]) -> str:
    """Say that a checkpoint is an ensemble, and of how many; empty where it is a single network."""
    members = card.get("members") or ()
    return (
        f"It is an ensemble of {plural(len(members), 'network')}, whose probabilities are averaged." if members else ""
    )


def decision(card: Mapping[str, Any]) -> str:
    """Say how probabilities become a mask: temperature, thresholds or the likeliest class, then what cleans it up."""
    spec = card["inference"]
    said = []
    if spec.get("temperature", 1.0) != 1.0:
        said.append(f"Logits are divided by the temperature {spec['temperature']:.3g}, fitted on validation.")
    said.append(_threshold(spec))
    if steps := spec.get("post"):
        words = clean_up_words([Step.model_validate(step) for step in steps])
        said.append(f"The mask is then cleaned up: {words}.")
    return " ".join(said)


def _threshold(spec: Mapping[str, Any]) -> str:
    if spec.get("target", "regions") != "regions":
        return "A voxel takes the likeliest class."
    thresholds: Sequence[int] = list(dict.fromkeys(spec["thresholds"]))
    if len(thresholds) == 1:
        return f"A voxel belongs to a region from a probability of {thresholds[0]}/255 on."
    each = (f"{name} {value}/255" for name, value in zip(spec["regions"], spec["thresholds"], strict=True))
    return f"A voxel belongs to a region from these probabilities on: {', '.join(each)}."
