"""How sure a prediction is, as maps on the native grid: entropy of the mean, and disagreement between opinions.

Opinions are a slice's turns, passes with dropout, or the members of an ensemble. A region's entropy is that of its
probability, in bits; that of K exclusive classes is over all of them, divided by log2 K. Disagreement is the mutual
information between the answer and which opinion gave it: the entropy of the mean less the mean of the entropies. It is
0 where all say the same, however unsure, and at most the entropy. Bytes are 255ths.

Reference: Shannon. A Mathematical Theory of Communication. 1948. Houlsby, Huszar, Ghahramani, Lengyel. Bayesian Active
Learning for Classification and Preference Learning. arXiv:1112.5745, 2011 (the mutual information, called BALD).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Generic

import numpy as np
import numpy.typing as npt

from core.inference.arrays import Floats, Tensor, entr, entropy, on_host
from core.inference.prediction import MAP_KINDS, MapKind, Prediction, Uncertainty


class PassMean(Generic[Tensor]):
    """Adds up the probabilities of several passes over a batch, and their entropies."""

    def __init__(self, exclusive: bool) -> None:
        self._exclusive = exclusive
        self._count = 0
        self._sum: Tensor | None = None
        self._entropies: Tensor | None = None

    def add(self, shares: Tensor) -> None:
        """Add one pass, (S, R, H, W) float32 probabilities, or (S, K, H, W) of exclusive classes."""
        self._count += 1
        found = entropy(shares, self._exclusive)
        self._sum = shares if self._sum is None else self._sum + shares
        self._entropies = found if self._entropies is None else self._entropies + found

    def mean(self) -> Tensor:
        """Return the mean probability, shaped as each pass."""
        assert self._sum is not None
        return self._sum / float(self._count)

    def maps(self) -> npt.NDArray[np.uint8]:
        """Return entropy of the mean and disagreement, (S, 2 M, H, W) uint8; M is R, or 1 of exclusive classes."""
        assert self._entropies is not None
        whole = on_host(entropy(self.mean(), self._exclusive))
        within = on_host(self._entropies) / np.float32(self._count)
        return _bytes(np.concatenate([whole, np.maximum(whole - within, 0)], axis=1))


def mean_prediction(predictions: Sequence[Prediction], checkpoint_id: str) -> Prediction:
    """Return the mean of several predictions of one case, with the entropy of it and the disagreement between them.

    Args:
        predictions: on one grid, of the same regions or classes.
        checkpoint_id: what the mean is signed with.

    Returns:
        q = floor(mean q + 0.5), and `Uncertainty` between members.
    """
    first = predictions[0]
    exclusive = bool(first.class_bits)
    mean = np.empty_like(first.probabilities, subok=False)
    maps = np.empty((2, 1 if exclusive else len(mean), *mean.shape[1:]), np.uint8)
    # one sheet at a time: sixteen members of a whole CT would not fit in memory
    for x in range(mean.shape[1]):
        sheets = [np.asarray(prediction.probabilities[:, x]) for prediction in predictions]
        total: npt.NDArray[np.uint32] = np.sum(sheets, axis=0, dtype=np.uint32)
        mean[:, x] = (2 * total + len(sheets)) // (2 * len(sheets))
        entropy = _entropy(total, len(sheets), exclusive)
        within = np.mean([_entropy(sheet, 1, exclusive) for sheet in sheets], axis=0)
        maps[0, :, x] = _bytes(entropy)
        maps[1, :, x] = _bytes(np.maximum(entropy - within, 0))
    between = Uncertainty(maps, "members", len(predictions))
    return replace(first, probabilities=mean, checkpoint_id=checkpoint_id, uncertainty=between)


def uncertainty_map(prediction: Prediction, kind: MapKind, region: str | None = None) -> npt.NDArray[np.uint8] | None:
    """Return a map of a prediction, saved or just made.

    Entropy is there for every prediction: one that was made in a single pass has that of its probabilities.

    Args:
        prediction: as `Prediction.load` opens it.
        kind: `entropy` or `disagreement`.
        region: of which region; None takes the largest over regions. Exclusive classes have one map for all.

    Returns:
        (X, Y, Z) uint8 on the native grid, 255 the most; outside the box 0. None for the disagreement of a prediction
        made in a single pass.

    Raises:
        ValueError: no region is called that.
    """
    wanted = slice(None) if region is None else slice(number := prediction.regions.index(region), number + 1)
    if prediction.class_bits:
        wanted = slice(None)
    if prediction.uncertainty is not None:
        maps = prediction.uncertainty.maps[MAP_KINDS.index(kind)][wanted]
    elif kind == "disagreement":
        return None
    else:
        maps = entropy_bytes(prediction.probabilities, bool(prediction.class_bits))[wanted]
    full: npt.NDArray[np.uint8] = prediction.box.paste(np.asarray(maps).max(axis=0), prediction.shape)
    return full


def entropy_bytes(probabilities: npt.NDArray[np.uint8], exclusive: bool) -> npt.NDArray[np.uint8]:
    """Return the entropy of probabilities (R, ...) uint8 in 255ths: (R, ...) of regions, (1, ...) of classes."""
    if not exclusive:
        table = _bytes(_entropy(np.arange(256, dtype=np.uint32)[None], 1, exclusive=False))[0]
        of_each: npt.NDArray[np.uint8] = table[probabilities]
        return of_each
    out = np.empty((1, *probabilities.shape[1:]), np.uint8)
    for x in range(probabilities.shape[1]):
        out[:, x] = _bytes(_entropy(np.asarray(probabilities[:, x]), 1, exclusive=True))
    return out


def _entropy(total: npt.NDArray[np.integer], count: int, exclusive: bool) -> Floats:
    """Return the entropy, 0 to 1, of bytes that were added up over `count` opinions; of classes along the first axis.

    The bytes of classes are rounded one by one and need not add up to 255; where all are 0 nothing was predicted.
    """
    if exclusive:
        whole = total.sum(axis=0, dtype=np.float32)
        shares = total.astype(np.float32) / np.maximum(whole, 1)
        found: Floats = entr(shares).sum(axis=0, keepdims=True) / np.float32(np.log(len(total)))
        return found
    shares = total.astype(np.float32) / np.float32(255 * count)
    return (entr(shares) + entr(1 - shares)) / np.float32(np.log(2))


def _bytes(values: Floats) -> npt.NDArray[np.uint8]:
    rounded: npt.NDArray[np.uint8] = np.minimum(np.floor(values * 255 + np.float32(0.5)), 255).astype(np.uint8)
    return rounded
