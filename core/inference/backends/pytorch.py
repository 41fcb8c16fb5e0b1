"""Logits by torch; importing this loads it."""

from __future__ import annotations

import torch
from torch import nn

from core.inference.allocator import keep_freed_memory
from core.inference.arrays import Floats
from core.inference.backends.spec import Backend
from core.inference.device import Compute
from core.inference.dropout import SampledDropout, require_dropout


class TorchBackend(Backend[torch.Tensor]):
    """Calls a module, on the device and in the precision that were chosen."""

    def __init__(self, model: nn.Module, compute: Compute) -> None:
        if compute.kind == "cpu":
            keep_freed_memory()
        self._compute = compute
        self._layout = torch.channels_last if compute.channels_last else torch.contiguous_format
        self._model = model.to(compute.device).to(memory_format=self._layout)

    def logits(self, canvas: Floats) -> torch.Tensor:
        """Return the module's logits on the device; it is in evaluation meanwhile."""
        batch = torch.from_numpy(canvas).to(self._compute.device, memory_format=self._layout)
        training = self._model.training
        if training:  # every layer is asked, which takes as long as a slice
            self._model.eval()
        with torch.inference_mode(), self._compute.autocast():
            logits: torch.Tensor = self._model(batch)
        if training:
            self._model.train()
        return logits.float()

    def dropout(self, architecture: str) -> SampledDropout:
        require_dropout(self._model, architecture)
        return SampledDropout(self._model)
