"""A study that a worker still has in memory after it was segmented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.data.store import SlicedCase

if TYPE_CHECKING:
    from core.inference.predictor import Predictor


@dataclass(frozen=True, slots=True, eq=False)
class HeldStudy:
    """A study's first case.

    Attributes:
        job_id: the study's.
        sliced: the case in axial slices.
        predictor: the network that segmented it.
        spacing_mm: width and height of a pixel; None without voxel sizes.
    """

    job_id: str
    sliced: SlicedCase
    predictor: Predictor[Any]
    spacing_mm: tuple[float, float] | None
