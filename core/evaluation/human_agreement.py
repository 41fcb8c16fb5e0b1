"""How well people agree with each other on a region: what a model's Dice can be read against.

Agreement between raters is no ceiling: it was measured on other patients, and a model is scored against one mask that
may join several readers. It says from which Dice on a difference is of the size that two readers have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    """Raters against each other on the same scans.

    Attributes:
        low, high: Dice of one rater's region against another's, over the regions that were read.
        what: on which scans, of what, and by whom.
        citation: where it is reported.
    """

    low: float
    high: float
    what: str
    citation: str


# the range that the abstract gives over the sub-regions: which of them is where, is not said there
_GLIOMA = Agreement(
    low=0.74,
    high=0.85,
    what="raters against each other, over the sub-regions of gliomas in BRATS 2012 and 2013, up to four raters a scan",
    citation=(
        "B. H. Menze et al., The Multimodal Brain Tumor Image Segmentation Benchmark (BRATS), IEEE Transactions on "
        "Medical Imaging 34(10), 2015, 1993-2024, doi 10.1109/TMI.2014.2377694"
    ),
)

# label scheme to its regions; BRATS 2024 scans are taken after treatment, where the raters of 2015 say nothing
_BEFORE_TREATMENT = dict.fromkeys(("WT", "TC", "ET"), _GLIOMA)
HUMAN_DICE: dict[str, Mapping[str, Agreement]] = {
    "brats-2021": _BEFORE_TREATMENT,
    "brats-2023": _BEFORE_TREATMENT,
    "msd-task01": _BEFORE_TREATMENT,
}


def human_agreement(scheme: str, region: str, metric: str) -> Agreement | None:
    """Return how well people agree on a region, or None where no study is known: then nothing is drawn.

    Args:
        scheme: name of the label scheme.
        region: one of its regions.
        metric: only Dice is known.
    """
    return HUMAN_DICE.get(scheme, {}).get(region) if metric == "dice" else None
