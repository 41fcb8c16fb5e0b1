"""Validation on whole patients, by the same predictor as inference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.checkpoints import InferenceSpec
from core.data.slicing import PLANES, cut
from core.data.store import Indices, SlicedCase
from core.data.targets import target_channels
from core.inference.predictor import Assembly, Predictor
from core.metrics import METRICS
from core.metrics.empty_masks import POLICIES, score
from core.metrics.pair import RegionPair, compare_regions
from core.postprocess import Spacing, clean
from core.workspace import Cohort

if TYPE_CHECKING:
    import torch

    from core.losses.spec import Loss

MEASURED = ("dice", "iou")


@dataclass(frozen=True, slots=True)
class Validation:
    """What one validation measured.

    Attributes:
        loss: mean loss over batches of head slices.
        dice: mean Dice per region over patients whose reference has it, None where none has.
        iou: likewise.
        accuracy: mean over patients of the share of voxels of the whole image that are right: of all regions
            together, or of the exclusive classes.
    """

    loss: float
    dice: dict[str, float | None]
    iou: dict[str, float | None] = field(default_factory=dict)
    accuracy: float = 0.0

    @property
    def score(self) -> float:
        """Mean Dice over regions, 0 where no region can be scored."""
        measured = [value for value in self.dice.values() if value is not None]
        return sum(measured) / len(measured) if measured else 0.0

    def to_json(self) -> dict[str, Any]:
        return {"loss": self.loss, "dice": self.dice, "iou": self.iou, "accuracy": self.accuracy, "score": self.score}


def validate(
    predictor: Predictor,
    cases: Sequence[SlicedCase],
    loss: Loss,
    spacings_mm: Mapping[str, Spacing | None] | None = None,
) -> Validation:
    """Segment every validation patient whole and score it in 3D.

    Args:
        predictor: the model as it is now.
        cases: with reference masks.
        loss: what training minimises.
        spacings_mm: edge lengths of a voxel by case, which a clean-up with sizes in mm or ml goes by.
    """
    sizes = spacings_mm or {}
    losses: list[float] = []
    accuracies: list[float] = []
    regions = predictor.spec.regions
    scores: dict[str, dict[str, list[float]]] = {name: {region: [] for region in regions} for name in MEASURED}
    for case in cases:
        assembled = Assembly(case, predictor.spec.outputs)
        for part, logits in predictor.batches(case):
            assembled.put(part, predictor.probabilities(logits))
            losses.append(float(loss(logits, _targets(case, part, predictor.spec, logits.device))))
        mask = case.box.crop(_mask(assembled, predictor.spec, sizes.get(case.case_id)))
        reference = np.asarray(case.reference)
        pairs = compare_regions(mask, reference, len(regions), None, case.shape)
        for region, pair in zip(regions, pairs, strict=True):
            for name in MEASURED:
                value = score(METRICS[name], pair, POLICIES["leave-out"]).value
                if value is not None:
                    scores[name][region].append(value)
        accuracies.append(_accuracy(mask, reference, pairs, predictor.spec))
    dice, iou = (
        {region: float(np.mean(values)) if values else None for region, values in scores[name].items()}
        for name in MEASURED
    )
    return Validation(float(np.mean(losses)), dice, iou, float(np.mean(accuracies)))


def spacings_of(cohort: Cohort, cases: Sequence[SlicedCase]) -> dict[str, Spacing | None]:
    """Return the edge lengths of each case's voxels in mm, None where it has no geometry."""
    found = {case.case_id: cohort.cases[case.case_id].geometry for case in cases}
    return {case_id: geometry.spacing_mm if geometry else None for case_id, geometry in found.items()}


def regions_in(cases: Sequence[SlicedCase], regions: Sequence[str]) -> set[str]:
    """Return the regions that any reference has a voxel of."""
    bits = 0
    for case in cases:
        bits |= int(np.bitwise_or.reduce(np.asarray(case.reference), axis=None))
    return {region for number, region in enumerate(regions) if bits >> number & 1}


def _mask(assembled: Assembly, spec: InferenceSpec, spacing_mm: Spacing | None) -> npt.NDArray[np.uint8]:
    raw = assembled.prediction(spec, "").mask()
    return clean(raw, spec.regions, spacing_mm, spec.post, spec.class_bits)


def _accuracy(
    mask: npt.NDArray[np.uint8], reference: npt.NDArray[np.uint8], pairs: Sequence[RegionPair], spec: InferenceSpec
) -> float:
    if spec.class_bits:
        x, y, z = pairs[0].shape
        return 1 - np.count_nonzero(mask != reference) / (x * y * z)
    right = [pair.confusion.true_positive + pair.confusion.true_negative for pair in pairs]
    x, y, z = pairs[0].shape
    return sum(right) / (len(right) * x * y * z)


def _targets(case: SlicedCase, part: Indices, spec: InferenceSpec, device: torch.device) -> torch.Tensor:
    import torch

    assert case.reference is not None
    first = case.box.start[PLANES[case.plane]]
    bits = cut(case.reference, case.plane)[[case.slice_index[index] - first for index in part]]
    return torch.from_numpy(target_channels(bits, len(spec.regions), spec.class_bits)).to(device)
