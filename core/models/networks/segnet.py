"""SegNet, level by level."""

from __future__ import annotations

import itertools

import torch
from torch import nn
from torch.nn import functional

from core.models.networks.blocks import activation, initialise, initialise_head, normalisation
from core.models.segnet import SegNetArguments


class SegNet(nn.Module):
    """Encoder levels that end in max pooling; decoder levels that begin with undoing it.

    Nothing but the places of the maxima passes from encoder to decoder.

    Reference: Badrinarayanan, Kendall, Cipolla. SegNet. TPAMI 2017, section 3.
    """

    def __init__(self, in_channels: int, out_channels: int, arguments: SegNetArguments) -> None:
        super().__init__()
        channels, counts = arguments.channels, arguments.convolutions
        deepest = len(channels) - 1
        dropouts = [arguments.dropout if level >= deepest - 1 else 0.0 for level in range(len(channels))]
        before = (in_channels, *channels)
        self.encoder = nn.ModuleList(
            _level(before[level], here, here, counts[level], arguments, dropouts[level])
            for level, here in enumerate(channels)
        )
        # the last convolution of a level already has the width of the next finer one
        self.decoder = nn.ModuleList(
            _level(here, here, channels[max(level - 1, 0)], counts[level], arguments, dropouts[level])
            for level, here in enumerate(channels)
        )
        self.head = nn.Conv2d(channels[0], out_channels, 3, padding=1)
        initialise(self, arguments.activation)
        initialise_head(self.head)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Turn (N, C, H, W), H and W multiples of the stride, into logits (N, R, H, W)."""
        x = images
        places: list[torch.Tensor] = []
        for level in self.encoder:
            x, found = functional.max_pool2d(level(x), 2, return_indices=True)
            places.append(found)
        for level, found in zip(reversed(self.decoder), reversed(places), strict=True):
            x = level(unpool(x, found))
        return self.head(x)  # type: ignore[no-any-return]


def unpool(maxima: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Put the maxima of 2 x 2 windows back where they were found, zeros elsewhere.

    A scatter: no two windows overlap, so it is exact on every device, where torch's own unpooling
    refuses deterministic mode.

    Args:
        maxima: (N, C, H, W) float.
        places: (N, C, H, W) int64, as `max_pool2d` returns them: row times 2 W plus column.

    Returns:
        (N, C, 2 H, 2 W).
    """
    n, channels, height, width = maxima.shape
    # pixels before channels: with channels_last, as in training, nothing is copied
    values = maxima.permute(0, 2, 3, 1).flatten(1, 2)
    index = places.permute(0, 2, 3, 1).flatten(1, 2)
    spread = values.new_zeros(n, 4 * height * width, channels).scatter(1, index, values)
    return spread.view(n, 2 * height, 2 * width, channels).permute(0, 3, 1, 2)


def _level(
    in_channels: int, width: int, out_channels: int, count: int, arguments: SegNetArguments, dropout: float
) -> nn.Sequential:
    widths = [in_channels, *[width] * (count - 1), out_channels]
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(widths):
        # no bias: the normalisation that follows would cancel it
        layers += [
            nn.Conv2d(before, after, 3, padding=1, bias=False),
            normalisation(arguments.norm, after),
            activation(arguments.activation),
        ]
    if dropout > 0:
        layers.append(nn.Dropout2d(dropout))
    return nn.Sequential(*layers)
