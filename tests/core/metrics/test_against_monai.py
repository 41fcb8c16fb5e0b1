"""Dice, IoU and HD95 are MONAI's, on 200 random and sixty nasty pairs of masks.

MONAI takes the percentile in float32, where the rank itself is rounded: beside a gap between two distances its
HD95 is off by a few parts in a million. Its surfaces and distances with the percentile taken in float64 are
therefore met to 1e-6, and the value as it returns it to 1e-5.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy.ndimage import gaussian_filter

from core.metrics.dice import dice
from core.metrics.hd95 import hd95_mm
from core.metrics.iou import iou
from core.metrics.pair import compare_regions
from tests.core.metrics.masks import Bits, geometry

Mask = npt.NDArray[np.bool_]
Spacing = tuple[float, float, float]

SHAPES = [(24, 20, 16), (9, 31, 7), (40, 6, 12), (17, 17, 17), (32, 27, 1)]
SPACINGS: list[Spacing] = [(1.0, 1.0, 1.0), (0.9, 0.9, 5.5), (0.45, 3.0, 1.3), (2.0, 0.7, 0.7)]
PAIRS_PER_SHAPE = 40  # 5 shapes: 200 pairs


def monai_scores(prediction: Bits, reference: Bits, regions: int, spacing: Spacing) -> npt.NDArray[np.float64]:
    """MONAI's Dice, IoU, HD95 in float64 and HD95 as it comes, for every region: (regions, 4).

    A single slice is given to it as the 2D image that it is.
    """
    from monai.metrics.hausdorff_distance import compute_hausdorff_distance
    from monai.metrics.meandice import compute_dice
    from monai.metrics.meaniou import compute_iou
    from monai.metrics.utils import get_edge_surface_distance

    def tensor(bits: Bits) -> torch.Tensor:
        one_hot = np.stack([(bits >> region) & 1 for region in range(regions)])[None]
        return torch.from_numpy(one_hot[..., 0] if bits.shape[2] == 1 else one_hot).float()

    def precise_hd95(ours: torch.Tensor, theirs: torch.Tensor) -> float:
        _, directed, _ = get_edge_surface_distance(ours, theirs, spacing=step, symmetric=True)
        return max(float(torch.quantile(distances.double(), 0.95)) for distances in directed)

    ours, theirs = tensor(prediction), tensor(reference)
    step = list(spacing[:2] if prediction.shape[2] == 1 else spacing)
    dice = compute_dice(ours, theirs, include_background=True)
    iou = compute_iou(ours, theirs, include_background=True)
    precise = [precise_hd95(a, b) for a, b in zip(ours[0], theirs[0], strict=True)]
    rounded = compute_hausdorff_distance(ours, theirs, include_background=True, percentile=95, spacing=step)
    return np.stack([dice[0].numpy(), iou[0].numpy(), np.array(precise), rounded[0].numpy()], axis=1)


def our_scores(prediction: Bits, reference: Bits, regions: int, spacing: Spacing) -> npt.NDArray[np.float64]:
    pairs = compare_regions(prediction, reference, regions, geometry(*spacing))
    return np.array([(dice(pair), iou(pair), hd95_mm(pair)) for pair in pairs])


def assert_agree(prediction: Bits, reference: Bits, regions: int, spacing: Spacing) -> None:
    ours = our_scores(prediction, reference, regions, spacing)
    theirs = monai_scores(prediction, reference, regions, spacing)
    np.testing.assert_allclose(ours, theirs[:, :3], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(ours[:, 2], theirs[:, 3], rtol=1e-5)


def random_mask(rng: np.random.Generator, shape: tuple[int, int, int]) -> Mask:
    """Anything from dust to a few smooth blobs, never empty."""
    field = gaussian_filter(rng.standard_normal(shape), rng.choice([0.0, 1.0, 2.5]))
    return np.asarray(field >= np.quantile(field, rng.choice([0.3, 0.8, 0.99])), np.bool_)


def random_pair(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Mask, Mask]:
    """Two masks that have little in common, or a mask and a copy with a few voxels turned."""
    mask = random_mask(rng, shape)
    if rng.random() < 0.5:
        return mask, random_mask(rng, shape)
    other = mask ^ (rng.random(shape) < 0.02)
    return mask, other if other.any() else mask


def stacked(masks: list[Mask]) -> Bits:
    bits = np.zeros(masks[0].shape, np.uint8)
    for bit, mask in enumerate(masks):
        bits |= mask.astype(np.uint8) << bit
    return bits


def nasty_pairs() -> Iterator[tuple[str, Mask, Mask]]:
    shape = (11, 8, 5)
    none = np.zeros(shape, bool)
    full = ~none
    corner, opposite, centre, cube, plate, line = (none.copy() for _ in range(6))
    corner[0, 0, 0] = opposite[-1, -1, -1] = centre[5, 4, 2] = True
    cube[:4, :4, :4] = plate[0] = line[:, 3, 0] = True
    shell = full.copy()
    shell[1:-1, 1:-1, 1:-1] = False
    board = np.indices(shape).sum(axis=0) % 2 == 0
    masks = {
        "full": full, "one corner": corner, "the other corner": opposite, "the centre": centre,
        "a cube at the border": cube, "a face of the image": plate, "a line along an edge": line,
        "the shell of the image": shell, "a checkerboard": board, "all but the centre": ~centre,
    }  # fmt: skip
    names = list(masks)
    for index, name in enumerate(names):
        for other in (name, names[index - 1], names[index - 4]):
            yield f"{name} against {other}", masks[name], masks[other]


@pytest.mark.filterwarnings("ignore")  # MONAI's Hausdorff warns about what it uses itself
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_random_pairs(shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(SHAPES.index(shape))
    for number in range(0, PAIRS_PER_SHAPE, 4):
        pairs = [random_pair(rng, shape) for _ in range(4)]
        prediction, reference = (stacked([pair[side] for pair in pairs]) for side in (0, 1))
        assert_agree(prediction, reference, 4, SPACINGS[number // 4 % len(SPACINGS)])


@pytest.mark.filterwarnings("ignore")  # as above
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.9, 0.9, 5.5)], ids=str)
@pytest.mark.parametrize(("prediction", "reference"), [pytest.param(a, b, id=name) for name, a, b in nasty_pairs()])
def test_nasty_pairs(prediction: Mask, reference: Mask, spacing: Spacing) -> None:
    assert_agree(prediction.astype(np.uint8), reference.astype(np.uint8), 1, spacing)
