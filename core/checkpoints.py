"""The only reader and writer of weights: a checkpoint is a folder of `weights.safetensors` and `card.json`.

The card's `inference` section is all that a prediction depends on, so the checkpoint's id is the
SHA-256 of the weights' bytes followed by that section as canonical JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from core.atomic import new_folder, read_json, write_json
from core.data.prepare import Preparing
from core.data.slicing import Plane
from core.errors import RefusedError
from core.workspace import SHIPPED_CHECKPOINTS, NotInWorkspaceError, Workspace

if TYPE_CHECKING:
    import torch
    from torch import nn

WEIGHTS = "weights.safetensors"
CARD = "card.json"
SCHEMA_VERSION = 1
POINTERS = ("best", "last")
# fields that the inference section has gained since the first checkpoints, with what leaving them out means
ADDED_LATER: dict[str, Any] = {"class_bits": [], "window": None, "neighbours": 0}


class CheckpointError(RefusedError):
    """A checkpoint cannot be used; the message says what is wrong with it."""


class InferenceSpec(BaseModel):
    """Everything a prediction depends on besides the weights."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    architecture: str
    arguments: dict[str, Any]
    target: Literal["regions", "classes"] = "regions"
    regions: tuple[str, ...] = Field(min_length=1, max_length=8)
    class_bits: tuple[int, ...] = ()  # target classes: the region bits of each class, background first
    modalities: tuple[str, ...] = Field(min_length=1)
    scheme: str | dict[str, Any]  # the name of one that ships, or all of it
    plane: Plane
    preparing: Preparing
    window: tuple[float, float] | None = None  # preparing window: in HU
    neighbours: int = Field(0, ge=0)
    input_size: tuple[int, int] | int | None
    thresholds: tuple[int, ...]
    temperature: float = Field(1.0, gt=0)

    @model_validator(mode="after")
    def _one_threshold_per_region(self) -> Self:
        if len(self.thresholds) != len(self.regions) or not all(1 <= value <= 255 for value in self.thresholds):
            raise ValueError(
                f"thresholds {self.thresholds}; expected one of 1-255 for each of {len(self.regions)} regions"
            )
        if (self.target == "classes") != bool(self.class_bits):
            raise ValueError(f"target {self.target} with class_bits {self.class_bits}; only classes have them")
        return self

    @model_serializer(mode="wrap")
    def _without_what_came_later(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # cards from before keep their ids, and the id stays the hash of the section as it stands in the card
        section: dict[str, Any] = dump(self)
        for name, default in ADDED_LATER.items():
            if section[name] == default or section[name] == ():
                del section[name]
        return section

    @property
    def inputs(self) -> int:
        """Channels that the network reads: its modalities, on the slice and on its neighbours."""
        return len(self.modalities) * (1 + 2 * self.neighbours)

    @property
    def outputs(self) -> int:
        """Channels that the network writes: its regions, or background and its classes."""
        return len(self.class_bits) or len(self.regions)

    def canonical(self) -> bytes:
        """Return the section as UTF-8 JSON, keys sorted, without spaces: what the id hashes."""
        section = self.model_dump(mode="json")
        return json.dumps(section, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Card(BaseModel):
    """What a checkpoint says of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = 1
    title: str
    run: str
    steps: int = Field(ge=0)
    parameters: int = Field(ge=0)
    inference: InferenceSpec
    recipe: dict[str, Any]
    encoder_weights: dict[str, Any] | None
    cohort: str
    split_sha256: str
    fold: int
    leaks: bool = False
    # content hashes of every patient whose voxels changed weights or choices
    training_content: dict[str, list[str]]
    validation_content: dict[str, list[str]]
    validation_scores: dict[str, Any] | None = None
    data_licence: str = "not stated"
    weights_licence: str = "not stated"
    libraries: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint on disk, its card read and its weights hashed, not loaded."""

    folder: Path
    id: str
    card: Card

    @property
    def spec(self) -> InferenceSpec:
        return self.card.inference


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


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read a checkpoint's card and compute its id.

    Raises:
        CheckpointError: the folder is not a checkpoint, or its card is of another schema.
    """
    card_path, weights_path = folder / CARD, folder / WEIGHTS
    if not card_path.is_file() or not weights_path.is_file():
        raise CheckpointError(f"{folder.name} is not a checkpoint; expected {WEIGHTS} and {CARD} in it")
    try:
        document = read_json(card_path)
        found = document.get("schema_version")
        if found != SCHEMA_VERSION:
            raise CheckpointError(
                f"{folder.name}: a card of schema {found}; this program reads schema {SCHEMA_VERSION}: update it"
            )
        card = Card.model_validate(document)
    except (ValidationError, json.JSONDecodeError, UnicodeDecodeError, AttributeError) as error:
        raise CheckpointError(f"{folder.name}: the card is damaged ({type(error).__name__}); copy it again") from None
    return Checkpoint(folder, checkpoint_id(weights_path, card.inference), card)


def checkpoint_id(weights: Path, spec: InferenceSpec) -> str:
    """Return SHA-256 of the bytes of `weights` followed by the canonical inference section (lower-case hex)."""
    digest = hashlib.sha256()
    with weights.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    digest.update(spec.canonical())
    return digest.hexdigest()


def load_model(checkpoint: Checkpoint) -> nn.Module:
    """Build the checkpoint's model, load its weights strictly, and switch it to evaluation.

    Raises:
        CheckpointError: the weights are damaged or do not fit the architecture that the card names.
    """
    from core.models import build_model

    spec = checkpoint.spec
    model = build_model(spec.architecture, spec.inputs, spec.outputs, spec.arguments)
    load_weights(model, checkpoint.folder / WEIGHTS)
    return model.eval()


def load_weights(model: nn.Module, path: Path) -> None:
    """Load a safetensors file into a model; half-precision weights are widened.

    Raises:
        CheckpointError: the file is damaged, or a name or shape differs.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        state = load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path.parent.name}: the weights cannot be read ({error}); copy them again") from None
    expected = model.state_dict()
    wrong = sorted(
        name
        for name in expected.keys() | state.keys()
        if name not in state or name not in expected or state[name].shape != expected[name].shape
    )
    if wrong:
        raise CheckpointError(
            f"{path.parent.name}: {len(wrong)} tensors do not fit the architecture in the card (first: {wrong[0]})"
        )
    model.load_state_dict({name: tensor.to(expected[name].dtype) for name, tensor in state.items()})
    if not all(torch.isfinite(tensor).all() for tensor in model.state_dict().values()):
        raise CheckpointError(f"{path.parent.name}: the weights hold NaN or infinite numbers")


def resolve_checkpoint(workspace: Workspace, reference: str) -> Checkpoint:
    """Find a checkpoint by what a user calls it.

    Args:
        workspace: where runs are.
        reference: a folder; a run (its best checkpoint, else its last); `RUN@last`; or a shipped checkpoint's name.

    Raises:
        NotInWorkspaceError: nothing is called that; the message lists what is.
        CheckpointError: it is there but unusable.
    """
    folder = Path(reference)
    if (folder / CARD).is_file():
        return read_checkpoint(folder)
    if (SHIPPED_CHECKPOINTS / reference / CARD).is_file() and "/" not in reference:
        return read_checkpoint(SHIPPED_CHECKPOINTS / reference)
    run, _, which = reference.partition("@")
    if run in workspace.run_names():
        if which not in ("", *POINTERS):
            raise NotInWorkspaceError(f"{reference!r}: a run has {' and '.join(POINTERS)}, not {which!r}")
        for pointer in [which] if which else POINTERS:
            path = workspace.run_folder(run) / f"{pointer}.json"
            if path.is_file():
                return read_checkpoint(path.parent / read_json(path)["folder"])
        raise NotInWorkspaceError(f"run {run} has no {which or 'finished'} checkpoint yet")
    known = ", ".join([*shipped_names(), *workspace.run_names()]) or "none"
    raise NotInWorkspaceError(f"no checkpoint at {reference!r}; give a folder, or one of: {known}")


def shipped_names() -> list[str]:
    """Return the names of the checkpoints that come with the program."""
    return sorted(path.parent.name for path in SHIPPED_CHECKPOINTS.glob(f"*/{CARD}"))
