"""Batch norms folded into the convolutions before them: less to compute, and one rounding less in bfloat16.

In evaluation a batch norm is an affine map of each channel, and so is part of the convolution that feeds it:
w' = w g / sqrt(v + e), b' = (b - m) g / sqrt(v + e) + o, with its mean m, variance v, gain g, offset o and epsilon e.

Imports torch: import this module late.
"""

from __future__ import annotations

from collections import Counter
from copy import deepcopy

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

TOLERANCE = 1e-4  # of the largest output; float32 rounds that of a deep network to about 1e-6 of it


def with_folded_norms(model: nn.Module, channels: int, side: int) -> nn.Module:
    """Fold every batch norm that reads a convolution directly.

    Args:
        model: in evaluation, on the CPU; it is left as it is.
        channels: that it reads.
        side: of a square that it takes.

    Returns:
        A copy, in float32 equal to the model but for rounding; the model itself where that does not hold, as where
        something else reads such a convolution too.
    """
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(1, channels, side, side, generator=generator)
    folded = deepcopy(model)
    with torch.inference_mode():
        pairs = _pairs(folded, images)
    if not pairs:
        return model
    names = {layer: name for name, layer in folded.named_modules()}
    for convolution, norm in pairs:
        _replace(folded, names[convolution], fuse_conv_bn_eval(convolution, norm))
        _replace(folded, names[norm], nn.Sequential(*norm.children()))  # some bring their own activation
    with torch.inference_mode():
        wanted, found = model(images), folded(images)
    close = bool((found - wanted).abs().max() <= TOLERANCE * wanted.abs().max())
    return folded if close else model


def _pairs(model: nn.Module, images: torch.Tensor) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """Return each convolution with the norm that is given its output, both called once only."""
    made: list[tuple[torch.Tensor, nn.Conv2d]] = []
    pairs: list[tuple[nn.Conv2d, nn.BatchNorm2d]] = []
    calls: Counter[nn.Module] = Counter()

    def convolved(layer: nn.Module, _x: object, y: torch.Tensor) -> None:
        assert isinstance(layer, nn.Conv2d)
        calls[layer] += 1
        made.append((y, layer))

    def about_to_norm(layer: nn.Module, x: tuple[torch.Tensor, ...]) -> None:
        assert isinstance(layer, nn.BatchNorm2d)
        calls[layer] += 1
        pairs.extend((convolution, layer) for y, convolution in made if y is x[0])

    layers = list(model.modules())
    hooks = [each.register_forward_hook(convolved) for each in layers if isinstance(each, nn.Conv2d)]
    norms = [each for each in layers if isinstance(each, nn.BatchNorm2d) and each.track_running_stats]
    hooks += [each.register_forward_pre_hook(about_to_norm) for each in norms]
    try:
        model(images)
    finally:
        for hook in hooks:
            hook.remove()
    return [pair for pair in pairs if calls[pair[0]] == calls[pair[1]] == 1]


def _replace(model: nn.Module, name: str, layer: nn.Module) -> None:
    parent, _, own = name.rpartition(".")
    setattr(model.get_submodule(parent), own, layer)
