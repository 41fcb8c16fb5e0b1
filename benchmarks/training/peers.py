"""The loops that training is measured against. Each takes batches that lie ready in memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from core.training.batches.sampling import Batch

if TYPE_CHECKING:
    import torch
    from torch import nn

Loss = Callable[["torch.Tensor", "torch.Tensor"], "torch.Tensor"]
Steps = tuple[list[float], list[float]]  # seconds and loss of each step
LEARNING_RATE = 1e-3


def plain(model: nn.Module, loss: Loss, batches: Sequence[Batch], device: str) -> Steps:
    """Train as the packages' own examples do: float32, one forward, backward and step after the other."""
    import torch

    model.to(device).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.0)
    seconds, losses = [], []
    for batch in batches:
        begun = time.perf_counter()
        images, targets = _tensors(batch, device)
        optimiser.zero_grad(set_to_none=True)
        value = loss(model(images), targets)
        value.backward()
        optimiser.step()
        losses.append(float(value.detach()))
        seconds.append(time.perf_counter() - begun)
    return seconds, losses


def bare(model: nn.Module, loss: Loss, batches: Sequence[Batch], device: str, bf16: bool) -> Steps:
    """Train with what our engine computes, and nothing around it: channels last, bf16 where the processor has it."""
    import torch

    layout = torch.channels_last if bf16 else torch.contiguous_format
    model.to(device).to(memory_format=layout).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.0)
    seconds, losses = [], []
    for batch in batches:
        begun = time.perf_counter()
        images, targets = _tensors(batch, device)
        with torch.autocast(device.partition(":")[0], torch.bfloat16, enabled=bf16):
            logits = model(images.contiguous(memory_format=layout))
        value = loss(logits.float(), targets)
        optimiser.zero_grad(set_to_none=True)
        value.backward()
        optimiser.step()
        losses.append(float(value.detach()))
        seconds.append(time.perf_counter() - begun)
    return seconds, losses


def monai(model: nn.Module, loss: Loss, batches: Sequence[Batch], device: str) -> Steps:
    """Train with MONAI's SupervisedTrainer, as its documentation sets it up, on the same batches."""
    import torch
    from ignite.engine import Events
    from monai.engines import SupervisedTrainer

    seconds: list[float] = []
    losses: list[float] = []
    begun = 0.0

    def start(_engine: Any) -> None:
        nonlocal begun
        begun = time.perf_counter()

    def end(engine: Any) -> None:
        losses.append(float(engine.state.output[0]["loss"]))
        seconds.append(time.perf_counter() - begun)

    items = [{"image": images, "label": targets} for images, targets in (_tensors(batch, "cpu") for batch in batches)]
    trainer = SupervisedTrainer(
        device=torch.device(device),
        max_epochs=1,
        train_data_loader=items,
        network=model.to(device),
        optimizer=torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.0),
        loss_function=loss,
        optim_set_to_none=True,
    )
    trainer.add_event_handler(Events.ITERATION_STARTED, start)
    trainer.add_event_handler(Events.ITERATION_COMPLETED, end)
    trainer.run()
    return seconds, losses


def _tensors(batch: Batch, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    import torch

    return torch.from_numpy(batch.images).to(device), torch.from_numpy(batch.targets).to(device)
