"""Soft Dice, in the form in which a false positive on a tumour-free slice costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from core.arguments import Arguments
from core.losses.channels import BackgroundArguments, Over, compared, refuse_background_of_regions, summed_axes
from core.losses.spec import LossSpec, TargetKind

if TYPE_CHECKING:
    import torch

    from core.losses.spec import Loss


class OverlapArguments(Arguments):
    """Arguments of every loss that counts overlap."""

    over: Over = Field(
        default="batch",
        description="Count overlap over the whole batch, so that one small lesion does not outweigh the rest, "
        "or per slice.",
    )
    smooth: float = Field(
        default=1.0,
        gt=0.0,
        le=1e6,
        description="Pixels added to both sides of the fraction; sets what an empty slice costs.",
    )


class DiceArguments(OverlapArguments, BackgroundArguments):
    """Arguments of soft Dice."""


def dice_loss(
    logits: torch.Tensor, targets: torch.Tensor, arguments: DiceArguments, target: TargetKind = "regions"
) -> torch.Tensor:
    """Average 1 - (2 sum(p t) + s) / (sum(p) + sum(t) + s) over the regions, or over the classes but background.

    With an empty reference this is sum(p) / (sum(p) + s): 0 for an empty prediction, towards 1 for false
    positives, and its gradient is never zero. Over the batch, false positives on one slice also enlarge
    the denominator that the other slices' overlap is divided by.

    Args:
        logits: (N, R, H, W) float32.
        targets: (N, R, H, W) float32 of 0 and 1.
        arguments: s in pixels, and whether the sums run over all slices of the batch or over each slice alone
            (then also averaged over N).
        target: p is the sigmoid of each logit for regions, the softmax over them for classes.

    Returns:
        float32 scalar in [0, 1).

    Reference: Drozdzal et al. The Importance of Skip Connections in Biomedical Image Segmentation. DLMIA 2016
    (sums, not squares, in the denominator; s here also in the numerator, so that empty equals empty).
    """
    axes = summed_axes(arguments.over)
    probabilities, reference = compared(logits, targets, target, arguments.background)
    overlap = (probabilities * reference).sum(axes)
    total = probabilities.sum(axes) + reference.sum(axes)
    return (1 - (2 * overlap + arguments.smooth) / (total + arguments.smooth)).mean()


def _build(arguments: DiceArguments, target: TargetKind) -> Loss:
    refuse_background_of_regions("dice", arguments, target)
    return lambda logits, targets: dice_loss(logits, targets, arguments, target)


DICE = LossSpec(
    name="dice",
    title="Soft Dice",
    reference="Drozdzal et al. The Importance of Skip Connections in Biomedical Image Segmentation. DLMIA 2016.",
    arguments=DiceArguments,
    builder=_build,
    targets=("regions", "classes"),
)
