"""Numbers on their way from the device: a GPU is not made to wait for somebody who wants to read a loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class StepNumbers:
    """What one step measured.

    Attributes:
        loss: mean over the step's samples.
        norm: of the gradient before clipping.
        counts: see `core.training.engine.batch_scores.PixelCounter`.
    """

    loss: float
    norm: float
    counts: Sequence[float]

    @property
    def not_a_number(self) -> str | None:
        """Say which of loss and gradient is NaN or infinite, or return None."""
        if not math.isfinite(self.loss):
            return f"the loss is {self.loss}"
        return None if math.isfinite(self.norm) else f"the gradient's norm is {self.norm}"


class Readback:
    """The numbers of one step, copied from the device while it goes on."""

    def __init__(self, loss: torch.Tensor, norm: torch.Tensor, counts: torch.Tensor) -> None:
        import torch

        together = torch.cat([loss.reshape(1).to(counts.dtype), norm.reshape(1).to(counts.dtype), counts])
        self._event: torch.cuda.Event | None = None
        if together.is_cuda:
            self._values = together.to("cpu", non_blocking=True)
            self._event = torch.cuda.Event()
            self._event.record()
        else:
            self._values = together.cpu()

    def numbers(self) -> StepNumbers:
        """Wait for the copy and return it."""
        if self._event is not None:
            self._event.synchronize()
        loss, norm, *counts = self._values.tolist()
        return StepNumbers(loss, norm, counts)
