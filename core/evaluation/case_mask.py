"""What a model made of one case, whoever computed it, and where it is read from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from core.case import Source
from core.checkpoints import InferenceSpec
from core.data.slicing import Plane
from core.evaluation.mask_files import read_mask
from core.inference.cleaned import cleaned_mask
from core.inference.prediction import Prediction
from core.labels import LabelScheme
from core.volume import Geometry, Grid

Bits = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class CaseMask:
    """What a model made of one case.

    Attributes:
        bits: (X, Y, Z) uint8 of the full native grid in RAS+, bit r set where region r is; cleaned up where the model
            does so.
        regions: the name of each bit.
        prediction: the probabilities that the mask was cut from; None for a mask made elsewhere.
        plane: how the network cuts the volume.
        input_size: the network's slice (H, W), or None where it takes any or nobody knows.
        is_cleaned: steps followed the thresholds.
    """

    bits: Bits
    regions: tuple[str, ...]
    prediction: Prediction | None = None
    plane: Plane = "axial"
    input_size: tuple[int, int] | int | None = None
    is_cleaned: bool = False

    @property
    def before_clean_up(self) -> Bits:
        """What the thresholds alone give, as `bits`; a mask made elsewhere is as it was found."""
        return self.prediction.mask() if self.is_cleaned and self.prediction else self.bits

    def of(self, regions: Sequence[str]) -> Bits:
        """Return the bits in the order of `regions`; one that it does not have is empty."""
        return pick_regions(self.bits, self.regions, regions)


class Made(Protocol):
    """Where what a model made of a case is read from; small, for it travels to another process."""

    def load(self) -> CaseMask:
        """Read it.

        Raises:
            MaskRefusedError: a mask made elsewhere cannot be used.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """Predictions of the members of one model, which are averaged, and the mean cleaned up.

    Attributes:
        predictions: of one case.
        spec: of the members, which share thresholds and clean-up.
        geometry: of the case; None for images without it.
    """

    predictions: tuple[Prediction, ...]
    spec: InferenceSpec
    geometry: Geometry | None

    def load(self) -> CaseMask:
        joint, spec = average(self.predictions), self.spec
        bits = cleaned_mask(joint, spec, self.geometry)
        return CaseMask(bits, joint.regions, joint, spec.plane, spec.input_size, is_cleaned=bool(spec.post))


@dataclass(frozen=True, slots=True, eq=False)
class MaskOnDisk:
    """A label map as it was found in a folder."""

    source: Source
    scheme: LabelScheme
    grid: Grid
    called: str

    def load(self) -> CaseMask:
        bits = read_mask(self.source, self.scheme, self.grid, self.called)
        return CaseMask(bits, self.scheme.region_names)


def average(predictions: Sequence[Prediction]) -> Prediction:
    """Average the probabilities of several checkpoints; one prediction is returned as it is."""
    first = predictions[0]
    if len(predictions) == 1:
        return first
    mean = np.mean([prediction.probabilities for prediction in predictions], axis=0, dtype=np.float32)
    ids = "+".join(prediction.checkpoint_id for prediction in predictions)
    quantised = np.floor(mean + np.float32(0.5)).astype(np.uint8)
    return replace(first, probabilities=quantised, checkpoint_id=ids, uncertainty=None)


def pick_regions(bits: Bits, regions: Sequence[str], wanted: Sequence[str]) -> Bits:
    """Reorder region bits so that bit r is the r-th of `wanted`; a region that is not there is empty."""
    if tuple(regions) == tuple(wanted):
        return bits
    out = np.zeros_like(bits)
    for bit, name in enumerate(wanted):
        if name in regions:
            out |= (bits >> regions.index(name) & 1) << bit
    return out
