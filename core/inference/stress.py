"""What a model makes of a slice that is not as it should be: a sequence off, noise, mirrored."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.checkpoints import InferenceSpec
from core.data.store import SlicedCase
from core.errors import UsageError
from core.inference.prediction import region_bits
from core.inference.predictor import Predictor

Prepared = npt.NDArray[np.float32]
MOST_NOISE = 1.0


@dataclass(frozen=True, slots=True)
class Stress:
    """What is done to a slice before the network sees it.

    Attributes:
        without: modalities that are 0 everywhere.
        noise: standard deviation of Gaussian noise inside the head, as a share of each modality's own.
        mirror: left and right exchanged; the mask is exchanged back.
    """

    without: tuple[str, ...] = ()
    noise: float = 0.0
    mirror: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.noise <= MOST_NOISE:
            raise UsageError(f"found noise of {self.noise:g}; expected 0 to {MOST_NOISE:g} standard deviations")

    def to_json(self) -> dict[str, Any]:
        return {"without": list(self.without), "noise": self.noise, "mirror": self.mirror}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Stress:
        """Read what `to_json` wrote."""
        return cls(tuple(data["without"]), float(data["noise"]), bool(data["mirror"]))

    @property
    def seed(self) -> int:
        """Of the noise: the same question has the same answer."""
        return int.from_bytes(hashlib.sha256(repr(self).encode()).digest()[:8], "big")


def stressed(prepared: Prepared, spec: InferenceSpec, stress: Stress) -> Prepared:
    """Return prepared slices with a stress put on them.

    Args:
        prepared: (S, C, H, W) float32 as `Predictor.prepared` gives them, H along x; 0 is air.
        spec: what the channels are: neighbours times modalities.
        stress: what to do.
    """
    count, channels, height, width = prepared.shape
    changed = prepared.reshape(count, channels // len(spec.modalities), len(spec.modalities), height, width).copy()
    random = np.random.default_rng(stress.seed)
    for index, name in enumerate(spec.modalities):
        one = changed[:, :, index]
        head = one != 0
        if name in stress.without:
            one[:] = 0
        elif stress.noise and head.any():
            one[head] += random.normal(0, stress.noise * float(one[head].std()), int(head.sum())).astype(np.float32)
    back = changed.reshape(prepared.shape)
    return np.ascontiguousarray(back[:, :, ::-1]) if stress.mirror else back


def answer(
    predictor: Predictor[Any], sliced: SlicedCase, index: int, stress: Stress
) -> tuple[Prepared, npt.NDArray[np.uint8]]:
    """Return what the network sees of one slice under a stress, and what it makes of it.

    Args:
        predictor: the model.
        sliced: the case, cut in the model's plane.
        index: the slice's number on the full grid; one that is air is answered by the nearest that is not.
        stress: what to do to it.

    Returns:
        The slice's own modalities (M, H, W) float32 as prepared and stressed, and its region bits (H, W) uint8, both
        inside the box and not mirrored.
    """
    spec = predictor.spec
    at = min(range(len(sliced.slice_index)), key=lambda place: abs(sliced.slice_index[place] - index))
    seen = stressed(predictor.prepared(sliced, np.array([at], np.intp)), spec, stress)
    found = predictor.probabilities(predictor.logits(seen))[0]
    bits = region_bits(found, spec.thresholds, spec.class_bits)
    own = seen[0].reshape(-1, len(spec.modalities), *seen.shape[2:])[spec.neighbours]
    return (own[:, ::-1], bits[::-1]) if stress.mirror else (own, bits)
