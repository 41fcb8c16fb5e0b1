"""Logits by ONNX Runtime on the CPU; nothing here needs torch."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from core.checkpoints import Checkpoint, CheckpointError, onnx_model
from core.errors import RefusedError
from core.inference.arrays import Floats
from core.inference.backends.spec import Backend
from core.inference.dropout import NoDropoutError
from core.models import model_named

if TYPE_CHECKING:
    from core.inference.dropout import SampledDropout

SLICES, LOGITS = "slices", "logits"  # what the network's input and output are called
QUIET = 4  # of ONNX Runtime's levels, the one at which it is silent: its refusals are exceptions, too


class NoRuntimeError(RefusedError):
    """ONNX Runtime is not installed."""


class OnnxBackend(Backend[Floats]):
    """Calls a network that was exported as ONNX."""

    def __init__(self, checkpoint: Checkpoint, model: bytes | None = None) -> None:
        """Load a checkpoint's network.

        Args:
            checkpoint: what it must fit.
            model: the ONNX model, where it is in memory; else it is read from the checkpoint, and checked.

        Raises:
            CheckpointError: there is no such model, or not one that fits the checkpoint's card.
            NoRuntimeError: ONNX Runtime is not installed.
        """
        spec = checkpoint.spec
        self._name = (checkpoint.onnx or checkpoint.folder).name
        architecture = model_named(spec.architecture)
        self._least = 2 * architecture.stride(spec.arguments)
        self._traced_from = architecture.traced_from(spec.arguments)
        self._session = _session(onnx_model(checkpoint) if model is None else model, self._name)
        channels, outputs = (
            [(each.name, each.type, *each.shape[1:2]) for each in ends]
            for ends in (self._session.get_inputs(), self._session.get_outputs())
        )
        expected = [(SLICES, "tensor(float)", spec.inputs)], [(LOGITS, "tensor(float)", spec.outputs)]
        if (channels, outputs) != expected:
            raise CheckpointError(
                f"{self._name}: the network turns {channels} into {outputs}; its card needs {expected[0]} to "
                f"{expected[1]}: export it again"
            )

    def logits(self, canvas: Floats) -> Floats:
        """Return the network's logits; a canvas of a single stride is padded, as torch's network does itself.

        Raises:
            CheckpointError: the canvas is smaller than what this architecture is exported for.
        """
        height, width = canvas.shape[-2:]
        (top, bottom), (left, right) = (_margins(side, self._least) for side in (height, width))
        padded = np.pad(canvas, ((0, 0), (0, 0), (top, bottom), (left, right)))
        if min(padded.shape[-2:]) < self._traced_from:
            raise CheckpointError(
                f"{self._name} takes slices from {self._traced_from} x {self._traced_from} on, found {height} x "
                f"{width}: smaller ones go other ways through this architecture; let torch compute them"
            )
        logits: Floats = self._session.run([LOGITS], {SLICES: padded})[0]
        return logits[..., top : top + height, left : left + width]

    def dropout(self, architecture: str) -> SampledDropout:
        raise NoDropoutError(
            f"passes with dropout were asked of this {architecture}, whose network for ONNX Runtime has none left; "
            "let torch compute it, or use test-time augmentation or an ensemble"
        )


def threads() -> int:
    """Return how many threads a network may use: what OpenMP is told, else the cores this process may run on."""
    told = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    if told.isdigit() and int(told) > 0:
        return int(told)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _margins(side: int, least: int) -> tuple[int, int]:
    missing = max(least - side, 0)
    return missing // 2, missing - missing // 2


def _session(model: bytes, name: str) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise NoRuntimeError("ONNX Runtime is not installed; install onnxruntime, or let torch compute") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = QUIET
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # one class a cause, none of them exported
        raise CheckpointError(
            f"{name}: ONNX Runtime {onnxruntime.__version__} cannot load the network ({type(error).__name__}); update "
            "it, or export the checkpoint again"
        ) from None
