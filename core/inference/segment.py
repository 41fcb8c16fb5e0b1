"""Case and checkpoint to prediction, kept in the workspace so that nothing is computed twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.case import Case
from core.checkpoints import Checkpoint, load_model
from core.data.content import input_hash
from core.data.load import load_case
from core.data.slicing import Plane
from core.data.store import SlicedCase, has_plane, open_case, slice_case
from core.inference.cancelling import OnSlices
from core.inference.device import Compute
from core.inference.holding import Holding
from core.inference.missing import NotSegmentableError, missing_modalities
from core.inference.options import PLAIN, InferenceOptions
from core.inference.planes import require_planes
from core.inference.prediction import Prediction
from core.inference.streaming import Stream
from core.inference.uncertainty import mean_prediction
from core.volume import Geometry, Volume
from core.workspace import Cohort, Workspace

if TYPE_CHECKING:
    from core.inference.predictor import Predictor

__all__ = ["NotSegmentableError", "Segmenter", "Stopwatch", "prediction_folder"]

CutsOf = Callable[[Plane], SlicedCase]
# a case that is about to be predicted, and by what: one of its slices can be answered before the others, and whoever
# looks on is given the others as they come
OnCut = Callable[[SlicedCase, "Predictor[Any]"], Stream | None]


@dataclass(slots=True)
class Segmenter:
    """Segments cases with checkpoints, keeping loaded models and saved predictions.

    Attributes:
        workspace: where predictions are kept.
        compute: where networks run.
        options: one pass, or several and their mean.
        keep: save predictions in the workspace; without, voxels in memory are not even hashed.
        on_cut: told when a case is cut and its network loaded; who looks on while it is segmented.
    """

    workspace: Workspace
    compute: Compute
    options: InferenceOptions = PLAIN
    keep: bool = True
    on_cut: OnCut | None = None
    _predictors: dict[str, Predictor[Any]] = field(default_factory=dict)

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
            NotSegmentableError: the cohort lacks a modality that the checkpoint reads and cannot do without.
            InputRefusedError: a plane has to be cut and the source files are gone or damaged.
            NoDropoutError: the options ask for dropout, which the network has not.
            PlanesRefusedError: the options ask for planes that the case cannot be cut in.
            Cancelled: `on_slices` asked to stop.
        """
        entry = cohort.cases[case_id]
        content = entry.content
        if saved := self.saved(checkpoint, content):
            return saved
        missing_modalities(checkpoint, entry.case)
        self._require_planes(case_id, entry.grid.ras_shape, entry.geometry, checkpoint)
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
            NotSegmentableError: it lacks a modality that the checkpoint reads and cannot do without.
            NoDropoutError: the options ask for dropout, which the network has not.
            PlanesRefusedError: the options ask for planes that the volume cannot be cut in.
            Cancelled: `on_slices` asked to stop.
        """
        missing_modalities(checkpoint, case)
        self._require_planes(case.case_id, volume.shape, volume.geometry, checkpoint)
        # passes with dropout are drawn from the hashes
        cuts = _Cuts(case.case_id, volume, hashed=self.keep or self.options.mc_dropout > 0)
        content = cuts(checkpoint.spec.plane).content
        return self._segment(cuts, content, checkpoint, on_slices)

    def _segment(
        self, cuts: CutsOf, content: Mapping[str, str], checkpoint: Checkpoint, on_slices: OnSlices | None
    ) -> Prediction:
        """Segment a case, with each member of an ensemble in its own plane, and save the prediction."""
        told: OnSlices = on_slices or (lambda _done, _total: None)
        if checkpoint.members:
            prediction = self._mean_of_members(cuts, content, checkpoint, told)
        elif self.options.planes:
            prediction = self._mean_of_planes(cuts, checkpoint, told)
        else:
            sliced = cuts(checkpoint.spec.plane)
            content = sliced.content
            prediction = self._predict(self.predictor(checkpoint), sliced, checkpoint, told)
        if self.keep:
            prediction.save(self._folder(checkpoint, content))
        return prediction

    def _mean_of_members(
        self, cuts: CutsOf, content: Mapping[str, str], checkpoint: Checkpoint, told: OnSlices
    ) -> Prediction:
        with Holding(len(checkpoint.members)) as held:
            for number, member in enumerate(checkpoint.members):
                step: OnSlices = partial(_of_all, told, number, len(checkpoint.members))
                found = self.saved(member, content) if self.keep else None
                if found is None:
                    fresh = self._segment(cuts, content, member, step)
                    found = (self.saved(member, content) if self.keep else None) or fresh
                held.add(found)
            return mean_prediction(held.predictions, checkpoint.id)

    def _mean_of_planes(self, cuts: CutsOf, checkpoint: Checkpoint, told: OnSlices) -> Prediction:
        planes, predictor = self.options.planes, self.predictor(checkpoint)
        if len(planes) == 1:
            plane = planes[0]
            return self._predict(predictor.in_plane(plane), cuts(plane), checkpoint, told)
        with Holding(len(planes)) as held:
            for number, plane in enumerate(planes):
                step: OnSlices = partial(_of_all, told, number, len(planes))
                held.add(self._predict(predictor.in_plane(plane), cuts(plane), checkpoint, step))
            mean = mean_prediction(held.predictions, checkpoint.id)
        assert mean.uncertainty is not None
        return replace(mean, uncertainty=replace(mean.uncertainty, opinions="planes"))

    def _predict(
        self, predictor: Predictor[Any], sliced: SlicedCase, checkpoint: Checkpoint, told: OnSlices
    ) -> Prediction:
        stream = self.on_cut(sliced, predictor) if self.on_cut else None
        return predictor.predict(sliced, checkpoint.id, told, self.options, stream)

    def _require_planes(
        self, case_id: str, shape: tuple[int, int, int], geometry: Geometry | None, checkpoint: Checkpoint
    ) -> None:
        spacing_mm = geometry.spacing_mm if geometry else None
        for each in checkpoint.members or (checkpoint,):
            require_planes(case_id, shape, spacing_mm, self.options.planes, each.spec.plane)

    def _folder(self, checkpoint: Checkpoint, content: Mapping[str, str]) -> Path:
        return prediction_folder(self.workspace, checkpoint, content, self.compute.kept_as, self.options)

    def predictor(self, checkpoint: Checkpoint) -> Predictor[Any]:
        """Load a checkpoint's model once."""
        from core.inference.predictor import Predictor

        if checkpoint.id not in self._predictors:
            self._predictors[checkpoint.id] = Predictor(self._network(checkpoint), checkpoint.spec, self.compute)
        return self._predictors[checkpoint.id]

    def _network(self, checkpoint: Checkpoint) -> Any:
        if self.compute.backend == "torch":
            model = load_model(checkpoint)
            if not self.compute.bf16:
                return model
            from core.inference.precise_ends import for_bfloat16

            return for_bfloat16(model, checkpoint.spec.inputs)
        from core.inference.backends.onnx_runtime import OnnxBackend

        return OnnxBackend(checkpoint)


