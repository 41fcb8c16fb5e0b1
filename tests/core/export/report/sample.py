"""A made-up comparison for the tests of reports: two models on six patients, one with an empty reference."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from core.evaluation.scoring import CaseScores, RegionScores
from core.evaluation.summary import summarise
from core.export.report import CaseSlice, CohortFacts, Comparison, Member, SplitFacts
from tests import narrow

SHA256 = "5b" * 32
WT = {"first": (0.9, 0.8, 0.7, 0.6, 0.95), "second": (0.5, 0.4, 0.3, 0.2, 0.6)}


def case_id(number: int) -> str:
    return f"patient-{number}"


def scored(dice: float, hd95_mm: float) -> RegionScores:
    return {"dice": dice, "hd95_mm": hd95_mm, "prediction_voxels": 10, "reference_voxels": 10}


def without_reference(false_positive_ml: float) -> RegionScores:
    return {
        "dice": None,
        "dice_reason": "the reference is empty",
        "hd95_mm": None,
        "hd95_mm_reason": "the reference is empty",
        "false_positive_ml": false_positive_ml,
        "prediction_voxels": 7,
        "reference_voxels": 0,
    }


def cases_of(values: Sequence[float]) -> dict[str, CaseScores]:
    found = {case_id(number): {"WT": scored(dice, 10 * dice)} for number, dice in enumerate(values, 1)}
    return found | {case_id(len(values) + 1): {"WT": without_reference(3.5)}}


@cache
def document(names: tuple[str, str] = ("first", "second")) -> dict[str, Any]:
    """The `evaluate` document of the models called `names`; not to be changed."""
    scores = {name: cases_of(values) for name, values in zip(names, WT.values(), strict=True)}
    groups = {case_id(number): f"group {number}" for number in range(1, 7)}
    dropped = [{"model": names[0], "case": case_id(9), "matches_part": "train"}]
    made = summarise(scores, groups, "patient", dropped=dropped)
    ids = {name: [f"{number:064x}"] for number, name in enumerate(names, 1)}
    return made | {"cohort": "small", "part": "test", "checkpoints": ids}


def card(**changes: Any) -> dict[str, Any]:
    made = narrow.card(narrow.spec(regions=("WT",), thresholds=(128,))).model_dump(mode="json")
    recipe = narrow.recipe().resolved()
    return made | {"recipe": recipe, "libraries": {"torch": "2.15.0"}} | changes


def picture(why: str = "best", masks: Sequence[str] = ("first", "second"), **changes: Any) -> CaseSlice:
    """A slice of 8 x 6 pixels, each twice as high as wide, with a square of reference."""
    image = np.zeros((8, 6), np.float32)
    image[1:7, 1:5] = np.arange(1, 25, dtype=np.float32).reshape(6, 4)
    reference = np.zeros((8, 6), np.uint8)
    reference[2:4, 2:4] = 1
    fields: dict[str, Any] = {
        "case": case_id(5),
        "why": why,
        "value": 0.775,
        "modality": "t2f",
        "plane": "axial",
        "slice_index": 3,
        "slices": 9,
        "image": image,
        "reference": reference,
        "masks": {name: np.roll(reference, shift, axis=0) for shift, name in enumerate(masks)},
        "regions": ("WT",),
        "spacing_mm": (1.0, 2.0),
        "letters": ("R", "L", "A", "P"),
    }
    return CaseSlice(**(fields | changes))


def comparison(names: tuple[str, str] = ("first", "second"), **changes: Any) -> Comparison:
    """Everything that a report can say of two models."""
    fields: dict[str, Any] = {
        "document": document(names),
        "cohort": CohortFacts(
            "small", 6, 6, "patient", ("t1n", "t2f"), {"WT": "whole tumour"}, ((1.0, 1.0, 2.0),), ((8, 6, 9),)
        ),
        "split": SplitFacts("default", 7, SHA256, ((4, 1, 1),)),
        "members": {name: (Member(f"{number:064x}", card()),) for number, name in enumerate(names, 1)},
        "pictures": (picture(masks=names),),
    }
    return Comparison(**(fields | changes))
