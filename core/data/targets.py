"""What a network is asked to predict, as one binary channel per region or per exclusive class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def target_channels(
    bits: npt.NDArray[np.uint8], regions: int, class_bits: Sequence[int] = ()
) -> npt.NDArray[np.float32]:
    """Turn region bits into the channels that a loss compares logits with.

    Args:
        bits: (N, H, W) uint8 region bits of the reference.
        regions: R, how many regions there are.
        class_bits: the region bits of each exclusive class, background first; nothing for overlapping regions.

    Returns:
        (N, R, H, W) float32 of 0 and 1, or (N, K, H, W) one-hot over the classes. A voxel whose bits are no
        class's is background.
    """
    if class_bits:
        channels = np.stack([bits == value for value in class_bits], axis=1).astype(np.float32)
        channels[:, 0] = 1 - channels[:, 1:].sum(axis=1)
        return channels
    return np.stack([bits >> region & 1 for region in range(regions)], axis=1).astype(np.float32)
