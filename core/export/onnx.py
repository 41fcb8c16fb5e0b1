"""Write a checkpoint as one ONNX file: its network for any ONNX runtime, its card in the metadata, sealed.

The network takes what preparing gives and returns logits; preparing, temperature and thresholds are in the metadata,
as in the card. The same checkpoint gives the same bytes.

Reference: ONNX operator set 18; torch's exporter by tracing (torch.export).
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.atomic import replacing
from core.checkpoints import Checkpoint, CheckpointError, load_model, sealed
from core.errors import JobFailedError
from core.export.onnx_norms import with_precise_norms
from core.inference.arrays import Floats, sigmoid, softmax
from core.inference.backends.onnx_runtime import LOGITS, SLICES, OnnxBackend
from core.models import model_named

if TYPE_CHECKING:
    from torch import nn

OPSET = 18  # what torch's exporter writes without converting
TOLERANCE = 1e-4
# (slices, least height, least width) on which both are asked: the smallest that it takes, and a whole head
ASKED = ((1, 0, 0), (2, 160, 192))


class NotExportedError(JobFailedError):
    """The network could not be written so that a runtime answers as torch does."""


def write_onnx(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint as one ONNX file.

    Args:
        path: ends in `.onnx`; it appears whole, and after ONNX Runtime gave torch's probabilities within 1e-4, or not
            at all.
        checkpoint: one network, no ensemble.

    Raises:
        CheckpointError: it is an ensemble, or its weights cannot be read.
        NotExportedError: torch's exporter refuses the network, or the answers differ.
    """
    if checkpoint.members:
        raise CheckpointError(
            f"{checkpoint.folder.name} is an ensemble of {len(checkpoint.members)}; export its members, a file each"
        )
    model = load_model(checkpoint)
    architecture = model_named(checkpoint.spec.architecture)
    stride = architecture.stride(checkpoint.spec.arguments)
    least = architecture.traced_from(checkpoint.spec.arguments)
    axes = {
        "opset": OPSET,
        SLICES: ["slice", "channel", "row", "column"],
        LOGITS: ["slice", "region" if checkpoint.spec.target == "regions" else "class", "row", "column"],
        "rows_and_columns_are_multiples_of": stride,
        "rows_and_columns_are_at_least": least,
    }
    # without the padding around it: a canvas is a multiple of the stride already
    network = _exported(model.net, checkpoint, stride, least)  # type: ignore[arg-type]
    data = sealed(network, checkpoint, axes)
    require_same(data, model, checkpoint)
    with replacing(path) as stream:
        stream.write(data)


def require_same(data: bytes, model: nn.Module, checkpoint: Checkpoint) -> None:
    """Refuse a network whose probabilities are not torch's.

    Args:
        data: the ONNX model.
        model: torch's.
        checkpoint: of both.

    Raises:
        NotExportedError: they are further apart than 1e-4 somewhere.
    """
    import torch

    backend = OnnxBackend(checkpoint, data)
    architecture = model_named(checkpoint.spec.architecture)
    stride = architecture.stride(checkpoint.spec.arguments)
    least = architecture.traced_from(checkpoint.spec.arguments)
    rng = np.random.default_rng(0)
    worst = 0.0
    for slices, *sides in ASKED:
        height, width = (-(-max(side, least) // stride) * stride for side in sides)
        images = rng.standard_normal((slices, checkpoint.spec.inputs, height, width), np.float32)
        # as in a prepared slice: nothing around the head, and something bright in it
        images[..., : height // 8, :] = 0
        images[..., : width // 8] = 0
        images[..., height // 3 : height // 2, width // 3 : width // 2] += 4
        with torch.inference_mode():
            expected = model(torch.from_numpy(images)).numpy()
        found = backend.logits(images)
        worst = max(worst, float(np.abs(_shares(checkpoint, found) - _shares(checkpoint, expected)).max()))
    if not worst <= TOLERANCE:
        raise NotExportedError(
            f"{checkpoint.folder.name}: ONNX Runtime's probabilities are up to {worst:.2g} away from torch's; expected "
            f"at most {TOLERANCE:g}: nothing was written"
        )


def _shares(checkpoint: Checkpoint, logits: Floats) -> Floats:
    return softmax(logits) if checkpoint.spec.class_bits else sigmoid(logits)


def _exported(net: nn.Module, checkpoint: Checkpoint, stride: int, least: int) -> bytes:
    import torch
    from torch.export import Dim

    from core.export.onnx_padding import with_fixed_padding

    example = torch.zeros(2, checkpoint.spec.inputs, least + 2 * stride, least + 4 * stride)
    fewest = least // stride
    free = {0: Dim("slices"), 2: stride * Dim("rows", min=fewest), 3: stride * Dim("columns", min=fewest)}
    try:
        with _silence():
            program = torch.onnx.export(
                with_fixed_padding(net),
                (example,),
                input_names=[SLICES],
                output_names=[LOGITS],
                opset_version=OPSET,
                dynamic_shapes=(free,),
                dynamo=True,
                verbose=False,
            )
    except Exception as error:  # each step of the exporter fails in its own way
        raise NotExportedError(
            f"{checkpoint.folder.name}: torch cannot export this {checkpoint.spec.architecture} as ONNX "
            f"({type(error).__name__}); segment without --backend onnx"
        ) from error
    assert program is not None
    model = program.model_proto
    with_precise_norms(model.graph)
    return _without_traces(model)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep the exporter's remarks on its own insides from people."""
    names = ("torch.onnx", "onnxscript", "onnx_ir", "torch.export")
    before = {name: logging.getLogger(name).level for name in names}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            for name, level in before.items():
                logging.getLogger(name).setLevel(level)


def _without_traces(model: Any) -> bytes:
    """Return the serialised model without the places in source files that the exporter notes at every node."""
    import onnx

    def clean(message: Any) -> None:
        for name in ("doc_string", "metadata_props"):
            if name in message.DESCRIPTOR.fields_by_name:
                message.ClearField(name)
        for field, value in message.ListFields():
            if field.message_type is None or isinstance(value, onnx.TensorProto):
                continue
            for each in [value] if hasattr(value, "ListFields") else value:
                clean(each)

    clean(model)
    serialised: bytes = model.SerializeToString(deterministic=True)
    return serialised
