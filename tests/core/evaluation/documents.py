"""Scores of made-up cases for the tests of summaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.evaluation.scoring import CaseScores, RegionScores
from core.evaluation.summary import summarise


def found(dice: float, *, hd95_mm: float = 1.0) -> RegionScores:
    return {"dice": dice, "hd95_mm": hd95_mm, "prediction_voxels": 10, "reference_voxels": 10}


def left_out(false_positive_ml: float) -> RegionScores:
    return {
        "dice": None,
        "dice_reason": "the reference is empty",
        "hd95_mm": None,
        "hd95_mm_reason": "the reference is empty",
        "false_positive_ml": false_positive_ml,
        "prediction_voxels": round(false_positive_ml * 1000),
        "reference_voxels": 0,
    }


def missed() -> RegionScores:
    return found(0.0, hd95_mm=373.1) | {"dice_flag": "set", "hd95_mm_flag": "set", "prediction_voxels": 0}


def whole_tumour(*regions: RegionScores) -> dict[str, CaseScores]:
    """Cases c0, c1, ... with one region."""
    return {f"c{number}": {"WT": region} for number, region in enumerate(regions)}


def dice_of(*values: float) -> dict[str, CaseScores]:
    return whole_tumour(*(found(value) for value in values))


def document(scores: Mapping[str, Mapping[str, CaseScores]], **options: Any) -> dict[str, Any]:
    """Summarise with every case a patient of its own."""
    cases: Sequence[str] = sorted({case for cases in scores.values() for case in cases})
    return summarise(scores, {case: f"patient of {case}" for case in cases}, "patient", **options)
