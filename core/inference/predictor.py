"""A model and its spec turn prepared slices into probabilities; validation and inference share it."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, overload

import numpy as np
import numpy.typing as npt

from core.checkpoints import InferenceSpec
from core.data.content import input_hash
from core.data.slicing import PLANES, Fit, Plane, cut, fit_slice
from core.data.store import Indices, SlicedCase
from core.inference.arrays import Tensor, quantised, resized, sigmoid, softmax
from core.inference.backends.spec import Backend
from core.inference.batches import parts_near, parts_of
from core.inference.cancelling import OnSlices, tell
from core.inference.device import Compute
from core.inference.missing import spread_channels
from core.inference.options import PLAIN, InferenceOptions
from core.inference.prediction import Prediction, Uncertainty, region_bits
from core.inference.streaming import Stream
from core.inference.turns import turns
from core.inference.uncertainty import PassMean
from core.models import model_named

if TYPE_CHECKING:
    import torch
    from torch import nn


class Predictor(Generic[Tensor]):
    """Turns prepared slices into logits and probabilities, in arrays of the backend that computes them."""

    @overload
    def __init__(self: Predictor[torch.Tensor], model: nn.Module, spec: InferenceSpec, compute: Compute) -> None: ...

    @overload
    def __init__(self, model: Backend[Tensor], spec: InferenceSpec, compute: Compute) -> None: ...

    def __init__(self, model: nn.Module | Backend[Any], spec: InferenceSpec, compute: Compute) -> None:
        self.spec = spec
        self.compute = compute
        self._backend: Backend[Tensor] = model if isinstance(model, Backend) else _of_torch(model, compute)
        self._stride = model_named(spec.architecture).stride(spec.arguments)

    def in_plane(self, plane: Plane) -> Predictor[Tensor]:
        """Return a predictor of slices of another plane, with the same network."""
        other = copy(self)
        other.spec = self.spec.model_copy(update={"plane": plane})
        return other

    def prepared(self, sliced: SlicedCase, part: Indices) -> npt.NDArray[np.float32]:
        """Prepare stored slices of a case as the spec says, neighbours included: (S, C, H, W) float32.

        A modality that the case has not is 0 everywhere, as training with modality dropout shows it.
        """
        spec = self.spec
        here = tuple(name for name in spec.modalities if name in sliced.modalities)
        found = sliced.prepared(part, here, spec.preparing, spec.window, spec.neighbours)
        return found if here == spec.modalities else spread_channels(found, here, spec.modalities)

    def logits(self, prepared: npt.NDArray[np.float32]) -> Tensor:
        """Run the network, on its canvas and back.

        Args:
            prepared: (S, C, H, W) float32, prepared slices of one size.

        Returns:
            (S, R, H, W) float32 on the device, on the slices' own grid: where they were resized, logits are brought
            back by linear interpolation. K classes instead of R regions where they are exclusive.
        """
        fit = self._fit((prepared.shape[2], prepared.shape[3]))
        top, left = fit.before
        height, width = fit.scaled
        logits = self._backend.logits(fit.place(prepared))[:, :, top : top + height, left : left + width]
        if fit.resizes:
            logits = resized(logits, (fit.height, fit.width))
        return logits / self.spec.temperature

    def probabilities(self, logits: Tensor) -> npt.NDArray[np.uint8]:
        """Return q = floor(255 p + 0.5) of the sigmoid, or of the softmax over classes, (S, R, H, W) uint8."""
        return quantised(self.shares(logits))

    def shares(self, logits: Tensor) -> Tensor:
        """Return the sigmoid of each region, or the softmax over exclusive classes, (S, R, H, W) float32."""
        return softmax(logits) if self.spec.class_bits else sigmoid(logits)

    def batches(self, sliced: SlicedCase, stream: Stream | None = None) -> Iterator[tuple[Indices, Tensor]]:
        """Yield (indices of stored slices, logits) over a whole case, without holding it all.

        Each batch is spread over the head, as a training batch is: a loss over neighbouring slices without
        tumour would say little about either. For somebody who looks it is of neighbours, near what they look at.
        """
        for part in self._parts(sliced, stream):
            yield part, self.logits(self.prepared(sliced, part))

    def first_slice(self, sliced: SlicedCase, index: int) -> npt.NDArray[np.uint8]:
        """Return the mask of one slice at once: what a page shows while the rest is computed.

        Args:
            sliced: as for `predict`.
            index: the slice's number on the full grid.

        Returns:
            Region bits of the full grid's slice, (H, W) uint8; an air slice has none.
        """
        axis = PLANES[sliced.plane]
        sides = [side for other, side in enumerate(sliced.shape) if other != axis]
        full = np.zeros(sides, np.uint8)
        if index not in sliced.slice_index:
            return full
        at = np.array([sliced.slice_index.index(index)], np.intp)
        found = self.probabilities(self.logits(self.prepared(sliced, at)))[0]
        rows, columns = (
            slice(start, stop)
            for other, (start, stop) in enumerate(zip(sliced.box.start, sliced.box.stop, strict=True))
            if other != axis
        )
        full[rows, columns] = region_bits(found, self.spec.thresholds, self.spec.class_bits)
        return full

    def passes(self, sliced: SlicedCase, part: Indices, options: InferenceOptions) -> Iterator[Tensor]:
        """Yield the probabilities of some stored slices, (S, R, H, W) float32, once per turn or pass with dropout."""
        prepared = self.prepared(sliced, part)
        if not options.mc_dropout:
            for turn in turns(*prepared.shape[-2:]):
                yield turn.back(self.shares(self.logits(turn.of(prepared))))
            return
        content = input_hash(sliced.content, self.spec.modalities)
        with self._backend.dropout(self.spec.architecture) as dropout:
            for number in range(options.mc_dropout):
                dropout.begin([f"{options.seed} {number} {content} {sliced.slice_index[index]}" for index in part])
                yield self.shares(self.logits(prepared))

    def predict(
        self,
        sliced: SlicedCase,
        checkpoint_id: str,
        on_slices: OnSlices = lambda _done, _total: None,
        options: InferenceOptions = PLAIN,
        stream: Stream | None = None,
    ) -> Prediction:
        """Segment a whole case on its native grid.

        Args:
            sliced: the case, cut in the spec's plane, with the spec's modalities among its channels.
            checkpoint_id: what the prediction is signed with.
            on_slices: told how many slices of how many are done; it may ask to stop.
            options: several passes instead of one; the prediction is their mean and has its uncertainty.
            stream: who looks at it while it is made; None where nobody does.

        Raises:
            NoDropoutError: passes with dropout of a network that has none, or by a backend without.
            Cancelled: `on_slices` asked to stop.
        """
        if options.several:
            return self._predict_several(sliced, checkpoint_id, on_slices, options, stream)
        assembled = Assembly(sliced, self.spec.outputs, stream)
        done = 0
        for part, logits in self.batches(sliced, stream):
            assembled.put(part, self.probabilities(logits))
            done += len(part)
            tell(on_slices, done, len(sliced.slices))
        return assembled.prediction(self.spec, checkpoint_id)

    def _predict_several(
        self,
        sliced: SlicedCase,
        checkpoint_id: str,
        on_slices: OnSlices,
        options: InferenceOptions,
        stream: Stream | None,
    ) -> Prediction:
        if options.mc_dropout:
            self._backend.dropout(self.spec.architecture)  # refused before anything is computed
        exclusive = bool(self.spec.class_bits)
        maps = 1 if exclusive else self.spec.outputs
        assembled, uncertain = Assembly(sliced, self.spec.outputs, stream), Assembly(sliced, 2 * maps)
        done = count = 0
        for part in self._parts(sliced, stream):
            mean: PassMean[Tensor] = PassMean(exclusive)
            count = 0
            for shares in self.passes(sliced, part, options):
                mean.add(shares)
                count += 1
            assembled.put(part, quantised(mean.mean()))
            uncertain.put(part, mean.maps())
            done += len(part)
            tell(on_slices, done, len(sliced.slices))
        found = uncertain.volume.reshape(2, maps, *sliced.box.shape)
        opinions = Uncertainty(found, "dropout" if options.mc_dropout else "turns", count)
        return replace(assembled.prediction(self.spec, checkpoint_id), uncertainty=opinions)

    def _parts(self, sliced: SlicedCase, stream: Stream | None) -> Iterator[Indices]:
        canvas = self._fit(sliced.slices.shape[2:]).canvas
        if stream is None:
            return parts_of(len(sliced.slices), canvas)
        return parts_near(sliced.slice_index, stream.nearest, canvas)

    def _fit(self, shape: tuple[int, ...]) -> Fit:
        height, width = shape
        return fit_slice((height, width), self.spec.input_size, self._stride)


def _of_torch(model: nn.Module, compute: Compute) -> Backend[Any]:
    from core.inference.backends.pytorch import TorchBackend

    return TorchBackend(model, compute)


class Assembly:
    """Collects the probabilities of a case's slices into a volume, and shows them; air slices stay 0."""

    def __init__(self, sliced: SlicedCase, outputs: int, stream: Stream | None = None) -> None:
        self._sliced = sliced
        self._stream = stream
        self.volume = np.zeros((outputs, *sliced.box.shape), np.uint8)
        self._slices = cut(self.volume, sliced.plane)
        self._first = sliced.box.start[PLANES[sliced.plane]]

    def put(self, part: Indices, probabilities: npt.NDArray[np.uint8]) -> None:
        """Place probabilities (S, R, H, W) of some stored slices."""
        numbers = [self._sliced.slice_index[index] for index in part]
        self._slices[[number - self._first for number in numbers]] = probabilities
        if self._stream is not None:
            self._stream.take(numbers, probabilities)

    def prediction(self, spec: InferenceSpec, checkpoint_id: str) -> Prediction:
        sliced = self._sliced
        return Prediction(
            self.volume,
            sliced.box,
            sliced.shape,
            spec.regions,
            spec.thresholds,
            checkpoint_id,
            spec.class_bits,
        )
