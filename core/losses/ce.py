"""Cross-entropy over exclusive classes: every pixel has one right answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from core.arguments import Arguments
from core.losses.channels import OneOrEach, channel_weights
from core.losses.spec import LossSpec, TargetKind

if TYPE_CHECKING:
    import torch

    from core.losses.spec import Loss


class CeArguments(Arguments):
    """Arguments of cross-entropy."""

    class_weights: OneOrEach = Field(
        default=(1.0,), description="How many times a pixel of each class counts, background first."
    )


def ce_loss(logits: torch.Tensor, targets: torch.Tensor, class_weights: Sequence[float] = (1.0,)) -> torch.Tensor:
    """Average -log p of each pixel's class, p = softmax(logits), weighted by that class's weight.

    The weights are of the mean: they sum to 1 over the batch, so a slice without tumour costs what it would
    cost without them.

    Args:
        logits: (N, K, H, W) float32, background first.
        targets: (N, K, H, W) float32, one-hot.
        class_weights: one for all, or one for each of K.

    Returns:
        float32 scalar, at least 0.

    Raises:
        ArgumentError: neither one weight nor one for each class.

    Reference: Bishop. Pattern Recognition and Machine Learning. Springer 2006, eq. 4.108 (without weights).
    """
    weights = channel_weights(class_weights, logits, "class_weights")[:, None, None] * targets
    return -(weights * logits.log_softmax(1)).sum() / weights.sum()


def _build(arguments: CeArguments, _target: TargetKind) -> Loss:
    return lambda logits, targets: ce_loss(logits, targets, arguments.class_weights)


CE = LossSpec(
    name="ce",
    title="Cross-entropy",
    reference="Bishop. Pattern Recognition and Machine Learning. Springer 2006, section 4.3.4.",
    arguments=CeArguments,
    builder=_build,
    targets=("classes",),
)
