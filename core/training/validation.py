"""Validation on whole patients, by the same predictor as inference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.checkpoints import InferenceSpec
from core.data.slicing import PLANES, cut
from core.data.store import Indices, SlicedCase
from core.data.targets import target_channels
from core.inference.predictor import Assembly, Predictor
from core.metrics import METRICS
from core.metrics.empty_masks import POLICIES, score
from core.metrics.pair import compare_regions

if TYPE_CHECKING:
    import torch

    from core.losses.spec import Loss


@dataclass(frozen=True, slots=True)
class Validation:
    """What one validation measured.

    Attributes:
        loss: mean loss over batches of head slices.
        dice: mean Dice per region over patients whose reference has it, None where none has.
    """

    loss: float
    dice: dict[str, float | None]

    @property
    def score(self) -> float:
        """Mean Dice over regions: what "best" means."""
        measured = [value for value in self.dice.values() if value is not None]
        return sum(measured) / len(measured) if measured else 0.0

    def to_json(self) -> dict[str, Any]:
        return {"loss": self.loss, "dice": self.dice, "score": self.score}


def validate(predictor: Predictor, cases: Sequence[SlicedCase], loss: Loss) -> Validation:
    """Segment every validation patient whole and score it in 3D.

    Args:
        predictor: the model as it is now.
        cases: with reference masks.
        loss: what training minimises.
    """
    losses: list[float] = []
    scores: dict[str, list[float]] = {region: [] for region in predictor.spec.regions}
    for case in cases:
        assembled = Assembly(case, predictor.spec.outputs)
        for part, logits in predictor.batches(case):
            assembled.put(part, predictor.probabilities(logits))
            losses.append(float(loss(logits, _targets(case, part, predictor.spec, logits.device))))
        mask = case.box.crop(assembled.prediction(predictor.spec, "").mask())
        pairs = compare_regions(mask, np.asarray(case.reference), len(predictor.spec.regions), None, case.shape)
        for region, pair in zip(predictor.spec.regions, pairs, strict=True):
            dice = score(METRICS["dice"], pair, POLICIES["leave-out"]).value
            if dice is not None:
                scores[region].append(dice)
    dice_means = {region: float(np.mean(values)) if values else None for region, values in scores.items()}
    return Validation(float(np.mean(losses)), dice_means)


def _targets(case: SlicedCase, part: Indices, spec: InferenceSpec, device: torch.device) -> torch.Tensor:
    import torch

    assert case.reference is not None
    first = case.box.start[PLANES[case.plane]]
    bits = cut(case.reference, case.plane)[[case.slice_index[index] - first for index in part]]
    return torch.from_numpy(target_channels(bits, len(spec.regions), spec.class_bits)).to(device)
