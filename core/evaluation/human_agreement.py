"""How well people agree with each other on a region: what a model's Dice can be read against.

Agreement between raters is no ceiling: it was measured on other patients, and a model is scored against one mask that
may join several readers. It says from which Dice on a difference is of the size that two readers have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two raters on the same scans.

    Attributes:
        dice: mean Dice of one rater's region against another's.
        what: on which scans and by whom.
        citation: where it is reported.
    """

    dice: float
    what: str
    citation: str


_MENZE = (
    "B. H. Menze et al., The Multimodal Brain Tumor Image Segmentation Benchmark (BRATS), IEEE Transactions on "
    "Medical Imaging 34(10), 2015, 1993-2024, doi 10.1109/TMI.2014.2377694"
)
# The paper's abstract gives the range over sub-regions, 74-85 %; its inter-rater study which region has which.
_WHAT = "rater against rater, mean over glioma scans of BRATS 2012 and 2013 with up to four raters each"
_GLIOMA = {
    "WT": Agreement(0.85, _WHAT, _MENZE),
    "TC": Agreement(0.75, _WHAT, _MENZE),
    "ET": Agreement(0.74, _WHAT, _MENZE),
}

# label scheme to region; BraTS 2024 scans are taken after treatment, where the raters of 2015 say nothing
HUMAN_DICE: dict[str, Mapping[str, Agreement]] = {
    "brats-2021": _GLIOMA,
    "brats-2023": _GLIOMA,
    "msd-task01": _GLIOMA,
}


def human_agreement(scheme: str, region: str, metric: str) -> Agreement | None:
    """Return how well people agree on a region, or None where no study is known: then nothing is drawn.

    Args:
        scheme: name of the label scheme.
        region: one of its regions.
        metric: only Dice is known.
    """
    return HUMAN_DICE.get(scheme, {}).get(region) if metric == "dice" else None
