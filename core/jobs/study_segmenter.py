"""Segments what somebody brought, and keeps what it makes of it in that study's own folder, to be deleted with it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.case import Case
from core.checkpoints import Checkpoint
from core.inference.cancelling import OnSlices
from core.inference.prediction import Prediction
from core.inference.segment import Segmenter
from core.volume import Volume
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.inference.predictor import Predictor


@dataclass(slots=True)
class StudySegmenter(Segmenter):
    """A segmenter whose predictions are found again by case: within one study nothing else has that name.

    The voxels are therefore not hashed. A try that was killed leaves whole predictions to the next, and other formats
    are written from them without a network.
    """

    def segment_volume(
        self, case: Case, volume: Volume, checkpoint: Checkpoint, on_slices: OnSlices | None = None
    ) -> Prediction:
        """Segment a volume of the study, or return what was saved for its case.

        Raises:
            NotSegmentableError: it lacks a modality that the checkpoint reads and cannot do without.
            Cancelled: `on_slices` asked to stop.
        """
        name = hashlib.sha256(case.case_id.encode()).hexdigest()[:32]
        folder = self.workspace.prediction_folder(checkpoint.id, f"{name}{self.options.suffix}")
        try:
            return Prediction.load(folder)
        except FileNotFoundError:
            prediction = Segmenter.segment_volume(self, case, volume, checkpoint, on_slices)
            prediction.save(folder)
            return prediction


def study_segmenter(warm: Segmenter, own: Workspace) -> StudySegmenter:
    """Return a segmenter that shares another one's loaded networks, but no predictions.

    Args:
        warm: whose networks, processor and options.
        own: where predictions are kept.
    """
    return StudySegmenter(own, warm.compute, warm.options, keep=False, _predictors=warm._predictors)


def loaded_networks(warm: Segmenter) -> dict[str, Predictor[Any]]:
    """Return the networks that a segmenter has loaded, by checkpoint, the oldest first; one taken out is forgotten."""
    return warm._predictors
