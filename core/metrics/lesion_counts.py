"""How many lesions there were, were found, missed and invented: shown beside every lesion-wise score."""

from __future__ import annotations

from core.metrics.lesions import GROWTH_STEPS, SMALLEST_MM3
from core.metrics.pair import RegionPair
from core.metrics.spec import NothingToScoreError

LESION_WORDS = (
    f"lesions: 26-connected components of the reference once it has grown {GROWTH_STEPS} times by its 18-connected "
    "neighbours, found where a 26-connected predicted component touches the grown lesion, "
    f"those of {SMALLEST_MM3:g} mm3 or less ignored; invented: predicted components that touch none"
)
LESION_CITATION = "Moawad et al. 2023 and R. Saluja's BraTS-2023-Metrics (constants of BraTS-GLI and BraTS-SSA)"


def lesion_counts(pair: RegionPair) -> dict[str, float]:
    """Count the lesions of a region.

    Returns:
        `lesions_reference` (those that count), `lesions_found`, `lesions_missed`, `lesions_invented` and
        `lesions_too_small` (those of the reference that count for nothing).

    Empty masks: zeros where there is nothing.

    Raises:
        ValueError: the image has no geometry.
    """
    lesions = pair.lesions
    return {
        "lesions_reference": len(lesions.counted),
        "lesions_found": len(lesions.found),
        "lesions_missed": len(lesions.missed),
        "lesions_invented": lesions.invented,
        "lesions_too_small": lesions.too_small,
    }


def require_lesions(pair: RegionPair) -> None:
    """Refuse a score that would be a mean over no lesion.

    Raises:
        NothingToScoreError: no lesion of the reference counts, and none was invented.
    """
    if pair.lesions.nothing_to_find:
        raise NothingToScoreError(f"no lesion of the reference is above {SMALLEST_MM3:g} mm3, and none was invented")
