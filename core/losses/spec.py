"""What the registry knows of a loss without loading torch, and the seam that checks its inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from core.arguments import ArgumentError, Arguments, parse_arguments

if TYPE_CHECKING:
    import torch

    Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


TargetKind = Literal["regions", "classes"]


@dataclass(frozen=True, slots=True)
class LossSpec:
    """One loss: how it is called, what may be said about it, and how it is built.

    A built loss takes logits (N, R, H, W), any float dtype, and targets (N, R, H, W), float of 0 and 1 (one-hot
    over exclusive classes, background first), and returns a float32 scalar. It computes in float32, so mixed
    precision cannot overflow it.

    Attributes:
        name: how recipes call it.
        title: how pages call it.
        reference: what to cite.
        arguments: schema of its arguments, with defaults.
        builder: (arguments, target) to the function; it may assume checked float32 inputs.
        targets: what it can compare: overlapping `regions` (sigmoid), exclusive `classes` (softmax), or both.
    """

    name: str
    title: str
    reference: str
    arguments: type[Arguments]
    builder: Callable[[Any, TargetKind], Loss]
    targets: tuple[TargetKind, ...]

    def parse(self, given: Mapping[str, Any] | Arguments) -> Arguments:
        """Validate arguments and fill in the defaults.

        Raises:
            ArgumentError: an unknown argument (the message lists the known ones) or a value out of range.
        """
        return parse_arguments(self.arguments, f"loss {self.name}", given)

    def build(self, target: TargetKind = "regions", **arguments: Any) -> Loss:
        """Return the loss as a function of logits and targets, which it checks.

        Args:
            target: what the channels are; of classes the first is background.
            **arguments: see `arguments`.

        Raises:
            ArgumentError: as `parse`, a target that it cannot compare, or an argument that is not for this target.
        """
        if target not in self.targets:
            raise ArgumentError(f"loss {self.name} is for {' or '.join(self.targets)}; found target {target}")
        return _checked(self.builder(self.parse(arguments), target), target)


def _checked(loss: Loss, target: TargetKind) -> Loss:
    def checked(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        if logits.ndim != 4 or logits.shape != targets.shape:
            raise ValueError(
                f"found logits {tuple(logits.shape)} and targets {tuple(targets.shape)}; expected both (N, R, H, W)"
            )
        if not (logits.is_floating_point() and targets.is_floating_point()):
            raise ValueError(f"found logits {logits.dtype} and targets {targets.dtype}; expected floats")
        # on an accelerator, reading this back would make every step wait for the one before
        if targets.device.type == "cpu" and not bool(((targets == 0) | (targets == 1)).all()):
            raise ValueError("found targets that are neither 0 nor 1; expected one binary mask per region")
        if target == "classes" and targets.device.type == "cpu" and not bool((targets.sum(1) == 1).all()):
            raise ValueError("found pixels of no class or of several; expected one-hot targets, background first")
        return loss(logits.float(), targets.float())

    return checked
