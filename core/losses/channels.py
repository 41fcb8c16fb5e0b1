"""What the losses share: which channels are compared, over which axes, and with which weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from core.arguments import ArgumentError, Arguments

if TYPE_CHECKING:
    import torch

    from core.losses.spec import TargetKind

Over = Literal["batch", "sample"]
Weight = Annotated[float, Field(gt=0.0, le=1e6)]


def _as_several(given: Any) -> Any:
    return (given,) if isinstance(given, int | float) else given


OneOrEach = Annotated[tuple[Weight, ...], Field(min_length=1), BeforeValidator(_as_several)]


class BackgroundArguments(Arguments):
    """Whether background is one of the classes that a loss averages over."""

    background: bool = Field(default=False, description="Count background as a class too; for exclusive classes only.")


def refuse_background_of_regions(loss: str, arguments: BackgroundArguments, target: TargetKind) -> None:
    """Refuse `background: true` where there is no background channel.

    Raises:
        ArgumentError: target regions.
    """
    if arguments.background and target == "regions":
        raise ArgumentError(f"loss {loss}: background is for exclusive classes; regions have no background channel")


def compared(
    logits: torch.Tensor, targets: torch.Tensor, target: TargetKind, background: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Turn logits into probabilities and leave out what is not compared.

    Args:
        logits: (N, R, H, W) floats; of classes the first is background.
        targets: (N, R, H, W) of 0 and 1.
        target: regions take the sigmoid of each channel, classes the softmax over them.
        background: keep the first class.

    Returns:
        Probabilities and targets, (N, R, H, W) or (N, R - 1, H, W).
    """
    if target == "regions":
        return logits.sigmoid(), targets
    first = 0 if background else 1
    return logits.softmax(1)[:, first:], targets[:, first:]


def summed_axes(over: Over) -> tuple[int, ...]:
    """Return the axes of (N, R, H, W) that an overlap is counted over."""
    return (0, 2, 3) if over == "batch" else (2, 3)


def channel_weights(values: Sequence[float], logits: torch.Tensor, name: str) -> torch.Tensor:
    """Return one weight per channel, (R,), where one or R are given.

    Args:
        values: one for all, or one for each channel.
        logits: (N, R, H, W); dtype and device of the answer.
        name: of the argument, for the sentence.

    Raises:
        ArgumentError: neither one nor R.
    """
    import torch

    channels = logits.shape[1]
    if len(values) not in (1, channels):
        raise ArgumentError(f"{name} has {len(values)} values; expected one, or {channels}: one for each channel")
    if len(values) == 1:
        return logits.new_full((channels,), values[0])
    # a copy that waited for the accelerator would make every step wait for the one before
    return torch.tensor(values, dtype=logits.dtype).to(logits.device, non_blocking=True)
