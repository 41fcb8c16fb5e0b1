"""Dice, IoU, HD95, HD and ASSD are MONAI's, on 200 random and sixty nasty pairs of masks.

MONAI takes the percentile in float32, where the rank itself is rounded: beside a gap between two distances its
HD95 is off by a few parts in a million. Its surfaces and distances with the percentile taken in float64 are
therefore met to 1e-6, and every value as it returns it to 1e-5.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch

from core.metrics.assd import assd_mm
from core.metrics.dice import dice
from core.metrics.hd import hd_mm
from core.metrics.hd95 import hd95_mm
from core.metrics.iou import iou
from core.metrics.pair import compare_regions
from tests.core.metrics.masks import Bits, geometry
from tests.core.metrics.pairs import (
    AT_ONCE,
    Mask,
    Shape,
    Spacing,
    every_nasty_pair,
    every_shape,
    random_cases,
    two_spacings,
)

Values = npt.NDArray[np.float64]


def monai_scores(prediction: Bits, reference: Bits, regions: int, spacing: Spacing) -> tuple[Values, Values]:
    """MONAI's Dice, IoU, HD95, HD and ASSD: from its distances in float64, and as they come; (regions, 5) each.

    A single slice is given to it as the 2D image that it is.
    """
    from monai.metrics.hausdorff_distance import compute_hausdorff_distance
    from monai.metrics.meandice import compute_dice
    from monai.metrics.meaniou import compute_iou
    from monai.metrics.surface_distance import compute_average_surface_distance
    from monai.metrics.utils import get_edge_surface_distance

    def tensor(bits: Bits) -> torch.Tensor:
        one_hot = np.stack([(bits >> region) & 1 for region in range(regions)])[None]
        return torch.from_numpy(one_hot[..., 0] if bits.shape[2] == 1 else one_hot).float()

    def precise(ours: torch.Tensor, theirs: torch.Tensor) -> tuple[float, float, float]:
        _, directed, _ = get_edge_surface_distance(ours, theirs, spacing=step, symmetric=True)
        forth, back = (distances.double() for distances in directed)
        hd95 = max(float(torch.quantile(distances, 0.95)) for distances in (forth, back))
        return hd95, max(float(forth.max()), float(back.max())), float(torch.cat([forth, back]).mean())

    ours, theirs = tensor(prediction), tensor(reference)
    step = list(spacing[:2] if prediction.shape[2] == 1 else spacing)
    overlaps = [compute(ours, theirs, include_background=True)[0].numpy() for compute in (compute_dice, compute_iou)]
    distances = np.array([precise(a, b) for a, b in zip(ours[0], theirs[0], strict=True)])
    rounded = [
        compute_hausdorff_distance(ours, theirs, include_background=True, percentile=95, spacing=step)[0].numpy(),
        compute_hausdorff_distance(ours, theirs, include_background=True, spacing=step)[0].numpy(),
        compute_average_surface_distance(ours, theirs, include_background=True, symmetric=True, spacing=step)[
            0
        ].numpy(),
    ]
    return np.stack([*overlaps, *distances.T], axis=1), np.stack([*overlaps, *rounded], axis=1)


def assert_agree(prediction: Bits, reference: Bits, regions: int, spacing: Spacing) -> None:
    pairs = compare_regions(prediction, reference, regions, geometry(*spacing))
    ours = np.array([[metric(pair) for metric in (dice, iou, hd95_mm, hd_mm, assd_mm)] for pair in pairs])
    precise, rounded = monai_scores(prediction, reference, regions, spacing)
    np.testing.assert_allclose(ours, precise, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(ours, rounded, rtol=1e-5, atol=1e-7)


@pytest.mark.filterwarnings("ignore")  # MONAI's Hausdorff warns about what it uses itself
@every_shape
def test_random_pairs(shape: Shape) -> None:
    for prediction, reference, spacing in random_cases(shape):
        assert_agree(prediction, reference, AT_ONCE, spacing)


@pytest.mark.filterwarnings("ignore")  # as above
@two_spacings
@every_nasty_pair
def test_nasty_pairs(prediction: Mask, reference: Mask, spacing: Spacing) -> None:
    assert_agree(prediction.astype(np.uint8), reference.astype(np.uint8), 1, spacing)
