"""The same scores from two programs: Dice and HD95 of every region of one case."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from benchmarks.metrics.scenarios import REGIONS, Scenario

Values = npt.NDArray[np.float64]  # (regions, 2): Dice, HD95 in mm
Contestant = Callable[[], Values]


def segscope(scenario: Scenario) -> Contestant:
    """Score as `metrics` and `evaluate` do, from region bits."""
    from core.evaluation.scoring import Scoring, score_case

    def run() -> Values:
        scores = score_case(
            scenario.prediction, scenario.reference, REGIONS, scenario.geometry, scoring=Scoring(("dice", "hd95_mm"))
        )
        return np.array([[scores[region]["dice"], scores[region]["hd95_mm"]] for region in REGIONS], np.float64)

    return run


def monai(scenario: Scenario) -> Contestant:
    """Score with MONAI, from the one-hot float tensors that it takes, made before the clock starts."""
    import torch
    from monai.metrics.hausdorff_distance import compute_hausdorff_distance
    from monai.metrics.meandice import compute_dice

    warnings.filterwarnings("ignore", module="monai")
    prediction, reference = (
        torch.from_numpy(np.stack([(bits >> bit) & 1 for bit in range(len(REGIONS))])[None]).float()
        for bits in (scenario.prediction, scenario.reference)
    )
    spacing = list(scenario.geometry.spacing_mm)

    def run() -> Values:
        dice = compute_dice(prediction, reference, include_background=True)
        hd95 = compute_hausdorff_distance(
            prediction, reference, include_background=True, percentile=95, spacing=spacing
        )
        return torch.stack([dice[0], hd95[0]], dim=1).double().numpy()

    return run


CONTESTANTS: dict[str, Callable[[Scenario], Contestant]] = {"segscope": segscope, "monai": monai}
