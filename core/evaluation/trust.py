"""How far a model's probabilities can be trusted over a cohort: its calibration, and risk against coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

from core.evaluation.calibration import Calibration, calibrate_case, calibration_words
from core.evaluation.case_mask import Bits
from core.evaluation.comparison import shared_cases
from core.evaluation.risk_coverage import expected_dice, risk_coverage
from core.evaluation.scoring import CaseScores, number_or_none
from core.inference.prediction import Prediction


@dataclass(frozen=True, slots=True, eq=False)
class CaseTrust:
    """What the probabilities of one case say.

    Attributes:
        calibration: counts beside the reference.
        confidence: region to the Dice that the probabilities expect of their own mask.
    """

    calibration: Calibration
    confidence: dict[str, float]


def trust_of_case(
    prediction: Prediction,
    reference: Bits,
    names: Sequence[str],
    regions: Sequence[str],
    bits: Bits | None = None,
) -> CaseTrust:
    """Hold a prediction's probabilities against the reference.

    Args:
        prediction: of a model.
        reference: (X, Y, Z) uint8 region bits of the full grid.
        names: the region of each bit of the reference.
        regions: those that count.
        bits: (X, Y, Z) uint8, the mask that the model gives, in its own regions; None where nothing follows the
            thresholds. Calibration is of the probabilities alone, whatever becomes of their mask.
    """
    calibration = calibrate_case(prediction, reference, names)
    return CaseTrust(calibration, {region: expected_dice(prediction, region, bits) for region in regions})


def trust_of_models(
    found: Mapping[str, Mapping[str, CaseTrust]], scores: Mapping[str, Mapping[str, CaseScores]]
) -> dict[str, Any]:
    """Return the `calibration` and `risk_coverage` of an `evaluate` document.

    Every model is judged on the cases that all of them have. One that has only masks is not in it.

    Args:
        found: model to case id to what `trust_of_case` returned.
        scores: model to case id to what `score_case` returned, of all models.
    """
    shared = shared_cases(scores)
    calibration, curves = {}, {}
    for model, cases in found.items():
        counted = [case for case in shared if case in cases]
        if not counted:
            continue
        calibration[model] = reduce(add, (cases[case].calibration for case in counted)).to_json()
        curves[model] = {
            region: risk_coverage(
                {case: cases[case].confidence[region] for case in counted},
                {case: number_or_none(scores[model][case].get(region, {}).get("dice")) for case in counted},
            )
            for region in cases[counted[0]].confidence
        }
    return {"calibration": calibration, "risk_coverage": curves, "calibration_definitions": calibration_words()}
