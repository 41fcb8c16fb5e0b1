"""Where an exported mask comes from: what every file says of itself, and never when, by whom or where it was made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from core import __version__
from core.checkpoints import Checkpoint

RESEARCH_ONLY = "For research; not for diagnosis."
SHORT_ID = 12  # hexadecimal digits that name a checkpoint where there is no room for all
PROGRAM = "Segscope"


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made a mask.

    Attributes:
        checkpoint_ids: 64 hexadecimal digits each; several where their mean was taken.
        titles: what the checkpoints are called, in the same order.
        recipes: the names of the recipes they were trained by, in the same order.
        target: `regions`, which may overlap, or `classes`, which exclude each other.
        thresholds: region to the lowest 255th of probability that belongs to it; empty for classes, of which the
            likeliest wins.
        modalities: what the checkpoints read.
        options: how the prediction was made beyond the checkpoint, such as flips or post-processing.
        versions: of the program, and of the libraries that a mask depends on.
    """

    checkpoint_ids: tuple[str, ...]
    titles: tuple[str, ...]
    recipes: tuple[str, ...]
    target: str
    thresholds: Mapping[str, int]
    modalities: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def short(self) -> str:
        """Program, checkpoint and purpose, in at most 79 bytes of ASCII: what a NIfTI's `descrip` holds."""
        first, more = self.checkpoint_ids[0][:SHORT_ID], len(self.checkpoint_ids) - 1
        return f"{PROGRAM} {first}{f' and {more} more' if more else ''}. {RESEARCH_ONLY}"

    @property
    def title(self) -> str:
        """What the checkpoint is called, or all of them."""
        return ", ".join(dict.fromkeys(self.titles))

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON types."""
        return {
            "note": RESEARCH_ONLY,
            "checkpoint_ids": list(self.checkpoint_ids),
            "titles": list(self.titles),
            "recipes": list(self.recipes),
            "target": self.target,
            "thresholds_of_255": dict(self.thresholds) or None,
            "modalities": list(self.modalities),
            "options": dict(self.options),
            "versions": dict(self.versions),
        }

    def canonical(self) -> str:
        """Return it as one line of ASCII JSON, keys sorted, without spaces."""
        return json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))


def provenance_of(
    checkpoints: Sequence[Checkpoint], options: Mapping[str, Any] | None = None, backend: str = "torch"
) -> Provenance:
    """Return where a prediction of checkpoints comes from.

    Args:
        checkpoints: whose prediction it is; several where their mean was taken.
        options: how it was made beyond them, as plain JSON types.
        backend: what computed it, `torch` or `onnx`.
    """
    spec = checkpoints[0].spec
    inference = spec.model_dump(mode="json")
    post = {"post": inference["post"]} if inference.get("post") else {}
    return Provenance(
        checkpoint_ids=tuple(each.id for each in checkpoints),
        titles=tuple(each.card.title for each in checkpoints),
        recipes=tuple(str(each.card.recipe.get("name", "not stated")) for each in checkpoints),
        target=spec.target,
        thresholds={} if spec.class_bits else dict(zip(spec.regions, spec.thresholds, strict=True)),
        modalities=tuple(spec.modalities),
        options={**post, **(options or {})},
        versions=versions_of(backend),
    )


def versions_of(backend: str = "torch") -> dict[str, str]:
    """Return the versions of what a mask depends on, asked of the installed packages without loading any."""
    found = {"segscope": __version__}
    for package in ("onnxruntime" if backend == "onnx" else "torch", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
