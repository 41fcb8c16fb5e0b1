"""What was before: running statistics before a step, in case its numbers are none, and weights before the first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn

DEPTH = 2  # on a GPU a step is judged while the next one is computed


class Undo:
    """Copies of the buffers of some models, of the last two steps."""

    def __init__(self, models: Iterable[nn.Module]) -> None:
        by_kind: dict[torch.dtype, list[torch.Tensor]] = {}
        for model in models:
            for buffer in model.buffers():
                by_kind.setdefault(buffer.dtype, []).append(buffer)
        self._live = list(by_kind.values())
        self._copies = [[[tensor.clone() for tensor in same] for same in self._live] for _ in range(DEPTH)]

    def remember(self, step: int) -> None:
        """Copy the buffers as they are before `step`."""
        self._copy(self._copies[step % DEPTH], self._live)

    def take_back(self, step: int) -> None:
        """Put the buffers back to what they were before `step`, one of the last two remembered."""
        self._copy(self._live, self._copies[step % DEPTH])

    @staticmethod
    def _copy(to: list[list[torch.Tensor]], source: list[list[torch.Tensor]]) -> None:
        import torch

        with torch.no_grad():
            for own, other in zip(to, source, strict=True):
                torch._foreach_copy_(own, other)


class StartWeights:
    """A copy, in this machine's memory, of what a run starts from, for as long as it has no checkpoint."""

    def __init__(self, models: Sequence[nn.Module], optimizer: torch.optim.Optimizer) -> None:
        self._models = models
        self._optimizer = optimizer
        self._states = [
            {name: tensor.detach().to("cpu", copy=True) for name, tensor in model.state_dict().items()}
            for model in models
        ]

    def restore(self) -> None:
        """Put everything back: weights, statistics, and an optimiser that has seen nothing."""
        for model, state in zip(self._models, self._states, strict=True):
            model.load_state_dict(state)
        self._optimizer.load_state_dict({"state": {}, "param_groups": self._optimizer.state_dict()["param_groups"]})
