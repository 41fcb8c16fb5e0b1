"""Optimisers, and one change of the weights: clipped, and left out where its numbers are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.inference.device import Compute
from core.recipe import OptimSection

if TYPE_CHECKING:
    import torch
    from torch import nn

NO_DECAY_DIMS = 1  # biases and the gains of norms are not decayed


def build_optimizer(section: OptimSection, model: nn.Module, fused: bool = False) -> torch.optim.Optimizer:
    """Build the optimiser; weight decay leaves biases and norms alone.

    Args:
        section: which one, and its settings.
        model: whose weights it changes.
        fused: change all weights in one pass, and none of them on request (`found_inf`).
    """
    import torch

    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > NO_DECAY_DIMS], "weight_decay": section.weight_decay},
        {"params": [p for p in parameters if p.ndim <= NO_DECAY_DIMS], "weight_decay": 0.0},
    ]
    if section.name == "sgd":
        nesterov = section.momentum > 0
        return torch.optim.SGD(groups, lr=section.lr, momentum=section.momentum, nesterov=nesterov, fused=fused)
    if section.name == "adam":
        return torch.optim.Adam(groups, lr=section.lr, fused=fused)
    return torch.optim.AdamW(groups, lr=section.lr, fused=fused)


class Descent:
    """Changes a model's weights by the gradients they hold.

    Attributes:
        optimizer: with its state per weight.
        waits: whether reading a number back from the device is free, so that a step may look at its own gradient.
    """

    def __init__(self, section: OptimSection, model: nn.Module, compute: Compute) -> None:
        import torch

        self.waits = compute.kind != "cuda"
        self._fused = compute.kind in ("cpu", "cuda")
        self._clip = section.clip_norm
        self._parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.optimizer = build_optimizer(section, model, self._fused)
        self._scaler = torch.amp.GradScaler("cuda") if compute.fp16 else None

    def backward(self, loss: torch.Tensor) -> None:
        """Add the gradient of a loss to what the weights hold."""
        (self._scaler.scale(loss) if self._scaler else loss).backward()

    def change(self, loss: torch.Tensor, rate: float) -> torch.Tensor:
        """Take one step down the gradients, or none where they or the loss are no numbers.

        Nothing is read back from a GPU: what decides is computed there.

        Args:
            loss: of the step, a scalar.
            rate: learning rate.

        Returns:
            The norm of the gradient before clipping, a scalar on the device.
        """
        import torch

        for group in self.optimizer.param_groups:
            group["lr"] = rate
        gradients = [parameter.grad for parameter in self._parameters if parameter.grad is not None]
        if self._scaler:
            # the scaler looks at gradients only: a loss that is none must show there
            gradients[0].add_(torch.where(loss.isfinite(), 0.0, torch.nan))
            self._scaler.unscale_(self.optimizer)
        norm = torch.nn.utils.get_total_norm(gradients)
        self._clip_to(norm)
        if self._scaler:
            self._scaler.step(self.optimizer)
            self._scaler.update()
            return norm
        finite = norm.isfinite() & loss.isfinite()
        if self.waits:
            if finite:
                self.optimizer.step()
            return norm
        optimizer: Any = self.optimizer  # the protocol by which torch.amp.GradScaler has a fused optimiser skip a step
        optimizer.grad_scale, optimizer.found_inf = None, (~finite).float()
        optimizer.step()
        del optimizer.grad_scale, optimizer.found_inf
        return norm

    def _clip_to(self, norm: torch.Tensor) -> None:
        from torch.nn.utils import clip_grads_with_norm_

        if self._clip is None or (self.waits and norm <= self._clip):
            return
        clip_grads_with_norm_(self._parameters, self._clip, norm)

    @property
    def scale_is_falling(self) -> bool:
        """Whether gradients that are no numbers are float16's too small range, which a lower scale mends by itself."""
        return self._scaler is not None and self._scaler.get_scale() >= 1.0

    def to_json(self) -> dict[str, Any]:
        """Return what to remember besides the optimiser's tensors."""
        return {"scaler": self._scaler.state_dict()} if self._scaler else {}

    def restore(self, facts: dict[str, Any]) -> None:
        """Take back what `to_json` returned."""
        if self._scaler and "scaler" in facts:
            self._scaler.load_state_dict(facts["scaler"])
