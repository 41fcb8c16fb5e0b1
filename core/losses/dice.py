"""Soft Dice, in the form in which a false positive on a tumour-free slice costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from core.arguments import Arguments
from core.losses.spec import LossSpec, TargetKind

if TYPE_CHECKING:
    import torch

    from core.losses.spec import Loss

Over = Literal["batch", "sample"]


class DiceArguments(Arguments):
    """Arguments of soft Dice."""

    over: Over = Field(
        default="batch",
        description="Count overlap over the whole batch, so that one small lesion does not outweigh the rest, "
        "or per slice.",
    )
    smooth: float = Field(
        default=1.0, gt=0.0, description="Pixels added to both sides of the fraction; sets what an empty slice costs."
    )


def dice_loss(logits: torch.Tensor, targets: torch.Tensor, over: Over = "batch", smooth: float = 1.0) -> torch.Tensor:
    """Average 1 - (2 sum(p t) + s) / (sum(p) + sum(t) + s), p = sigmoid(logit), over the regions.

    With an empty reference this is sum(p) / (sum(p) + s): 0 for an empty prediction, towards 1 for false
    positives, and its gradient is never zero. Over the batch, false positives on one slice also enlarge
    the denominator that the other slices' overlap is divided by.

    Args:
        logits: (N, R, H, W) float32.
        targets: (N, R, H, W) float32 of 0 and 1.
        over: the sums run over all slices of the batch, or over each slice alone (then also averaged over N).
        smooth: s, in pixels.

    Returns:
        float32 scalar in [0, 1).

    Reference: Drozdzal et al. The Importance of Skip Connections in Biomedical Image Segmentation. DLMIA 2016
    (sums, not squares, in the denominator; s here also in the numerator, so that empty equals empty).
    """
    axes = (0, 2, 3) if over == "batch" else (2, 3)
    probabilities = logits.sigmoid()
    overlap = (probabilities * targets).sum(axes)
    total = probabilities.sum(axes) + targets.sum(axes)
    return (1 - (2 * overlap + smooth) / (total + smooth)).mean()


def _build(arguments: DiceArguments, _target: TargetKind) -> Loss:
    return lambda logits, targets: dice_loss(logits, targets, arguments.over, arguments.smooth)


DICE = LossSpec(
    name="dice",
    title="Soft Dice",
    reference="Drozdzal et al. The Importance of Skip Connections in Biomedical Image Segmentation. DLMIA 2016.",
    arguments=DiceArguments,
    builder=_build,
    targets=("regions",),
)
