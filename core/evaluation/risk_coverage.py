"""Whether a model knows which of its masks are bad: what is left of the error when the least sure cases are set aside.

Reference: Geifman, El-Yaniv. Selective Classification for Deep Neural Networks. NeurIPS 2017. Geifman, Uziel, El-Yaniv.
Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers. ICLR 2019 (the area under the curve and its excess over
the best order).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from core.evaluation.case_mask import Bits
from core.inference.prediction import Prediction

CONFIDENCE = (
    "the Dice that the probabilities themselves expect of the mask: 2 sum of p inside it / (its voxels + sum of p)"
)
NO_CASES = "no case has both a confidence and a score"


def expected_dice(prediction: Prediction, region: str, bits: Bits | None = None) -> float:
    """Return how good a region's mask is by its own probabilities: 2 sum_M p / (|M| + sum p), 0 to 1.

    It is the Dice of the mask M with the probabilities taken for the reference. Voxels outside the box have none.
    Empty masks: an empty mask has 0, for it claims nothing.

    Args:
        prediction: with its probabilities.
        region: of which region.
        bits: (X, Y, Z) uint8, the mask that the model gives, in the prediction's regions; None where that is what the
            thresholds alone say.

    Reference: the soft Dice without squares, as in Sudre et al. Generalised Dice overlap. DLMIA 2017.

    Raises:
        ValueError: no region is called that.
    """
    bit = prediction.regions.index(region)
    probabilities = prediction.region_probabilities(region)
    mask = prediction.box.crop(prediction.mask() if bits is None else bits) >> bit & 1 == 1
    inside = int(probabilities[mask].sum(dtype=np.int64)) / 255
    everywhere = int(probabilities.sum(dtype=np.int64)) / 255
    voxels = int(np.count_nonzero(mask))
    return 2 * inside / (voxels + everywhere) if voxels else 0.0


def risk_coverage(confidence: Mapping[str, float], scores: Mapping[str, float | None]) -> dict[str, Any]:
    """Return the risk-coverage curve over cases, and the area under it.

    At coverage k / n the risk is the mean of 1 - score over the k cases of the highest confidence. Cases of equal
    confidence count with their mean risk, so their order means nothing. The area (AURC) is the mean risk over the n
    coverages; it lies between that of the best order (`optimal`) and, on average, that of any order (`risk`).

    Args:
        confidence: by case, the higher the surer.
        scores: by case, 1 the best, such as Dice; a case with None is left out, as the empty-mask policy says.

    Returns:
        `n`, `aurc`, `optimal`, `excess` (their difference), `risk` (mean over all cases), `points` of `coverage` and
        `risk` from the surest case to all, and what `confidence` is. Without cases numbers are None with a `reason`.
    """
    cases = sorted(case for case, score in scores.items() if score is not None and case in confidence)
    risks = {case: 1 - float(scores[case] or 0.0) for case in cases}
    empty: dict[str, Any] = {"aurc": None, "optimal": None, "excess": None, "risk": None, "points": []}
    if not cases:
        return {"n": 0, **empty, "confidence": CONFIDENCE, "reason": NO_CASES}
    ordered: list[float] = []
    surest_first = sorted(cases, key=lambda case: (-confidence[case], case))
    for _, tied in groupby(surest_first, key=lambda case: confidence[case]):
        block = [risks[case] for case in tied]
        ordered += [sum(block) / len(block)] * len(block)
    curve, best = _running_means(ordered), _running_means(sorted(risks.values()))
    n = len(cases)
    aurc, optimal = sum(curve) / n, sum(best) / n
    return {
        "n": n,
        "aurc": aurc,
        "optimal": optimal,
        "excess": aurc - optimal,
        "risk": curve[-1],
        "points": [{"coverage": (k + 1) / n, "risk": risk} for k, risk in enumerate(curve)],
        "confidence": CONFIDENCE,
    }


def _running_means(values: Sequence[float]) -> list[float]:
    total, means = 0.0, []
    for count, value in enumerate(values, start=1):
        total += value
        means.append(total / count)
    return means
