"""What tuning tries of a region: thresholds and smallest components, each scored on the patients it is tuned on.

Regions are scored one by one: neither a threshold nor a smallest component of one changes the mask of another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.evaluation.case_mask import Bits
from core.evaluation.scoring import Scoring, score_case
from core.inference.prediction import Prediction
from core.postprocess import Spacing, Step, clean
from core.postprocess.clean import with_border
from core.postprocess.components import at_least, components_of
from core.postprocess.smallest_component import SMALLEST_COMPONENT, SmallestComponentArguments
from core.volume import Box

# 0.2, 0.3 to 0.8
THRESHOLDS = (51, 77, 102, 128, 153, 179, 204)
LEAST_ML = (0.05, 0.1, 0.25, 0.5, 1.0)
LEAST_VOXELS = (20, 50, 100, 200, 500)  # of images without voxel sizes
LEAST_GAIN = 0.001  # of mean Dice; what is closer to the best than this ties with it
DICE = Scoring(metrics=("dice",))
Masks = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is tried of a region.

    Attributes:
        threshold: a voxel is in the region where q reaches it.
        least: the smallest component that is kept; None keeps every one.
    """

    threshold: int
    least: SmallestComponentArguments | None = None

    def __str__(self) -> str:
        words = f", {SMALLEST_COMPONENT.words(self.least)}" if self.least else ""
        return f"threshold {self.threshold / 255:.2f}{words}"


@dataclass(frozen=True, slots=True)
class Chain:
    """A clean-up with the place in it where the smallest component stands: first, where it had none.

    Attributes:
        before: steps ahead of it.
        own: the smallest components that were there.
        after: steps behind it.
    """

    before: tuple[Step, ...]
    own: tuple[Step, ...]
    after: tuple[Step, ...]

    @classmethod
    def of(cls, steps: Sequence[Step]) -> Chain:
        """Take a clean-up apart."""
        own = tuple(step for step in steps if step.name == SMALLEST_COMPONENT.name)
        place = next((number for number, step in enumerate(steps) if step in own), 0)
        before, after = (tuple(s for s in part if s not in own) for part in (steps[:place], steps[place:]))
        return cls(before, own, after)

    def own_least(self, region: str) -> SmallestComponentArguments | None:
        """Return what a region's smallest component was."""
        mine = (step for step in self.own if region in (step.regions or (region,)))
        return next((SmallestComponentArguments(**step.arguments) for step in mine), None)

    def with_least(self, least: dict[str, SmallestComponentArguments | None]) -> tuple[Step, ...]:
        """Put the clean-up together again.

        Args:
            least: region to its smallest component, of all regions in order.
        """
        chosen = dict.fromkeys(each for each in least.values() if each)
        made = []
        for each in chosen:
            regions = tuple(region for region, one in least.items() if one == each)
            everywhere = len(regions) == len(least)
            sizes = each.model_dump(exclude_none=True)
            made.append(Step(name=SMALLEST_COMPONENT.name, regions=() if everywhere else regions, arguments=sizes))
        return (*self.before, *made, *self.after)


@dataclass(frozen=True, slots=True, eq=False)
class TuningCase:
    """One patient to tune on.

    Attributes:
        prediction: with its probabilities.
        reference: (X, Y, Z) uint8 bits in the order of the prediction's regions.
        spacing_mm: edge lengths of a voxel, or None without geometry.
    """

    prediction: Prediction
    reference: Bits
    spacing_mm: Spacing | None


