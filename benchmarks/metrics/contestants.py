"""The same scores from three programs: Dice, HD95 and NSD of every region of one case."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from benchmarks.metrics.scenarios import REGIONS, Scenario

Values = npt.NDArray[np.float64]  # (regions, 3): Dice, HD95 in mm, NSD at 1 mm
Contestant = Callable[[], Values]
TOLERANCE_MM = 1.0


def segscope(scenario: Scenario) -> Contestant:
    """Score as `metrics` and `evaluate` do, from region bits, with MONAI's HD95."""
    return _segscope(scenario, ("dice", "hd95_mm", "nsd"))


def segscope_elements(scenario: Scenario) -> Contestant:
    """The same with surface-distance's HD95, over surface elements."""
    return _segscope(scenario, ("dice", "hd95_elements_mm", "nsd"))


def segscope_default(scenario: Scenario) -> Contestant:
    """Everything that `evaluate` computes unless told otherwise; the three values are picked out of it."""
    from core.evaluation.scoring import DEFAULT_METRICS

    return _segscope(scenario, ("dice", "hd95_mm", "nsd"), DEFAULT_METRICS)


def _segscope(scenario: Scenario, shown: tuple[str, ...], metrics: tuple[str, ...] = ()) -> Contestant:
    from core.evaluation.scoring import Scoring, score_case

    scoring = Scoring(metrics or shown, tolerance_mm=TOLERANCE_MM)

    def run() -> Values:
        scores = score_case(scenario.prediction, scenario.reference, REGIONS, scenario.geometry, scoring=scoring)
        return np.array([[scores[region][name] for name in shown] for region in REGIONS], np.float64)

    return run


def monai(scenario: Scenario) -> Contestant:
    """Score with MONAI, from the one-hot float tensors that it takes, made before the clock starts."""
    import torch
    from monai.metrics.hausdorff_distance import compute_hausdorff_distance
    from monai.metrics.meandice import compute_dice
    from monai.metrics.surface_dice import compute_surface_dice

    warnings.filterwarnings("ignore", module="monai")
    prediction, reference = (
        torch.from_numpy(np.stack([(bits >> bit) & 1 for bit in range(len(REGIONS))])[None]).float()
        for bits in (scenario.prediction, scenario.reference)
    )
    spacing = list(scenario.geometry.spacing_mm)
    tolerances = [TOLERANCE_MM] * len(REGIONS)

    def run() -> Values:
        dice = compute_dice(prediction, reference, include_background=True)
        hd95 = compute_hausdorff_distance(
            prediction, reference, include_background=True, percentile=95, spacing=spacing
        )
        nsd = compute_surface_dice(
            prediction, reference, tolerances, include_background=True, spacing=spacing, use_subvoxels=True
        )
        return torch.stack([dice[0], hd95[0], nsd[0]], dim=1).double().numpy()

    return run


def surface_distance(scenario: Scenario) -> Contestant:
    """Score with surface-distance, from one bool mask per region, made before the clock starts."""
    import surface_distance as package

    warnings.filterwarnings("ignore", category=DeprecationWarning)
    masks = [(scenario.prediction >> bit & 1 == 1, scenario.reference >> bit & 1 == 1) for bit in range(len(REGIONS))]
    spacing = scenario.geometry.spacing_mm

    def run() -> Values:
        rows = []
        for prediction, reference in masks:
            found = package.compute_surface_distances(reference, prediction, spacing)
            rows.append(
                (
                    package.compute_dice_coefficient(reference, prediction),
                    package.compute_robust_hausdorff(found, 95),
                    package.compute_surface_dice_at_tolerance(found, TOLERANCE_MM),
                )
            )
        return np.array(rows, np.float64)

    return run


CONTESTANTS: dict[str, Callable[[Scenario], Contestant]] = {
    "segscope": segscope,
    "monai": monai,
    "segscope_elements": segscope_elements,
    "surface_distance": surface_distance,
    "segscope_default": segscope_default,
}