def prediction_folder(
    workspace: Workspace,
    checkpoint: Checkpoint,
    content: Mapping[str, str],
    kept_as: str = "fp32",
    options: InferenceOptions = PLAIN,
) -> Path:
    """Return where a checkpoint's prediction for these voxels is kept, whatever the case is called."""
    name = f"{input_hash(dict(content), checkpoint.spec.modalities)[:32]}-{kept_as}{options.suffix}"
    return workspace.prediction_folder(checkpoint.id, name)


def _of_all(told: OnSlices, number: int, members: int, done: int, total: int) -> bool | None:
    return told(number * total + done, members * total)


class _Cuts:
    """Cuts a volume in the planes that are asked for, each once."""

    def __init__(self, case_id: str, volume: Volume, hashed: bool) -> None:
        self._case_id, self._volume, self._hashed = case_id, volume, hashed
        self._made: dict[Plane, SlicedCase] = {}

    def __call__(self, plane: Plane) -> SlicedCase:
        if plane not in self._made:
            self._made = {}  # the other plane's slices go before these are cut
            self._made = {plane: slice_case(self._case_id, self._volume, None, plane, self._hashed)}
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

    def copy(self) -> Stopwatch:
        """Return a stopwatch that begins now, with the laps so far."""
        return Stopwatch(dict(self.seconds))
