"""The exponential moving average of a model's weights."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn


def decay_at(step: int, decay: float) -> float:
    """Return the decay of one optimiser step: small while there is little to average, then `decay`.

    Reference: min(decay, (1 + t) / (10 + t)), tf.train.ExponentialMovingAverage with num_updates.
    """
    return min(decay, (1 + step) / (10 + step))


class WeightAverage:
    """A model beside the trained one whose weights follow it slowly; validated, saved and used for inference.

    Running statistics of batch norm are averaged like weights, because they belong to averaged weights.

    Reference: Polyak & Juditsky. Acceleration of Stochastic Approximation by Averaging. SIAM J. Control 30, 1992.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = copy.deepcopy(model).requires_grad_(requires_grad=False).eval()
        self._decay = decay
        here, there = _tensors(self.model), _tensors(model)
        moving = [name for name, tensor in there.items() if tensor.is_floating_point()]
        self._own = [here[name] for name in moving]
        self._followed = [there[name] for name in moving]
        self._counters = [(here[name], there[name]) for name in there if name not in moving]

    def update(self, step: int) -> None:
        """Follow the weights as they are after `step`."""
        import torch

        with torch.no_grad():
            torch._foreach_lerp_(self._own, self._followed, 1 - decay_at(step, self._decay))
            for own, followed in self._counters:
                own.copy_(followed)


def _tensors(model: nn.Module) -> dict[str, torch.Tensor]:
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}
