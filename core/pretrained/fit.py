"""Make published tensors fit an encoder: names, the first convolution, and nothing else left over."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.pretrained.errors import WeightsRefusedError

if TYPE_CHECKING:
    import torch

# what a classifier has after its features, in torchvision's and timm's names
HEAD = ("fc.", "classifier.", "last_linear.", "head.", "conv_head.", "bn2.")
TIMM_FEATURES = "model."
NAMED = 3  # how many tensors a message names


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A complete state dict for an encoder, and what of the file was left out."""

    state: dict[str, torch.Tensor]
    dropped: tuple[str, ...]


def fit_encoder(
    found: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor], encoder: str, file: str
) -> Fitted:
    """Rename, adapt and check published tensors against an encoder's own.

    The classifier is dropped by name. Batch norm's step counter, which old files lack, keeps its 0.
    Everything else must match in name and shape, but for the first convolution's input channels.

    Args:
        found: tensors by published name.
        expected: the encoder's state dict.
        encoder: its name, for the message.
        file: the file's name, for the message.

    Raises:
        WeightsRefusedError: a tensor is missing, left over, of another shape, or not finite.
    """
    prefix = TIMM_FEATURES if all(name.startswith(TIMM_FEATURES) for name in expected) else ""
    renamed = {_listed(prefix + name, expected): tensor for name, tensor in _timm_names(found, expected).items()}
    heads = tuple(prefix + head for head in HEAD)
    dropped = sorted(name for name in renamed if name not in expected and name.startswith(heads))
    state = {name: tensor for name, tensor in renamed.items() if name not in dropped}
    for name, tensor in expected.items():
        if name.endswith("num_batches_tracked"):
            state.setdefault(name, tensor)
    state = {name: _first_convolution(tensor, expected.get(name)) for name, tensor in state.items()}
    _check(state, expected, encoder, file)
    return Fitted(state, tuple(name.removeprefix(prefix) for name in dropped))


def repeat_channels(weight: torch.Tensor, channels: int) -> torch.Tensor:
    """Turn a convolution over red, green and blue into one over `channels` modalities.

    The three kernels are repeated cyclically (1 2 3 1 ...) and scaled by 3 / channels, so that the sum
    over equal channels stays what it was. A single channel takes the sum of all three: what a grey
    picture would have given.

    Args:
        weight: (out, 3, height, width) float.
        channels: at least 1.

    Returns:
        (out, channels, height, width).
    """
    if channels == 1:
        return weight.sum(dim=1, keepdim=True)
    order = [channel % 3 for channel in range(channels)]
    return weight[:, order] * (3 / channels)


def _first_convolution(tensor: torch.Tensor, wanted: torch.Tensor | None) -> torch.Tensor:
    if wanted is None or tensor.ndim != 4 or wanted.ndim != 4 or tensor.shape[1] != 3:
        return tensor
    same_but_channels = tensor.shape[0] == wanted.shape[0] and tensor.shape[2:] == wanted.shape[2:]
    return repeat_channels(tensor, wanted.shape[1]) if same_but_channels and wanted.shape[1] != 3 else tensor


def mismatches(state: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor]) -> list[str]:
    """Say in words in which names and shapes two state dicts differ; empty where they do not."""
    missing = [name for name in expected if name not in state]
    left_over = [name for name in state if name not in expected]
    misshapen = [
        f"{name} {tuple(state[name].shape)} instead of {tuple(expected[name].shape)}"
        for name in expected
        if name in state and state[name].shape != expected[name].shape
    ]
    return [
        f"{len(names)} tensors {what} ({', '.join(names[:NAMED])}{', …' if len(names) > NAMED else ''})"
        for what, names in (("missing", missing), ("left over", left_over), ("of another shape", misshapen))
        if names
    ]


def not_finite(state: Mapping[str, torch.Tensor]) -> str | None:
    """Return the name of a tensor that holds NaN or infinite numbers, or None."""
    import torch

    return next((name for name, tensor in state.items() if not bool(torch.isfinite(tensor).all())), None)


def _check(state: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor], encoder: str, file: str) -> None:
    if faults := mismatches(state, expected):
        raise WeightsRefusedError(
            f"{file} does not hold the weights of {encoder}: {'; '.join(faults)}; give a file made for {encoder}"
        )
    if broken := not_finite(state):
        raise WeightsRefusedError(f"{file}: {broken} holds NaN or infinite numbers; download it again")


def _listed(name: str, expected: Mapping[str, torch.Tensor]) -> str:
    """Return a tensor's name where timm lists the parts of a sequence one by one: `stages.0.x` as `stages_0.x`."""
    flat = re.sub(r"^(model\.\w+)\.(\d+)\.", r"\1_\2.", name)
    return flat if name not in expected and flat in expected else name


def _timm_names(found: Mapping[str, torch.Tensor], expected: Iterable[str]) -> dict[str, torch.Tensor]:
    """Rename EfficientNet's tensors from its first PyTorch port to timm; other files pass unchanged."""
    if "_conv_stem.weight" not in found:
        return dict(found)
    places = {(int(m[1]), int(m[2])) for name in expected if (m := re.search(r"blocks\.(\d+)\.(\d+)\.", name))}
    blocks = [f"blocks.{stage}.{block}" for stage, block in sorted(places)]
    return {_timm_name(name, blocks, found): tensor for name, tensor in found.items()}


def _timm_name(name: str, blocks: list[str], found: Mapping[str, torch.Tensor]) -> str:
    outside = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
    layer, _, rest = name.partition(".")
    if layer in outside:
        return f"{outside[layer]}.{rest}"
    match = re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", name)
    if match is None or int(match[1]) >= len(blocks):
        return name  # left over, and refused by name
    if f"_blocks.{match[1]}._expand_conv.weight" in found:
        inside = {
            "_expand_conv": "conv_pw", "_bn0": "bn1",
            "_depthwise_conv": "conv_dw", "_bn1": "bn2",
            "_project_conv": "conv_pwl", "_bn2": "bn3",
        }  # fmt: skip
    else:
        # the first stage does not expand: depthwise, then pointwise
        inside = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
    return f"{blocks[int(match[1])]}.{inside.get(match[2], match[2])}.{match[3]}"
