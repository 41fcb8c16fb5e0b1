"""Two hundred random and thirty nasty pairs of masks, none empty: what every oracle is asked about."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import gaussian_filter

from tests.core.metrics.masks import Bits

Mask = npt.NDArray[np.bool_]
Shape = tuple[int, int, int]
Spacing = tuple[float, float, float]

SHAPES: list[Shape] = [(24, 20, 16), (9, 31, 7), (40, 6, 12), (17, 17, 17), (32, 27, 1)]
SPACINGS: list[Spacing] = [(1.0, 1.0, 1.0), (0.9, 0.9, 5.5), (0.45, 3.0, 1.3), (2.0, 0.7, 0.7)]
PAIRS_PER_SHAPE = 40  # 5 shapes: 200 pairs
AT_ONCE = 4


def random_cases(shape: Shape) -> Iterator[tuple[Bits, Bits, Spacing]]:
    """Ten cases of four regions each, of one shape, in every spacing: prediction, reference, spacing."""
    rng = np.random.default_rng(SHAPES.index(shape))
    for number in range(PAIRS_PER_SHAPE // AT_ONCE):
        pairs = [random_pair(rng, shape) for _ in range(AT_ONCE)]
        prediction, reference = (stacked([pair[side] for pair in pairs]) for side in (0, 1))
        yield prediction, reference, SPACINGS[number % len(SPACINGS)]


def region(bits: Bits, number: int) -> Mask:
    """The mask of one region."""
    return np.asarray((bits >> np.uint8(number) & np.uint8(1)) != 0)


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


QUICK = [(9, 31, 7), (32, 27, 1)]  # the oracles take seconds for each of the others
every_shape = pytest.mark.parametrize(
    "shape", [pytest.param(shape, marks=[] if shape in QUICK else pytest.mark.slow) for shape in SHAPES], ids=str
)
every_nasty_pair = pytest.mark.parametrize(
    ("prediction", "reference"), [pytest.param(a, b, id=name) for name, a, b in nasty_pairs()]
)
two_spacings = pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.9, 0.9, 5.5)], ids=str)
