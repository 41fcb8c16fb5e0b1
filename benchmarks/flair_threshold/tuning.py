"""The Dice of every setting on every case, from which each fold picks by its own patients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from benchmarks.flair_threshold.baseline import (
    THRESHOLDS,
    Image,
    Mask,
    Settings,
    largest_component,
    prepare,
    smoothings,
)

DiceBySettings = Mapping[Settings, float]


def dice_of_every_setting(flair: Image, reference: Mask) -> dict[Settings, float]:
    """Score the whole grid of settings on one case.

    Empty masks: an empty reference gives no Dice anywhere and the case tunes nothing.

    Args:
        flair: (X, Y, Z) float32.
        reference: (X, Y, Z) bool, the whole tumour.
    """
    wanted = int(np.count_nonzero(reference))
    if wanted == 0:
        return {}
    found: dict[Settings, float] = {}
    for smoothing in smoothings():
        image = prepare(flair, smoothing)
        for threshold in THRESHOLDS:
            everything = image > threshold
            for largest, mask in ((False, everything), (True, largest_component(everything))):
                overlap = int(np.count_nonzero(mask & reference))
                predicted = int(np.count_nonzero(mask))
                found[Settings(smoothing, threshold, largest)] = 2 * overlap / (wanted + predicted)
    return found


def best_settings(cases: Iterable[DiceBySettings], allowed: Callable[[Settings], bool]) -> tuple[Settings, float]:
    """Pick the allowed settings with the highest mean Dice over `cases`; the first listed wins a tie.

    Raises:
        ValueError: no case has a whole tumour to tune on.
    """
    tables = [table for table in cases if table]
    if not tables:
        raise ValueError("found no case with a whole tumour to tune on, expected at least one; choose another split")
    choices = [settings for settings in tables[0] if allowed(settings)]
    means = {settings: float(np.mean([table[settings] for table in tables])) for settings in choices}
    winner = max(means, key=means.__getitem__)
    return winner, means[winner]
