"""A study that a worker has in memory, to be asked about its slices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.checkpoints import Checkpoint
from core.data.store import SlicedCase
from core.inference.options import InferenceOptions

if TYPE_CHECKING:
    from core.inference.predictor import Predictor


@dataclass(frozen=True, slots=True, eq=False)
class HeldStudy:
    """A study's first case.

    Attributes:
        job_id: the study's.
        sliced: the case in axial slices.
        predictors: the networks that segmented it, of which the mean was taken: all members of an ensemble.
        spacing_mm: width and height of a pixel; None without voxel sizes.
        tta: each network's answer was the mean over flips.
    """

    job_id: str
    sliced: SlicedCase
    predictors: tuple[Predictor[Any], ...]
    spacing_mm: tuple[float, float] | None
    tta: bool = False


def answers_by_slice(checkpoint: Checkpoint, options: InferenceOptions) -> bool:
    """Tell whether an axial slice alone is answered as it was in the whole case: nothing was cut in another plane."""
    planes = {each.spec.plane for each in checkpoint.members or (checkpoint,)} | set(options.planes)
    return planes == {"axial"}
