"""Case and checkpoint to prediction, kept in the workspace so that nothing is computed twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.case import Case
from core.checkpoints import Checkpoint, InferenceSpec, load_model
from core.data.content import input_hash
from core.data.load import load_case
from core.data.slicing import Plane
from core.data.store import SlicedCase, has_plane, open_case, slice_case
from core.errors import RefusedError
from core.inference.device import Compute
from core.inference.options import PLAIN, InferenceOptions
from core.inference.prediction import Prediction
from core.inference.uncertainty import mean_prediction
from core.volume import Volume
from core.workspace import Cohort, Workspace

if TYPE_CHECKING:
    from core.inference.predictor import OnSlices, Predictor

CutsOf = Callable[[Plane], SlicedCase]


class NotSegmentableError(RefusedError):
    """A checkpoint cannot segment this case; the message says what does not fit."""


@dataclass(slots=True)
class Segmenter:
    """Segments cases with checkpoints, keeping loaded models and saved predictions.

    Attributes:
        workspace: where predictions are kept.
        compute: where networks run.
        options: one pass, or several and their mean.
    """

    workspace: Workspace
    compute: Compute
    options: InferenceOptions = PLAIN
    _predictors: dict[str, Predictor] = field(default_factory=dict)

    def saved(self, checkpoint: Checkpoint, content: Mapping[str, str]) -> Prediction | None:
        """Return the prediction that was made before for these voxels, or None."""
        try:
            return Prediction.load(self._folder(checkpoint, content))
        except FileNotFoundError:
            return None

    def segment_stored(
        self, cohort: Cohort, case_id: str, checkpoint: Checkpoint, on_slices: OnSlices | None = None
    ) -> Prediction:
        """Segment a case of the workspace, or return what was saved for it.

        Raises:
            NotSegmentableError: the cohort lacks a modality that the checkpoint reads.
            InputRefusedError: a plane has to be cut and the source files are gone or damaged.
            NoDropoutError: the options ask for dropout, which the network has not.
        """
        content = cohort.cases[case_id].content
        if saved := self.saved(checkpoint, content):
            return saved
        require_modalities(checkpoint.spec, cohort.cases[case_id].case)
        return self._segment(lambda plane: self._stored(cohort, case_id, plane), content, checkpoint, on_slices)

    def _stored(self, cohort: Cohort, case_id: str, plane: Plane) -> SlicedCase:
        folder = self.workspace.store_folder(cohort.name, case_id)
        if (folder / "prepared.json").exists() and has_plane(folder, plane):
            return open_case(folder, plane)
        volume = load_case(cohort.cases[case_id].case, None).volume
        return slice_case(case_id, volume, None, plane)

    def segment_volume(
        self, case: Case, volume: Volume, checkpoint: Checkpoint, on_slices: OnSlices | None = None
    ) -> Prediction:
        """Segment a volume that is in memory.

        Raises:
            NotSegmentableError: it lacks a modality that the checkpoint reads.
            NoDropoutError: the options ask for dropout, which the network has not.
        """
        require_modalities(checkpoint.spec, case)
        cuts = _Cuts(case.case_id, volume)
        content = cuts(checkpoint.spec.plane).content
        return self._segment(cuts, content, checkpoint, on_slices)

    def _segment(
        self, cuts: CutsOf, content: Mapping[str, str], checkpoint: Checkpoint, on_slices: OnSlices | None
    ) -> Prediction:
        """Segment a case, with each member of an ensemble in its own plane, and save the prediction."""
        told: OnSlices = on_slices or (lambda _done, _total: None)
        if checkpoint.members:
            made = []
            for number, member in enumerate(checkpoint.members):
                step: OnSlices = partial(_of_all, told, number, len(checkpoint.members))
                found = self.saved(member, content)
                if found is None:
                    fresh = self._segment(cuts, content, member, step)
                    found = self.saved(member, content) or fresh  # on the disk, so that few are in memory
                made.append(found)
            prediction = mean_prediction(made, checkpoint.id)
        else:
            sliced = cuts(checkpoint.spec.plane)
            content = sliced.content
            prediction = self.predictor(checkpoint).predict(sliced, checkpoint.id, told, self.options)
        prediction.save(self._folder(checkpoint, content))
        return prediction

    def _folder(self, checkpoint: Checkpoint, content: Mapping[str, str]) -> Path:
        return prediction_folder(self.workspace, checkpoint, content, self.compute.bf16, self.options)

    def predictor(self, checkpoint: Checkpoint) -> Predictor:
        """Load a checkpoint's model once."""
        from core.inference.predictor import Predictor

        if checkpoint.id not in self._predictors:
            self._predictors[checkpoint.id] = Predictor(load_model(checkpoint), checkpoint.spec, self.compute)
        return self._predictors[checkpoint.id]


def prediction_folder(
    workspace: Workspace,
    checkpoint: Checkpoint,
    content: Mapping[str, str],
    bf16: bool = False,
    options: InferenceOptions = PLAIN,
) -> Path:
    """Return where a checkpoint's prediction for these voxels is kept, whatever the case is called."""
    precision = "bf16" if bf16 else "fp32"
    name = f"{input_hash(dict(content), checkpoint.spec.modalities)[:32]}-{precision}{options.suffix}"
    return workspace.prediction_folder(checkpoint.id, name)


def _of_all(told: OnSlices, number: int, members: int, done: int, total: int) -> None:
    told(number * total + done, members * total)


class _Cuts:
    """Cuts a volume in the planes that are asked for, each once."""

    def __init__(self, case_id: str, volume: Volume) -> None:
        self._case_id, self._volume = case_id, volume
        self._made: dict[Plane, SlicedCase] = {}

    def __call__(self, plane: Plane) -> SlicedCase:
        if plane not in self._made:
            self._made = {plane: slice_case(self._case_id, self._volume, None, plane)}
        return self._made[plane]


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
