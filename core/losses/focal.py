"""Focal loss: cross-entropy that turns away from what is already right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from core.arguments import ArgumentError, Arguments
from core.losses.channels import OneOrEach, channel_weights
from core.losses.spec import LossSpec, TargetKind

if TYPE_CHECKING:
    import torch

    from core.losses.spec import Loss


class FocalArguments(Arguments):
    """Arguments of the focal loss."""

    gamma: float = Field(
        default=2.0, ge=0.0, le=10.0, description="How fast a pixel's weight falls as it is got right; 0: not at all."
    )
    alpha: float | None = Field(
        default=None,
        gt=0.0,
        lt=1.0,
        description="Regions: weight of tumour pixels, the others' being 1 - alpha; null weighs them alike.",
    )
    class_weights: OneOrEach = Field(
        default=(1.0,), description="Classes: how many times a pixel of each counts, background first."
    )


def focal_regions_loss(
    logits: torch.Tensor, targets: torch.Tensor, gamma: float = 2.0, alpha: float | None = None
) -> torch.Tensor:
    """Average -a (1 - q)^gamma log q over everything, q = p where t is 1, 1 - p elsewhere, p = sigmoid(logit).

    An empty reference needs no special case. All is computed from logarithms: of 1 - q too, so that neither
    the power nor its derivative is lost where q rounds to 1.

    Args:
        logits: (N, R, H, W) float32.
        targets: (N, R, H, W) float32 of 0 and 1.
        gamma: see above.
        alpha: a is alpha where t is 1, 1 - alpha elsewhere; None takes 1 everywhere.

    Returns:
        float32 scalar, at least 0.

    Reference: Lin et al. Focal Loss for Dense Object Detection. ICCV 2017, eq. 5.
    """
    from torch.nn import functional

    towards = (2 * targets - 1) * logits
    cost = -functional.logsigmoid(towards) * (gamma * functional.logsigmoid(-towards)).exp()
    if alpha is not None:
        cost = cost * (alpha * targets + (1 - alpha) * (1 - targets))
    return cost.mean()


def focal_classes_loss(
    logits: torch.Tensor, targets: torch.Tensor, gamma: float = 2.0, class_weights: Sequence[float] = (1.0,)
) -> torch.Tensor:
    """Average -w (1 - q)^gamma log q over the pixels, q = softmax(logits) of each pixel's class.

    Args:
        logits: (N, K, H, W) float32, background first.
        targets: (N, K, H, W) float32, one-hot.
        gamma: see above.
        class_weights: w, one for all classes or one for each.

    Returns:
        float32 scalar, at least 0.

    Raises:
        ArgumentError: neither one weight nor one for each class.

    Reference: Lin et al. Focal Loss for Dense Object Detection. ICCV 2017, eq. 5, over a softmax.
    """
    weights = channel_weights(class_weights, logits, "class_weights")[:, None, None] * targets
    everything = logits.logsumexp(1)
    right = (logits * targets).sum(1) - everything
    others = logits.masked_fill(targets == 1, -float("inf")).logsumexp(1) - everything
    return (-right * (gamma * others).exp() * weights.sum(1)).mean()


def _build(arguments: FocalArguments, target: TargetKind) -> Loss:
    if target == "regions":
        if arguments.class_weights != (1.0,):
            raise ArgumentError("loss focal: class_weights is for exclusive classes; regions take alpha")
        return lambda logits, targets: focal_regions_loss(logits, targets, arguments.gamma, arguments.alpha)
    if arguments.alpha is not None:
        raise ArgumentError("loss focal: alpha is for regions; exclusive classes take class_weights")
    return lambda logits, targets: focal_classes_loss(logits, targets, arguments.gamma, arguments.class_weights)


FOCAL = LossSpec(
    name="focal",
    title="Focal loss",
    reference="Lin, Goyal, Girshick, He, Dollar. Focal Loss for Dense Object Detection. ICCV 2017.",
    arguments=FocalArguments,
    builder=_build,
    targets=("regions", "classes"),
)
