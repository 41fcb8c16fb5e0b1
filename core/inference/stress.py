"""What a model makes of a slice that is not as it should be: a sequence off, noise, mirrored."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.checkpoints import InferenceSpec
from core.data.store import SlicedCase
from core.errors import UsageError
from core.inference.arrays import quantised
from core.inference.prediction import region_bits
from core.inference.predictor import Predictor
from core.inference.streaming import mean_bytes
from core.inference.turns import turns
from core.inference.uncertainty import PassMean

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
    for index, name in enumerate(spec.modalities):
        # the members of an ensemble may read the modalities in another order, and see the same noise all the same
        random = np.random.default_rng([stress.seed, int.from_bytes(name.encode(), "big")])
        one = changed[:, :, index]
        head = one != 0
        if name in stress.without:
            one[:] = 0
        elif stress.noise and head.any():
            one[head] += random.normal(0, stress.noise * float(one[head].std()), int(head.sum())).astype(np.float32)
    back = changed.reshape(prepared.shape)
    return np.ascontiguousarray(back[:, :, ::-1]) if stress.mirror else back


def answer(
    predictors: Sequence[Predictor[Any]], sliced: SlicedCase, index: int, stress: Stress, tta: bool = False
) -> tuple[Prepared, npt.NDArray[np.uint8]]:
    """Return what the networks see of one slice under a stress, and what they make of it together.

    Args:
        predictors: the model, or the members of an ensemble, whose mean is taken as `mean_prediction` takes it.
        sliced: the case, cut in the models' plane.
        index: the slice's number on the full grid; one that is air is answered by the nearest that is not.
        stress: what to do to it.
        tta: each network answers with its mean over flips, and over quarter turns of a square slice.

    Returns:
        The slice's own modalities (M, H, W) float32 as the first network sees them, and its region bits (H, W) uint8,
        both inside the box and not mirrored.
    """
    spec = predictors[0].spec
    at = min(range(len(sliced.slice_index)), key=lambda place: abs(sliced.slice_index[place] - index))
    part = np.array([at], np.intp)
    seen = [stressed(each.prepared(sliced, part), each.spec, stress) for each in predictors]
    found = [_opinion(each, image, tta) for each, image in zip(predictors, seen, strict=True)]
    mean = mean_bytes(np.sum(found, axis=0, dtype=np.uint32), len(found))
    bits = region_bits(mean, spec.thresholds, spec.class_bits)
    own = seen[0][0].reshape(-1, len(spec.modalities), *seen[0].shape[2:])[spec.neighbours]
    return (own[:, ::-1], bits[::-1]) if stress.mirror else (own, bits)


def _opinion(predictor: Predictor[Any], seen: Prepared, tta: bool) -> npt.NDArray[np.uint8]:
    """Return what one network makes of one slice (1, C, H, W): (R, H, W) uint8."""
    if not tta:
        alone: npt.NDArray[np.uint8] = predictor.probabilities(predictor.logits(seen))[0]
        return alone
    mean: PassMean[Any] = PassMean(bool(predictor.spec.class_bits))
    for turn in turns(*seen.shape[-2:]):
        mean.add(turn.back(predictor.shares(predictor.logits(turn.of(seen)))))
    found: npt.NDArray[np.uint8] = quantised(mean.mean())[0]
    return found
