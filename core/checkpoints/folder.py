"""A checkpoint on disk: `weights.safetensors` and `card.json`, or an ensemble's card and the folders of its members.

A checkpoint's id is the SHA-256 of the weights' bytes followed by the card's inference section as canonical JSON; an
ensemble's is the SHA-256 of its members' ids, in order.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.atomic import new_folder, write_json
from core.checkpoints.card import Card, InferenceSpec
from core.errors import RefusedError

if TYPE_CHECKING:
    import torch

WEIGHTS = "weights.safetensors"
CARD = "card.json"


class CheckpointError(RefusedError):
    """A checkpoint cannot be used; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint on disk, its card read and its weights hashed, not loaded.

    Attributes:
        folder: where it is.
        id: what names it for good.
        card: what it says of itself.
        members: of an ensemble, in order; it has no weights of its own.
        onnx: the one ONNX file in `folder` that it is, or None; such a checkpoint has no weights for torch.
    """

    folder: Path
    id: str
    card: Card
    members: tuple[Checkpoint, ...] = ()
    onnx: Path | None = None

    @property
    def spec(self) -> InferenceSpec:
        """What a prediction depends on; of an ensemble, what its first member's does."""
        return self.card.inference

    @property
    def weights(self) -> Path:
        """Where its weights are.

        Raises:
            CheckpointError: it is an ensemble, or an ONNX file.
        """
        if self.members:
            raise CheckpointError(f"{self.folder.name} is an ensemble of {len(self.members)}; load its members")
        if self.onnx:
            raise CheckpointError(
                f"{self.onnx.name} has no weights for torch, only a network for ONNX Runtime; segment with --backend "
                "onnx, or give the checkpoint's folder"
            )
        return self.folder / WEIGHTS


def write_checkpoint(folder: Path, state: Mapping[str, torch.Tensor], card: Card, extra: Mapping[str, bytes]) -> None:
    """Write weights and card into a new folder that appears whole or not at all.

    Args:
        folder: the final name.
        state: parameters and buffers by name.
        card: what the checkpoint says of itself.
        extra: more files by name, such as the state a run resumes from.
    """
    from safetensors.torch import save

    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    with new_folder(folder) as new:
        (new / WEIGHTS).write_bytes(save(tensors))
        for name, content in extra.items():
            (new / name).write_bytes(content)
        write_json(new / CARD, card.model_dump(mode="json"))


def copy_checkpoint(source: Checkpoint, folder: Path, card: Card) -> None:
    """Write a checkpoint with another's weights and a card of its own, whole or not at all.

    Args:
        source: a checkpoint with weights, no ensemble.
        folder: the final name.
        card: what the new one says of itself.
    """
    with new_folder(folder) as new:
        link_or_copy(source.weights, new / WEIGHTS)
        write_json(new / CARD, card.model_dump(mode="json"))


def link_or_copy(source: Path, target: Path) -> None:
    """Give an immutable file a second name, or copy it where the disk has no such thing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def checkpoint_id(weights: Path, spec: InferenceSpec) -> str:
    """Return SHA-256 of the bytes of `weights` followed by the canonical inference section (lower-case hex)."""
    digest = hashlib.sha256()
    with weights.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    digest.update(spec.canonical())
    return digest.hexdigest()
