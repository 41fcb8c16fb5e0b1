"""What a metric declares, so that tables, policies and tests need no special cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from core.metrics.pair import RegionPair

Direction = Literal["higher", "lower"]
# "background": counts true negatives too, so that it says something of an empty prediction.
# "lesions": counts lesions, of which a mask that holds voxels may have none.
Kind = Literal["overlap", "distance", "volume", "background", "lesions"]


class NothingToScoreError(ValueError):
    """The formula has no value for these masks although both hold voxels; the message says why."""


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One entry of `METRICS`.

    Attributes:
        name: the key in tables and JSON, with its unit where it has one.
        title: how people read it.
        unit: `mm`, `voxels`, `ml` or `%`; empty for a ratio.
        direction: whether a higher or a lower value is better.
        kind: which column of an empty-mask policy applies.
        definition: one sentence that fixes every choice in the formula.
        citation: where the formula comes from.
        function: the value for a pair whose masks both hold a voxel; what an empty mask means is
            the policy's to say. Raises `NothingToScoreError` where the formula divides by nothing.
        needs_geometry: True where the value is in mm or ml, or tells anything by them.
        without_geometry: the metric that stands in on images without geometry, if there is one.
        beside: what is shown beside the value, by name: counts, or what a trivial answer would score.
    """

    name: str
    title: str
    unit: str
    direction: Direction
    kind: Kind
    definition: str
    citation: str
    function: Callable[[RegionPair], float]
    needs_geometry: bool = False
    without_geometry: str | None = None
    beside: Callable[[RegionPair], Mapping[str, float]] | None = None

    @property
    def best(self) -> float:
        """What a perfect prediction scores: 1 of what should be high, 0 of what should be low."""
        return 1.0 if self.direction == "higher" else 0.0
