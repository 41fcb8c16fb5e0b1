"""Start an encoder from that of another run, or of a checkpoint that ships with the program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.checkpoints import CARD, WEIGHTS, Checkpoint, read_checkpoint, resolve_checkpoint
from core.models import model_named
from core.pretrained.convert import tensors_of
from core.pretrained.download import file_sha256
from core.pretrained.errors import WeightsRefusedError, WeightsUnavailableError
from core.pretrained.facts import WeightsFacts
from core.pretrained.fit import mismatches, not_finite
from core.pretrained.sources import CHOOSE
from core.workspace import NotInWorkspaceError, Workspace

if TYPE_CHECKING:
    import torch
    from torch import nn

RUN = "run:"
# where `core.models` keeps the encoder of a model that has one, and where checkpoints name its tensors
ENCODER = "net.encoder"


def checkpoint_meant(weights: str, workspace: Workspace) -> Checkpoint | None:
    """Return the checkpoint that `encoder_weights` names, or None where it names something else.

    Args:
        weights: `run:NAME` (also `run:NAME@last`, or the name of a checkpoint that ships), the folder of a
            checkpoint, or the weights file in one.
        workspace: where runs are.

    Raises:
        WeightsUnavailableError: no run is called that, or it has no checkpoint yet.
        CheckpointError: it is there but unusable.
    """
    if weights.startswith(RUN):
        try:
            return resolve_checkpoint(workspace, weights.removeprefix(RUN))
        except NotInWorkspaceError as error:
            raise WeightsUnavailableError(f"encoder_weights = {weights}: {error}; or {CHOOSE}") from None
    path = Path(weights).expanduser()
    folder = path.parent if path.name == WEIGHTS else path
    return read_checkpoint(folder) if (folder / CARD).is_file() else None


def load_run_encoder(model: nn.Module, architecture: str, checkpoint: Checkpoint, cache_dir: Path) -> WeightsFacts:
    """Copy a checkpoint's encoder into a freshly built model, tensor by tensor and nothing else.

    Args:
        model: as built by `build_model`; its encoder is changed in place.
        architecture: the model's name, for the message.
        checkpoint: whose encoder is taken; channels and all, it must be the same network.
        cache_dir: where converted files are kept.

    Returns:
        What was loaded, with the content hashes of the patients that shaped it: they were seen.

    Raises:
        WeightsRefusedError: either has no encoder of its own, or the two are not the same network.
    """
    card, name = checkpoint.card, f"run {checkpoint.card.run}"
    if checkpoint.members:
        raise WeightsRefusedError(f"{name} is an ensemble of {len(checkpoint.members)}; name one of its members")
    expected = encoder_of(model, architecture).state_dict()
    found = encoder_tensors(tensors_of(checkpoint.weights, cache_dir))
    theirs = model_named(checkpoint.spec.architecture).encoder(checkpoint.spec.arguments)
    if not found:
        raise WeightsRefusedError(
            f"{name} is a {checkpoint.spec.architecture}, which has no encoder of its own; choose another run, or "
            "set model.encoder_weights to none"
        )
    if faults := mismatches(found, expected):
        raise WeightsRefusedError(
            f"the encoder of {name} ({theirs or checkpoint.spec.architecture}, {checkpoint.spec.inputs} channels) is "
            f"not that of this {architecture}: {'; '.join(faults)}; choose a run with the same encoder and as many "
            "channels, or set model.encoder_weights to none"
        )
    if broken := not_finite(found):
        raise WeightsRefusedError(f"{name}: {broken} holds NaN or infinite numbers; choose another checkpoint")
    state = {key: tensor.to(expected[key].dtype) for key, tensor in found.items()}
    encoder_of(model, architecture).load_state_dict(state)  # strict by default; some of smp's take no such word
    before = (card.encoder_weights or {}).get("source", "none")
    origin = "" if before == "none" else f", which started from {before}"
    return WeightsFacts(
        source=f"{name}, {card.steps} steps, checkpoint {checkpoint.id[:16]}{origin}",
        sha256=file_sha256(checkpoint.weights),
        licence=card.weights_licence,
        seen=_seen(checkpoint),
    )


def encoder_of(model: nn.Module, architecture: str) -> nn.Module:
    """Return the part of a model that weights from elsewhere may fill.

    Raises:
        WeightsRefusedError: it has none.
    """
    try:
        return model.get_submodule(ENCODER)
    except AttributeError:
        raise WeightsRefusedError(
            f"{architecture} has no encoder that can be started from elsewhere; set model.encoder_weights to none"
        ) from None


def encoder_tensors(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the encoder's tensors of a whole model's, under their names inside it; empty where there are none."""
    prefix = f"{ENCODER}."
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _seen(checkpoint: Checkpoint) -> dict[str, list[str]]:
    """Return content hashes by case of all that trained the checkpoint or chose it."""
    seen: dict[str, set[str]] = {}
    for part in (checkpoint.card.training_content, checkpoint.card.validation_content):
        for case, hashes in part.items():
            seen.setdefault(case, set()).update(hashes)
    return {case: sorted(hashes) for case, hashes in seen.items()}
