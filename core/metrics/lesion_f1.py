"""Detection F1: whether lesions were found at all, however well they were drawn."""

from __future__ import annotations

from core.metrics.lesion_counts import LESION_CITATION, LESION_WORDS, lesion_counts, require_lesions
from core.metrics.pair import RegionPair
from core.metrics.spec import MetricSpec


def lesion_f1(pair: RegionPair) -> float:
    """Return 2 found / (2 found + missed + invented).

    Empty masks: 0 where only one of them is empty.

    Raises:
        NothingToScoreError: no lesion counts and none was invented.
        ValueError: the image has no geometry.

    Reference:
        As for `lesion_dice`.
    """
    require_lesions(pair)
    lesions = pair.lesions
    found = len(lesions.found)
    return 2 * found / (2 * found + len(lesions.missed) + lesions.invented)


LESION_F1 = MetricSpec(
    name="lesion_f1",
    title="Detection F1",
    unit="",
    direction="higher",
    kind="lesions",
    definition=f"2 found / (2 found + missed + invented); {LESION_WORDS}",
    citation=LESION_CITATION,
    function=lesion_f1,
    needs_geometry=True,
    beside=lesion_counts,
)
