"""What a backend is: slices on a canvas in, logits out, in arrays of its own kind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic

from core.inference.arrays import Floats, Tensor

if TYPE_CHECKING:
    from core.inference.dropout import SampledDropout


class Backend(ABC, Generic[Tensor]):
    """Computes a network's logits; everything before and after is the same for all of them."""

    @abstractmethod
    def logits(self, canvas: Floats) -> Tensor:
        """Return logits (S, R, H, W) float32 of slices (S, C, H, W) float32.

        Args:
            canvas: H and W are multiples of the network's stride.
        """

    @abstractmethod
    def dropout(self, architecture: str) -> SampledDropout:
        """Return what switches dropout on while it is open.

        Args:
            architecture: of the network, as the refusal calls it.

        Raises:
            NoDropoutError: the network has none, or this backend cannot switch it on.
        """
