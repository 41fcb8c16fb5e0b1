"""Dropout at inference, drawn as a function of seed, pass and sample.

Reference: Gal, Ghahramani. Dropout as a Bayesian Approximation. ICML 2016.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.errors import RefusedError

if TYPE_CHECKING:
    import torch
    from torch import nn


class NoDropoutError(RefusedError):
    """A network without dropout cannot be asked for passes with it."""


class SampledDropout:
    """Switches on a network's dropout layers, and nothing else, while it is open.

    What is dropped is decided sample by sample, on the CPU: another batch size or device changes nothing. Each sample
    has a name; its mask at the n-th dropout of a pass is a function of that name and of n.
    """

    def __init__(self, model: nn.Module) -> None:
        self._layers = dropout_layers(model)
        self._samples: Sequence[str] = ()
        self._calls = 0
        self._hooks: list[Any] = []

    def __enter__(self) -> SampledDropout:
        self._hooks = [layer.register_forward_hook(self._drop) for layer in self._layers]
        return self

    def __exit__(self, *_reason: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def begin(self, samples: Sequence[str]) -> None:
        """Begin a pass over a batch of samples of these names."""
        self._samples, self._calls = samples, 0

    def _drop(self, layer: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
        import torch
        from torch import nn

        self._calls += 1
        # transformers fold the parts of an image into the first axis, image by image
        share = output.shape[0] // len(self._samples)
        rest = output.shape[1:] if isinstance(layer, nn.Dropout) else (output.shape[1], *[1] * (output.ndim - 2))
        kept = [
            torch.rand((share, *rest), generator=torch.Generator().manual_seed(self._seed(sample))) >= layer.p
            for sample in self._samples
        ]
        dropped: torch.Tensor = output * (torch.cat(kept).to(output) / (1 - layer.p))
        return dropped

    def _seed(self, sample: str) -> int:
        digest = hashlib.sha256(f"{sample} {self._calls}".encode()).digest()
        return int.from_bytes(digest[:8], "big") >> 1  # torch takes 63 bits


def dropout_layers(model: nn.Module) -> list[nn.Module]:
    """Return the layers that drop values or whole feature maps with a probability above 0."""
    from torch import nn

    kinds = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)
    return [layer for layer in model.modules() if isinstance(layer, kinds) and 0 < layer.p < 1]


def require_dropout(model: nn.Module, architecture: str) -> None:
    """Refuse a network that would answer alike every time.

    Raises:
        NoDropoutError: it has no dropout.
    """
    if not dropout_layers(model):
        raise NoDropoutError(
            f"this {architecture} has no dropout, so every pass would be the same; use test-time augmentation or an "
            "ensemble, or train it with dropout above 0"
        )
