"""A split by slices: what much of the field does, and what leaks. It is here to show what that is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

TRAINED_SHARE = 0.8  # what notebooks that split images at random most often train on


@dataclass(frozen=True, slots=True)
class SliceSplit:
    """Which slices of a patient train, drawn at random: the others are held out between them.

    Attributes:
        seed: decides the draw, together with the case.
        share: of each case's stored slices that train.
    """

    seed: int
    share: float = TRAINED_SHARE

    def trains(self, content: Mapping[str, str], slices: int) -> npt.NDArray[np.bool_]:
        """Tell which stored slices of a case train.

        Args:
            content: the case's content hashes: the draw goes by what it is, not by what it is called.
            slices: how many there are.

        Returns:
            (slices,) bool; at least one is held out where there are two or more.
        """
        case = [int(digest[:8], 16) for digest in sorted(content.values())]
        order = np.random.default_rng([self.seed, *case]).permutation(slices)
        trained = min(round(self.share * slices), max(slices - 1, 1))
        return np.asarray(order < max(trained, 1))

    def held_out(self, content: Mapping[str, str], slice_index: Sequence[int]) -> list[int]:
        """Return the native numbers of the slices that do not train."""
        trains = self.trains(content, len(slice_index))
        return [number for number, used in zip(slice_index, trains, strict=True) if not used]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(data["seed"], data["share"])