def candidates_of(own: Candidate, exclusive: bool, has_sizes: Sequence[bool]) -> list[Candidate]:
    """Return what is tried of a region, the simplest first: what it has, then the least cleaned and least moved.

    Args:
        own: what the checkpoint does.
        exclusive: of exclusive classes, which have no thresholds.
        has_sizes: of each patient, whether its voxels have sizes; decides between ml and voxels.
    """
    thresholds = {own.threshold} if exclusive else {own.threshold, *THRESHOLDS}
    sizes: list[SmallestComponentArguments | None] = [None]
    for ml, voxels in zip(LEAST_ML, LEAST_VOXELS, strict=True):
        in_ml, in_voxels = ml if any(has_sizes) else None, None if all(has_sizes) else voxels
        sizes.append(SmallestComponentArguments(ml=in_ml, voxels=in_voxels))
    ranked = sorted(thresholds, key=lambda threshold: (abs(threshold - own.threshold), threshold))
    grid = [Candidate(threshold, least) for least in sizes for threshold in ranked]
    return list(dict.fromkeys([own, *(Candidate(threshold, own.least) for threshold in ranked), *grid]))


def dice_of_candidates(
    case: TuningCase, region: str, candidates: Sequence[Candidate], chain: Chain
) -> list[float | None]:
    """Score each candidate of a region on one patient, as the tables score it.

    Args:
        case: the patient.
        region: which region.
        candidates: what is tried.
        chain: the steps around the smallest component; those between regions are left out here.

    Returns:
        Dice per candidate; None of each where the reference is empty, as the policy of the tables says.
    """
    prediction, bit = case.prediction, case.prediction.regions.index(region)
    referred = (case.reference >> bit & 1).astype(np.uint8)
    levels = _levels(prediction, bit)
    lowest = min(candidate.threshold for candidate in candidates)
    box = Box.around((levels >= lowest) | (referred == 1))
    if box is None:
        return [None] * len(candidates)
    box = with_border(box, levels.shape)
    levels, referred = np.ascontiguousarray(box.crop(levels)), np.ascontiguousarray(box.crop(referred))
    before, after = (_of_region(steps, region) for steps in (chain.before, chain.after))
    found: dict[tuple[int, int], float | None] = {}
    pieces = {}
    scores = []
    for candidate in candidates:
        threshold = candidate.threshold
        if threshold not in pieces:
            mask = clean((levels >= threshold).astype(np.uint8), (region,), case.spacing_mm, before)
            pieces[threshold] = components_of(mask == 1)
        labels, sizes = pieces[threshold]
        least = candidate.least.on(case.spacing_mm) if candidate.least else 1
        kept = int((sizes[1:] >= least).sum())
        if (threshold, kept) not in found:  # the largest so many pieces are always the same
            large = at_least(labels, sizes, least).astype(np.uint8)
            made = clean(large, (region,), case.spacing_mm, after)
            found[threshold, kept] = _dice(made, referred, prediction.shape)
        scores.append(found[threshold, kept])
    return scores


def best_of(
    candidates: Sequence[Candidate], scores: Sequence[Sequence[float | None]]
) -> tuple[Candidate, float | None]:
    """Return the simplest candidate whose mean Dice ties with the best, and that mean.

    Args:
        candidates: the simplest first.
        scores: of each patient, the Dice of each candidate.

    Returns:
        The first candidate and None where no patient's reference has the region.
    """
    counted = np.array([row for row in scores if None not in row], np.float64)
    if not counted.size:
        return candidates[0], None
    means = counted.mean(axis=0)
    place = int(np.flatnonzero(means >= means.max() - LEAST_GAIN)[0])
    return candidates[place], float(means[place])


def _levels(prediction: Prediction, bit: int) -> Bits:
    """Return what thresholds are held against: q of the full grid, or 255 in the mask of exclusive classes."""
    if prediction.class_bits:
        return ((prediction.mask() >> bit & 1) * 255).astype(np.uint8)
    whole: Bits = prediction.box.paste(np.asarray(prediction.probabilities[bit]), prediction.shape)
    return whole


def _of_region(steps: Sequence[Step], region: str) -> list[Step]:
    mine = (step for step in steps if not step.spec.nested and region in (step.regions or (region,)))
    return [step.model_copy(update={"regions": (region,)}) for step in mine]


def _dice(bits: Bits, reference: Bits, shape: tuple[int, int, int]) -> float | None:
    value = score_case(bits, reference, ("region",), None, shape=shape, scoring=DICE)["region"]["dice"]
    return float(value) if isinstance(value, (int, float)) else None
