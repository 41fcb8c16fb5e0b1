"""Focal Tversky loss: Tversky's distance to a power, which leans on the regions that are worst."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pydantic import Field

from core.losses.channels import refuse_background_of_regions
from core.losses.spec import LossSpec, TargetKind
from core.losses.tversky import TverskyArguments, tversky_distance

if TYPE_CHECKING:
    import torch

    from core.losses.spec import Loss

# a root has an infinite slope at 0; so far from it the slope stays finite
NEAR_ZERO = 1e-6


class FocalTverskyArguments(TverskyArguments):
    """Arguments of the focal Tversky loss."""

    gamma: float = Field(
        default=4 / 3,
        ge=0.5,
        le=4.0,
        description="The distance is raised to 1 / gamma: above 1 small distances weigh more, below 1 less.",
    )


def focal_tversky_loss(
    logits: torch.Tensor, targets: torch.Tensor, arguments: FocalTverskyArguments, target: TargetKind
) -> torch.Tensor:
    """Average (1 - T)^(1 / gamma) over the regions, T as in `tversky_distance`.

    Computed as (1 - T + e)^(1 / gamma) - e^(1 / gamma), e = 1e-6: 0 for a perfect prediction, with a finite slope.
    What an empty reference does is what it does to `tversky_distance`.

    Args:
        logits: (N, R, H, W) float32.
        targets: (N, R, H, W) float32 of 0 and 1.
        arguments: gamma, and those of the Tversky loss.
        target: sigmoid for regions, softmax for classes.

    Returns:
        float32 scalar in [0, 1).

    Reference: Abraham, Khan. A Novel Focal Tversky Loss Function with Improved Attention U-Net for Lesion
    Segmentation. ISBI 2019, eq. 4 (a mean over regions here, a sum there).
    """
    power = 1 / arguments.gamma
    distance = tversky_distance(logits, targets, arguments, target)
    return (distance + NEAR_ZERO).pow(power).mean() - math.pow(NEAR_ZERO, power)


def _build(arguments: FocalTverskyArguments, target: TargetKind) -> Loss:
    refuse_background_of_regions("focal_tversky", arguments, target)
    return lambda logits, targets: focal_tversky_loss(logits, targets, arguments, target)


FOCAL_TVERSKY = LossSpec(
    name="focal_tversky",
    title="Focal Tversky loss",
    reference="Abraham, Khan. A Novel Focal Tversky Loss Function with Improved Attention U-Net for Lesion "
    "Segmentation. ISBI 2019.",
    arguments=FocalTverskyArguments,
    builder=_build,
    targets=("regions", "classes"),
)
