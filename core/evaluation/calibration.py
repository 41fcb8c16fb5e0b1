"""Whether a probability of 0.8 is right eight times in ten: reliability curve, expected calibration error, Brier score.

Probabilities are bytes q, p = q / 255, so 256 counts per region hold all there is to know. Counts add up: a cohort's
curve comes from the sum over its cases.

Of overlapping regions each has its probability; of exclusive classes each class is taken against the rest (class-wise
calibration), background too, and a region that is several classes has the sum of theirs.

Reference: Guo, Pleiss, Sun, Weinberger. On Calibration of Modern Neural Networks. ICML 2017 (15 bins of equal width,
closed above). Kull et al. Beyond temperature scaling. NeurIPS 2019 (class-wise). Brier. Verification of forecasts
expressed in terms of probability. Monthly Weather Review 78, 1950.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from core.inference.prediction import Prediction

BINS = 15
NEAR_VOXELS = 5
Over = Literal["near", "box"]
OVER: dict[Over, str] = {
    "near": (
        f"voxels inside the head's box, at most {NEAR_VOXELS} along each axis from the predicted or the reference mask"
    ),
    "box": "every voxel inside the head's box: mostly background that nobody would doubt, which flatters",
}
DEFAULT_OVER: Over = "near"
NOTHING = "no voxel is near the predicted or the reference mask"

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]
BACKGROUND = "background"


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """How many voxels had each probability, and how many of them were in the region.

    Attributes:
        voxels: (256,) int64, by q.
        positives: (256,) int64, of which the reference has the region.
    """

    voxels: Counts
    positives: Counts

    @classmethod
    def of(cls, probabilities: Bytes, reference: Mask) -> Self:
        """Count bytes (...) uint8 beside a reference (...) bool."""
        flat = np.asarray(probabilities).ravel()
        return cls(
            np.bincount(flat, minlength=256).astype(np.int64),
            np.bincount(flat[np.asarray(reference).ravel()], minlength=256).astype(np.int64),
        )

    def __add__(self, other: Reliability) -> Reliability:
        return Reliability(self.voxels + other.voxels, self.positives + other.positives)

    @property
    def n(self) -> int:
        return int(self.voxels.sum())

    @property
    def brier(self) -> float | None:
        """Mean of (p - y)^2; None without voxels."""
        p = np.arange(256) / 255
        missed = self.positives * (1 - p) ** 2 + (self.voxels - self.positives) * p**2
        return float(missed.sum() / self.n) if self.n else None

    @property
    def ece(self) -> float | None:
        """Mean over voxels of |mean p - share of positives| of their bin; None without voxels."""
        gaps = [each["n"] * abs(each["confidence"] - each["frequency"]) for each in self.bins() if each["n"]]
        return float(sum(gaps) / self.n) if self.n else None

    def bins(self) -> list[dict[str, Any]]:
        """Return the reliability curve: per bin (low, high] its voxels, mean p and share of positives.

        The first bin holds 0 too. An empty bin has None for both.
        """
        q = np.arange(256)
        of = np.maximum(-(-q * BINS // 255) - 1, 0)  # whole numbers: no byte lands on the wrong side of an edge
        curve = []
        for number in range(BINS):
            here = of == number
            n, positives = int(self.voxels[here].sum()), int(self.positives[here].sum())
            total = int((self.voxels[here] * q[here]).sum())
            curve.append(
                {
                    "low": number / BINS,
                    "high": (number + 1) / BINS,
                    "n": n,
                    "confidence": total / (255 * n) if n else None,
                    "frequency": positives / n if n else None,
                }
            )
        return curve


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """The counts of one case, or of several added up, over both choices of voxels.

    Attributes:
        near: region or class to counts over voxels near the masks.
        box: likewise over the whole box.
    """

    near: Mapping[str, Reliability]
    box: Mapping[str, Reliability]

    def __add__(self, other: Calibration) -> Calibration:
        """Add the counts of other cases; only what both have stays."""
        return Calibration(_added(self.near, other.near), _added(self.box, other.box))

    def to_json(self, over: Over = DEFAULT_OVER) -> dict[str, Any]:
        """Return the curve, error and score of each region or class, as `evaluate` reports them.

        Args:
            over: over which voxels; the other choice's error and score stand beside it.
        """
        other: Over = "box" if over == "near" else "near"
        chosen, beside = (self.near, self.box) if over == "near" else (self.box, self.near)
        return {
            name: {**_scores(counts), "bins": counts.bins(), "over": over, other: _scores(beside[name])}
            for name, counts in chosen.items()
        }


def calibrate_case(prediction: Prediction, reference: Bytes, names: Sequence[str] | None = None) -> Calibration:
    """Count a prediction's probabilities beside the reference.

    Empty masks: where a region is in neither mask no voxel is near, and the case adds nothing there; a region that the
    reference lacks counts against what was predicted.

    Args:
        prediction: of a model; a mask without probabilities has no calibration.
        reference: (X, Y, Z) uint8 region bits of the full grid.
        names: the region of each bit of the reference; None where they are the prediction's. Regions that both have
            are counted, and exclusive classes where all are the same.

    Raises:
        ValueError: the reference is on another grid.
    """
    if reference.shape != prediction.shape:
        raise ValueError(f"the reference is {reference.shape} and the prediction {prediction.shape}; expected one grid")
    inside = prediction.box.crop(reference)
    mask = prediction.box.crop(prediction.mask())
    near, box = {}, {}
    for name, probabilities, predicted, referred in _channels(prediction, mask, inside, names or prediction.regions):
        # near the background is nearly everywhere: near its border is meant
        around = _near(~(predicted & referred) if name == BACKGROUND else predicted | referred)
        near[name] = Reliability.of(probabilities[around], referred[around])
        box[name] = Reliability.of(probabilities, referred)
    return Calibration(near, box)


def class_names(regions: Sequence[str], class_bits: Sequence[int]) -> tuple[str, ...]:
    """Return what each exclusive class is called: its region where it is all of one, else the regions it lies in."""
    names = []
    for bits in class_bits:
        inside = [region for bit, region in enumerate(regions) if bits >> bit & 1]
        alone = [
            region
            for bit, region in enumerate(regions)
            if [other for other in class_bits if other >> bit & 1] == [bits]
        ]
        names.append(alone[0] if alone else f"{' and '.join(inside)} only" if inside else BACKGROUND)
    return tuple(names)


def calibration_words(over: Over = DEFAULT_OVER) -> dict[str, str]:
    """Say what the numbers mean, as JSON."""
    return {
        "ece": f"mean over voxels of |mean probability - share of positives| of their bin, {BINS} bins of equal width",
        "brier": "mean over voxels of (probability - reference)^2",
        "over": over,
        "near": OVER["near"],
        "box": OVER["box"],
        "citation": "Guo et al., ICML 2017; Kull et al., NeurIPS 2019; Brier, Monthly Weather Review 78, 1950",
    }


def _channels(
    prediction: Prediction, mask: Bytes, reference: Bytes, names: Sequence[str]
) -> Iterable[tuple[str, Bytes, Mask, Mask]]:
    """Yield name, probabilities, predicted and reference mask of each region, then of each class that is none."""
    for bit, region in enumerate(prediction.regions):
        if region in names:
            referred = reference >> names.index(region) & 1 == 1
            yield region, prediction.region_probabilities(region), mask >> bit & 1 == 1, referred
    if tuple(names) != prediction.regions:
        return
    known = set(prediction.class_bits)
    for number, name in enumerate(class_names(prediction.regions, prediction.class_bits)):
        if name not in prediction.regions:
            bits = prediction.class_bits[number]
            referred = reference == bits
            if name == BACKGROUND:  # bits that are no class's were taught as background
                referred |= ~np.isin(reference, list(known))
            yield name, prediction.probabilities[number], mask == bits, referred


def _near(mask: Mask) -> Mask:
    """Return the voxels at most `NEAR_VOXELS` along each axis from a mask (x, y, z)."""
    from scipy.ndimage import maximum_filter1d

    near = mask.view(np.uint8)
    for axis in range(3):
        near = maximum_filter1d(near, 2 * NEAR_VOXELS + 1, axis=axis, mode="constant")
    return np.asarray(near, bool)


def _added(one: Mapping[str, Reliability], other: Mapping[str, Reliability]) -> dict[str, Reliability]:
    return {name: counts + other[name] for name, counts in one.items() if name in other}


def _scores(counts: Reliability) -> dict[str, Any]:
    scores: dict[str, Any] = {"ece": counts.ece, "brier": counts.brier, "n_voxels": counts.n}
    return scores if counts.n else {**scores, "reason": NOTHING}
