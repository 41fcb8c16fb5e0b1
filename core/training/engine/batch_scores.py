"""Dice, IoU and accuracy of a training step, from the logits it has anyway."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.checkpoints import InferenceSpec

if TYPE_CHECKING:
    import torch

Means = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class BatchScores:
    """Scores of hard masks, counts pooled over the slices of a step.

    Attributes:
        dice: per region; None where the step's reference has none of it.
        iou: likewise.
        accuracy: share of pixels that are right: of all regions together, or of the exclusive classes.
    """

    dice: Means
    iou: Means
    accuracy: float

    def to_json(self) -> dict[str, Any]:
        return {"dice": self.dice, "iou": self.iou, "accuracy": self.accuracy}


class PixelCounter:
    """Counts on the device what the scores of a step are made of, without waiting for the device."""

    def __init__(self, spec: InferenceSpec, device: str) -> None:
        import torch

        self._regions = spec.regions
        # MPS has no float64; a float32 counts exactly up to 16 million pixels
        self._dtype = torch.float32 if device.startswith("mps") else torch.float64
        # q = floor(255 p + 0.5) reaches t where p reaches (t - 0.5) / 255
        shares = [(threshold - 0.5) / 255 for threshold in spec.thresholds]
        bounds = [math.log(share / (1 - share)) for share in shares]
        self._bounds = torch.tensor(bounds, device=device).reshape(1, -1, 1, 1)
        bits = np.array(spec.class_bits, np.int64).reshape(-1, 1)
        member = bits >> np.arange(len(spec.regions)) & 1
        self._member = torch.tensor(member, dtype=torch.float32, device=device) if spec.class_bits else None

    def count(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Count one batch.

        Args:
            logits: (N, R, H, W), or K classes for R regions.
            targets: of the same shape, 0 or 1.

        Returns:
            (3 R + 2,) on the device: for each region the pixels in both masks, predicted, in the reference; then
            the decisions that are right, and all decisions.
        """
        import torch

        logits = logits.detach().float()
        if self._member is None:
            predicted, reference = (logits >= self._bounds).float(), targets
            right = (predicted == reference).sum()
            decisions = predicted.numel()
        else:
            chosen, true = logits.argmax(dim=1), targets.argmax(dim=1)
            right, decisions = (chosen == true).sum(), chosen.numel()
            predicted, reference = (self._member[which].permute(0, 3, 1, 2) for which in (chosen, true))
        counts = [mask.sum((0, 2, 3)) for mask in (predicted * reference, predicted, reference)]
        sums = [*counts, right.reshape(1), right.new_full((1,), decisions)]
        return torch.cat([each.to(self._dtype) for each in sums])

    def scores(self, counts: Sequence[float]) -> BatchScores:
        """Turn counts that have been read back, summed over the batches of a step, into scores.

        Reference: Dice, Ecology 26, 1945, 2 |A and B| / (|A| + |B|); Jaccard, New Phytologist 11, 1912,
        |A and B| / |A or B|.
        """
        n = len(self._regions)
        both, predicted, reference = counts[:n], counts[n : 2 * n], counts[2 * n : 3 * n]
        dice: Means = {}
        iou: Means = {}
        for region, b, p, r in zip(self._regions, both, predicted, reference, strict=True):
            dice[region] = 2 * b / (p + r) if r else None
            iou[region] = b / (p + r - b) if r else None
        return BatchScores(dice, iou, counts[-2] / counts[-1])


class EpochMeans:
    """Means over the steps since the last validation; it can be filled again from what the run has written."""

    def __init__(self) -> None:
        self._steps: list[dict[str, Any]] = []

    def add(self, record: dict[str, Any]) -> None:
        """Take a `step` record of the metrics in."""
        self._steps.append(record)

    def clear(self) -> None:
        self._steps.clear()

    @property
    def loss(self) -> float | None:
        """Mean loss, None where no step has had one."""
        return _mean([record["loss"] for record in self._steps])

    @property
    def scores(self) -> dict[str, Any]:
        """Mean `dice` and `iou` per region and mean `accuracy`, each over the steps that have one."""
        steps = [record for record in self._steps if "accuracy" in record]  # older runs measured none
        means: dict[str, Any] = {"accuracy": _mean([record["accuracy"] for record in steps])}
        for name in ("dice", "iou"):
            regions = steps[0][name] if steps else ()
            means[name] = {region: _mean([record[name][region] for record in steps]) for region in regions}
        return means


def _mean(values: Sequence[float | None]) -> float | None:
    measured = [value for value in values if value is not None]
    return float(np.mean(measured)) if measured else None
