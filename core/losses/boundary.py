"""Boundary loss: a wrong pixel costs its distance from the reference's outline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.losses.channels import BackgroundArguments, compared, refuse_background_of_regions
from core.losses.spec import LossSpec, TargetKind

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import torch

    from core.losses.spec import Loss


class BoundaryArguments(BackgroundArguments):
    """Arguments of the boundary loss."""


def boundary_loss(
    logits: torch.Tensor, targets: torch.Tensor, arguments: BoundaryArguments, target: TargetKind = "regions"
) -> torch.Tensor:
    """Average d (p - t) over everything, d the signed distance of `signed_distance`.

    Every summand is |d| |p - t|: 0 for a perfect prediction. The distance maps are made on the CPU from the
    targets, so on an accelerator each step waits for them.

    Args:
        logits: (N, R, H, W) float32.
        targets: (N, R, H, W) float32 of 0 and 1. An empty one is a diagonal away from every pixel.
        arguments: whether background is a class.
        target: p is the sigmoid of each logit for regions, the softmax over them for classes.

    Returns:
        float32 scalar in [0, 1].

    Reference: Kervadec et al. Boundary loss for highly unbalanced segmentation. MIDL 2019, eq. 4 and 5; the term
    of the reference, which is constant there, is kept, so that 0 is perfect.
    """
    import numpy as np
    import torch

    probabilities, reference = compared(logits, targets, target, arguments.background)
    maps = np.stack([signed_distance(mask) for mask in reference.detach().cpu().numpy().reshape(-1, *logits.shape[2:])])
    distance = torch.from_numpy(maps).reshape(reference.shape).to(logits)
    return (distance * (probabilities - reference)).mean()


def signed_distance(mask: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Measure each pixel's distance from a mask's outline, in shares of the slice's diagonal.

    The outline runs between pixels: one beside it is half a pixel away, so that no pixel is at distance 0, where
    it would have no gradient.

    Args:
        mask: (H, W) of 0 and 1.

    Returns:
        (H, W) float32, negative inside. Without any outline every pixel is a diagonal away: 1 for an empty mask,
        -1 for a full one.
    """
    import numpy as np
    from scipy.ndimage import distance_transform_edt

    inside = mask > 0
    if inside.all() or not inside.any():
        return np.where(inside, np.float32(-1), np.float32(1))
    away = distance_transform_edt(~inside) - distance_transform_edt(inside)
    signed: npt.NDArray[np.float32] = ((away - 0.5 * np.sign(away)) / np.hypot(*mask.shape)).astype(np.float32)
    return signed


def _build(arguments: BoundaryArguments, target: TargetKind) -> Loss:
    refuse_background_of_regions("boundary", arguments, target)
    return lambda logits, targets: boundary_loss(logits, targets, arguments, target)


BOUNDARY = LossSpec(
    name="boundary",
    title="Boundary loss",
    reference="Kervadec et al. Boundary loss for highly unbalanced segmentation. MIDL 2019.",
    arguments=BoundaryArguments,
    builder=_build,
    targets=("regions", "classes"),
)
