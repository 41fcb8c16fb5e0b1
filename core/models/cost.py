"""What a model costs: its parameters, and the arithmetic of one forward pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.arguments import Arguments
from core.models import build_model, parameter_count


@dataclass(frozen=True, slots=True)
class Cost:
    """How large a model is.

    Attributes:
        parameters: numbers that training may change.
        flops: multiplications and additions of one image's forward pass, in convolutions and matrix
            products (a multiplication with its addition counts as two); padding to the stride included.
    """

    parameters: int
    flops: int


def cost(
    name: str,
    in_channels: int,
    out_channels: int,
    size: tuple[int, int],
    arguments: Mapping[str, Any] | Arguments | None = None,
) -> Cost:
    """Measure a model without computing anything: its tensors have shapes and no values.

    Args:
        name: one of `MODELS`.
        in_channels: C, channels of the image.
        out_channels: R, regions or classes.
        size: (H, W) of the image, pixels.
        arguments: the architecture's; defaults where left out.

    Raises:
        UnknownModelError: no such model.
        ArgumentError: an argument that it does not know or cannot take.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.random.fork_rng(devices=[]):  # who asks for a price draws no other weights afterwards
        # some of the libraries' models read their tensors while they are built, which none on meta allows
        model = build_model(name, in_channels, out_channels, arguments).to("meta").eval()
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        model(torch.empty(1, in_channels, *size, device="meta"))
    return Cost(parameter_count(model), counter.get_total_flops())
