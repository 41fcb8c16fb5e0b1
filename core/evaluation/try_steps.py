"""What other thresholds and another clean-up would make of one case, from its probabilities: in a moment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.evaluation.case_mask import Bits, pick_regions
from core.evaluation.scoring import CaseScores, Scoring, score_case
from core.inference.prediction import Prediction, region_bits
from core.postprocess import Spacing, Step, clean
from core.volume import Box, Geometry

TRIED = Scoring(metrics=("dice", "volume_error_ml"))
NO_REFERENCE = "the case has no reference"


def try_steps(
    prediction: Prediction,
    reference: Bits | None,
    regions: Sequence[str],
    spacing_mm: Spacing | None,
    thresholds: Sequence[int],
    steps: Sequence[Step],
) -> tuple[Bits, CaseScores]:
    """Decide, clean up and score a case anew.

    Args:
        prediction: with its probabilities, saved or just made.
        reference: (X, Y, Z) uint8 region bits in the order of `regions`, or None.
        regions: which regions are wanted, in this order; one that the prediction has not is empty.
        spacing_mm: edge lengths of a voxel in mm, or None without geometry.
        thresholds: one per region of the prediction, 1 to 255; exclusive classes have none.
        steps: what follows.

    Returns:
        (X, Y, Z) uint8 bits in the order of `regions`, and the scores that the tables would give them: Dice and
        volumes. Without a reference Dice is None with the reason beside it. Empty masks: as the tables' policy says.

    Raises:
        ValueError: another number of thresholds than the prediction has regions.
    """
    if len(thresholds) != len(prediction.regions):
        raise ValueError(f"found {len(thresholds)} thresholds; expected one for each of {len(prediction.regions)}")
    raw = region_bits(prediction.probabilities, thresholds, prediction.class_bits)
    whole = prediction.box.paste(raw, prediction.shape)
    cleaned = clean(whole, prediction.regions, spacing_mm, steps, prediction.class_bits)
    bits = pick_regions(cleaned, prediction.regions, regions)
    return bits, _scores(bits, reference, regions, spacing_mm)


def _scores(bits: Bits, reference: Bits | None, regions: Sequence[str], spacing_mm: Spacing | None) -> CaseScores:
    geometry = Geometry(np.diag([*spacing_mm, 1.0])) if spacing_mm else None
    x, y, z = bits.shape
    box = Box.around((bits if reference is None else bits | reference) != 0) or Box((0, 0, 0), (1, 1, 1))
    ours = np.ascontiguousarray(box.crop(bits))
    truth = ours if reference is None else np.ascontiguousarray(box.crop(reference))
    scores = score_case(ours, truth, regions, geometry, shape=(x, y, z), scoring=TRIED)
    if reference is None:
        for region in scores.values():
            for name in ("dice", "volume_error_ml", "reference_volume_ml", "reference_voxels"):
                region[name] = None
                region[f"{name}_reason"] = NO_REFERENCE
            region.pop("false_positive_ml", None)
    return scores
