"""Measure a network by real steps on noise: what it weighs, what a step keeps in memory, and how long it takes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from core.errors import RefusedError
from core.inference.device import Compute, choose_compute
from core.losses import build_loss
from core.models import build_model, parameter_count
from core.training.foresight.preflight import FLOAT_BYTES, MOMENTS, Measured, Subject

if TYPE_CHECKING:
    import torch
    from torch import nn

SLICES = 2  # the least that batch norm trains on
TIMED = 2


def measure(subject: Subject) -> Measured:
    """Take two training steps and one prediction of a small batch; a device that cannot is a `problem`, not an error.

    On a CPU the memory of a step is what autograd keeps, summed over distinct storages, and twice the largest of
    them for what a layer and its gradient need besides; on CUDA it is what the allocator reached.
    """
    import torch

    try:
        compute = choose_compute(subject.device, fast=subject.amp != "off")
        torch.manual_seed(0)
        model = build_model(subject.architecture, subject.inputs, subject.outputs, subject.arguments)
        return _measure(subject, model, compute)
    except RefusedError as error:
        return Measured(problem=str(error))
    except (MemoryError, torch.OutOfMemoryError):
        return Measured(problem="two slices alone do not fit into memory; take a smaller network or smaller slices")
    except RuntimeError as error:
        if "alloc" in str(error) or "memory" in str(error):
            return Measured(problem="two slices alone do not fit into memory; take a smaller network or smaller slices")
        return Measured(problem=f"a step fails: {str(error).splitlines()[0]}")


def _measure(subject: Subject, model: nn.Module, compute: Compute) -> Measured:
    import psutil
    import torch

    on_cuda = compute.device.startswith("cuda")
    base = 0 if on_cuda else psutil.Process().memory_info().rss
    layout = torch.channels_last if compute.channels_last else torch.contiguous_format
    model = model.to(compute.device).to(memory_format=layout)
    kinds = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam, "sgd": torch.optim.SGD}
    optimizer = kinds[subject.optimizer](model.parameters(), lr=1e-6)
    loss = build_loss(subject.loss, subject.loss_arguments, "classes" if subject.target == "classes" else "regions")
    images = torch.randn(SLICES, subject.inputs, *subject.canvas).to(compute.device, memory_format=layout)
    targets = _targets(subject).to(compute.device)
    kept = KeptBytes(model)

    def step(hooks: Any) -> None:
        model.train()
        with hooks, torch.autocast(compute.device.partition(":")[0], torch.bfloat16, enabled=compute.bf16):
            logits = model(images)
        optimizer.zero_grad(set_to_none=True)
        loss(logits, targets).backward()
        optimizer.step()
        _wait(compute)

    if on_cuda:
        torch.cuda.reset_peak_memory_stats(compute.device)
    step(torch.autograd.graph.saved_tensors_hooks(kept.see, lambda tensor: tensor))
    started = time.perf_counter()
    for _ in range(TIMED):
        step(torch.autograd.graph.saved_tensors_hooks(lambda tensor: tensor, lambda tensor: tensor))
    step_s = (time.perf_counter() - started) / TIMED / SLICES
    parameters = parameter_count(model)
    slice_bytes = kept.slice_bytes
    fixed = (2 + MOMENTS[subject.optimizer]) * parameters * FLOAT_BYTES
    if not on_cuda:  # what the libraries have set up for themselves in the steps stays
        base = max(base, psutil.Process().memory_info().rss - fixed)
    if on_cuda:
        slice_bytes = max(0, torch.cuda.max_memory_allocated(compute.device) - fixed) // SLICES
    weights = sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())
    return Measured(
        parameters=parameters,
        weight_bytes=weights,
        base_bytes=base,
        slice_bytes=slice_bytes,
        forward_bytes=2 * kept.largest // SLICES,
        step_s=step_s,
        forward_s=_forward_s(model, images, compute),
    )


def _forward_s(model: nn.Module, images: torch.Tensor, compute: Compute) -> float:
    import torch

    model.eval()
    started = time.perf_counter()
    with (
        torch.inference_mode(),
        torch.autocast(compute.device.partition(":")[0], torch.bfloat16, enabled=compute.bf16),
    ):
        model(images)
    _wait(compute)
    return (time.perf_counter() - started) / SLICES


def _targets(subject: Subject) -> torch.Tensor:
    """Return (N, R, H, W) float32: a region or class in each quarter, so that every term of a loss has work."""
    import torch

    targets = torch.zeros(SLICES, subject.outputs, *subject.canvas)
    height = subject.canvas[0]
    for channel in range(subject.outputs):
        first, last = (height * part // subject.outputs for part in (channel, channel + 1))
        targets[:, channel, first:last] = 1
    return targets


def _wait(compute: Compute) -> None:
    import torch

    if compute.device.startswith("cuda"):
        torch.cuda.synchronize(compute.device)
    elif compute.device == "mps":
        torch.mps.synchronize()


class KeptBytes:
    """Counts the bytes that autograd keeps for the way back, each storage once and no parameter.

    Attributes:
        total: bytes of all storages.
        largest: bytes of the largest.
    """

    def __init__(self, model: nn.Module) -> None:
        self._seen = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
        self.total = 0
        self.largest = 0

    def see(self, tensor: torch.Tensor) -> torch.Tensor:
        """Count a tensor that is kept, and return it."""
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in self._seen:
            self._seen.add(storage.data_ptr())
            self.total += storage.nbytes()
            self.largest = max(self.largest, storage.nbytes())
        return tensor

    @property
    def slice_bytes(self) -> int:
        """Bytes per slice at the peak: what is kept, and what a layer and its gradient need besides."""
        return (self.total + 2 * self.largest) // SLICES
