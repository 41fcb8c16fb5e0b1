"""Tversky loss: Dice in which a missed pixel may weigh more than a false one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from core.losses.channels import BackgroundArguments, compared, refuse_background_of_regions, summed_axes
from core.losses.dice import OverlapArguments
from core.losses.spec import LossSpec, TargetKind

if TYPE_CHECKING:
    import torch

    from core.losses.spec import Loss


class TverskyArguments(OverlapArguments, BackgroundArguments):
    """Arguments of the Tversky loss."""

    alpha: float = Field(default=0.3, gt=0.0, le=10.0, description="Weight of false positives.")
    beta: float = Field(default=0.7, gt=0.0, le=10.0, description="Weight of false negatives.")

    @model_validator(mode="after")
    def _overlap_still_counts(self) -> Self:
        if self.alpha + self.beta < 0.1:
            raise ValueError("alpha and beta add up to less than 0.1; expected about 1, as in Dice with 0.5 and 0.5")
        return self


def tversky_distance(
    logits: torch.Tensor, targets: torch.Tensor, arguments: TverskyArguments, target: TargetKind
) -> torch.Tensor:
    """Return 1 - T per region, T = (TP + s) / (TP + alpha FP + beta FN + s) with soft counts.

    The difference is taken before the division: what is left of 1 - T is exact near a perfect prediction.

    Args:
        logits: (N, R, H, W) float32.
        targets: (N, R, H, W) float32 of 0 and 1.
        arguments: alpha, beta, s in pixels, and what the counts run over.
        target: p is the sigmoid of each logit for regions, the softmax over them for classes.

    Returns:
        (R,) over the batch or (N, R) per slice, in [0, 1); of classes without background unless it is asked for.
        With an empty reference it is alpha FP / (alpha FP + s): 0 for an empty prediction.

    Reference: Salehi, Erdogmus, Gholipour. Tversky Loss Function for Image Segmentation Using 3D Fully Convolutional
    Deep Networks. MLMI 2017, eq. 4 (s added on both sides, so that empty equals empty).
    """
    axes = summed_axes(arguments.over)
    probabilities, reference = compared(logits, targets, target, arguments.background)
    hit = (probabilities * reference).sum(axes)
    false = (probabilities * (1 - reference)).sum(axes)
    missed = ((1 - probabilities) * reference).sum(axes)
    wrong = arguments.alpha * false + arguments.beta * missed
    return wrong / (hit + wrong + arguments.smooth)


def _build(arguments: TverskyArguments, target: TargetKind) -> Loss:
    refuse_background_of_regions("tversky", arguments, target)
    return lambda logits, targets: tversky_distance(logits, targets, arguments, target).mean()


TVERSKY = LossSpec(
    name="tversky",
    title="Tversky loss",
    reference="Salehi, Erdogmus, Gholipour. Tversky Loss Function for Image Segmentation Using 3D Fully Convolutional "
    "Deep Networks. MLMI 2017.",
    arguments=TverskyArguments,
    builder=_build,
    targets=("regions", "classes"),
)
