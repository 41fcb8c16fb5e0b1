"""A model and its spec turn prepared slices into probabilities; validation and inference share it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.checkpoints import InferenceSpec
from core.data.slicing import PLANES, cut, fit_slice
from core.data.store import Indices, SlicedCase
from core.inference.device import Compute
from core.inference.prediction import Prediction
from core.models import model_named

if TYPE_CHECKING:
    import torch
    from torch import nn

BATCH = 8

OnSlices = Callable[[int, int], None]


class Predictor:
    """Turns prepared slices into logits and probabilities."""

    def __init__(self, model: nn.Module, spec: InferenceSpec, compute: Compute) -> None:
        import torch

        self.spec = spec
        self.compute = compute
        layout = torch.channels_last if compute.channels_last else torch.contiguous_format
        self._layout = layout
        self._model = model.to(compute.device).to(memory_format=layout)
        self._stride = model_named(spec.architecture).stride(spec.arguments)

    def prepared(self, sliced: SlicedCase, part: Indices) -> npt.NDArray[np.float32]:
        """Prepare stored slices of a case as the spec says, neighbours included: (S, C, H, W) float32."""
        spec = self.spec
        return sliced.prepared(part, spec.modalities, spec.preparing, spec.window, spec.neighbours)

    def logits(self, prepared: npt.NDArray[np.float32]) -> torch.Tensor:
        """Run the network, on its canvas and back.

        Args:
            prepared: (S, C, H, W) float32, prepared slices of one size.

        Returns:
            (S, R, H, W) float32 on the device, on the slices' own grid: where they were resized, logits are brought
            back by linear interpolation. K classes instead of R regions where they are exclusive.
        """
        import torch
        from torch.nn.functional import interpolate

        fit = fit_slice((prepared.shape[2], prepared.shape[3]), self.spec.input_size, self._stride)
        batch = torch.from_numpy(fit.place(prepared)).to(self.compute.device, memory_format=self._layout)
        training = self._model.training
        self._model.eval()
        with torch.inference_mode(), self.compute.autocast():
            logits: torch.Tensor = self._model(batch)
        self._model.train(training)
        top, left = fit.before
        height, width = fit.scaled
        logits = logits.float()[:, :, top : top + height, left : left + width]
        if fit.resizes:
            # corners apart: pixel centres lie as they do when the slice is resized
            logits = interpolate(logits, (fit.height, fit.width), mode="bilinear", align_corners=False)
        return logits / self.spec.temperature

    def probabilities(self, logits: torch.Tensor) -> npt.NDArray[np.uint8]:
        """Return q = floor(255 p + 0.5) of the sigmoid, or of the softmax over classes, (S, R, H, W) uint8."""
        import torch

        shares = torch.softmax(logits, dim=1) if self.spec.class_bits else torch.sigmoid(logits)
        return torch.floor(shares * 255 + 0.5).to(torch.uint8).cpu().numpy()

    def batches(self, sliced: SlicedCase) -> Iterator[tuple[Indices, torch.Tensor]]:
        """Yield (indices of stored slices, logits) over a whole case, without holding it all.

        Each batch is spread over the head, as a training batch is: a loss over neighbouring slices without
        tumour would say little about either.
        """
        count = -(-len(sliced.slices) // BATCH)
        for first in range(count):
            part = np.arange(first, len(sliced.slices), count)
            yield part, self.logits(self.prepared(sliced, part))

    def predict(
        self, sliced: SlicedCase, checkpoint_id: str, on_slices: OnSlices = lambda _done, _total: None
    ) -> Prediction:
        """Segment a whole case on its native grid.

        Args:
            sliced: the case, cut in the spec's plane, with the spec's modalities among its channels.
            checkpoint_id: what the prediction is signed with.
            on_slices: told how many slices of how many are done.
        """
        assembled = Assembly(sliced, self.spec.outputs)
        done = 0
        for part, logits in self.batches(sliced):
            assembled.put(part, self.probabilities(logits))
            done += len(part)
            on_slices(done, len(sliced.slices))
        return assembled.prediction(self.spec, checkpoint_id)


class Assembly:
    """Collects the probabilities of a case's slices into a volume; air slices stay 0."""

    def __init__(self, sliced: SlicedCase, outputs: int) -> None:
        self._sliced = sliced
        self._probabilities = np.zeros((outputs, *sliced.box.shape), np.uint8)
        self._slices = cut(self._probabilities, sliced.plane)
        self._first = sliced.box.start[PLANES[sliced.plane]]

    def put(self, part: Indices, probabilities: npt.NDArray[np.uint8]) -> None:
        """Place probabilities (S, R, H, W) of some stored slices."""
        self._slices[[self._sliced.slice_index[index] - self._first for index in part]] = probabilities

    def prediction(self, spec: InferenceSpec, checkpoint_id: str) -> Prediction:
        sliced = self._sliced
        return Prediction(
            self._probabilities,
            sliced.box,
            sliced.shape,
            spec.regions,
            spec.thresholds,
            checkpoint_id,
            spec.class_bits,
        )
