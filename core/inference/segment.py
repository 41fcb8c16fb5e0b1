"""Case and checkpoint to prediction, kept in the workspace so that nothing is computed twice."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.case import Case
from core.checkpoints import Checkpoint, InferenceSpec, load_model
from core.data.content import input_hash
from core.data.load import load_case
from core.data.store import SlicedCase, has_plane, open_case, slice_case
from core.errors import RefusedError
from core.inference.device import Compute
from core.inference.prediction import Prediction
from core.volume import Volume
from core.workspace import Cohort, Workspace

if TYPE_CHECKING:
    from core.inference.predictor import OnSlices, Predictor


class NotSegmentableError(RefusedError):
    """A checkpoint cannot segment this case; the message says what does not fit."""


@dataclass(slots=True)
class Segmenter:
    """Segments cases with checkpoints, keeping loaded models and saved predictions."""

    workspace: Workspace
    compute: Compute
    _predictors: dict[str, Predictor] = field(default_factory=dict)

    def saved(self, checkpoint: Checkpoint, content: Mapping[str, str]) -> Prediction | None:
        """Return the prediction that was made before for these voxels, or None."""
        folder = prediction_folder(self.workspace, checkpoint, content, self.compute.bf16)
        try:
            return Prediction.load(folder)
        except FileNotFoundError:
            return None

    def segment_stored(
        self, cohort: Cohort, case_id: str, checkpoint: Checkpoint, on_slices: OnSlices | None = None
    ) -> Prediction:
        """Segment a case of the workspace, or return what was saved for it.

        Raises:
            NotSegmentableError: the cohort lacks a modality that the checkpoint reads.
            InputRefusedError: a plane has to be cut and the source files are gone or damaged.
        """
        content = cohort.cases[case_id].content
        if saved := self.saved(checkpoint, content):
            return saved
        require_modalities(checkpoint.spec, cohort.cases[case_id].case)
        folder = self.workspace.store_folder(cohort.name, case_id)
        if (folder / "prepared.json").exists() and has_plane(folder, checkpoint.spec.plane):
            sliced = open_case(folder, checkpoint.spec.plane)
        else:
            volume = load_case(cohort.cases[case_id].case, None).volume
            sliced = slice_case(case_id, volume, None, checkpoint.spec.plane)
        return self.segment_slices(sliced, checkpoint, on_slices)

    def segment_volume(
        self, case: Case, volume: Volume, checkpoint: Checkpoint, on_slices: OnSlices | None = None
    ) -> Prediction:
        """Segment a volume that is in memory.

        Raises:
            NotSegmentableError: it lacks a modality that the checkpoint reads.
        """
        require_modalities(checkpoint.spec, case)
        return self.segment_slices(slice_case(case.case_id, volume, None, checkpoint.spec.plane), checkpoint, on_slices)

    def segment_slices(
        self, sliced: SlicedCase, checkpoint: Checkpoint, on_slices: OnSlices | None = None
    ) -> Prediction:
        """Segment a case that is already cut, and save the prediction."""
        predictor = self.predictor(checkpoint)
        silent: OnSlices = lambda _done, _total: None  # noqa: E731
        prediction = predictor.predict(sliced, checkpoint.id, on_slices or silent)
        prediction.save(prediction_folder(self.workspace, checkpoint, sliced.content, self.compute.bf16))
        return prediction

    def predictor(self, checkpoint: Checkpoint) -> Predictor:
        """Load a checkpoint's model once."""
        from core.inference.predictor import Predictor

        if checkpoint.id not in self._predictors:
            self._predictors[checkpoint.id] = Predictor(load_model(checkpoint), checkpoint.spec, self.compute)
        return self._predictors[checkpoint.id]


def prediction_folder(
    workspace: Workspace, checkpoint: Checkpoint, content: Mapping[str, str], bf16: bool = False
) -> Path:
    """Return where a checkpoint's prediction for these voxels is kept, whatever the case is called."""
    precision = "bf16" if bf16 else "fp32"
    name = f"{input_hash(dict(content), checkpoint.spec.modalities)[:32]}-{precision}"
    return workspace.prediction_folder(checkpoint.id, name)


@dataclass(slots=True)
class Stopwatch:
    """Seconds by step of a segmentation."""

    seconds: dict[str, float] = field(default_factory=dict)
    _last: float = field(default_factory=time.perf_counter)

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self.seconds[step] = self.seconds.get(step, 0.0) + now - self._last
        self._last = now


def require_modalities(spec: InferenceSpec, case: Case) -> None:
    """Refuse a case that lacks what the checkpoint reads.

    Raises:
        NotSegmentableError: with the missing modalities.
    """
    if missing := [name for name in spec.modalities if name not in case.sources]:
        raise NotSegmentableError(
            f"{case.case_id} has {', '.join(case.sources)}; the checkpoint also reads {', '.join(missing)}: "
            "add the sequence or choose a checkpoint that does without"
        )
