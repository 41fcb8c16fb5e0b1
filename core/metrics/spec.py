"""What a metric declares, so that tables, policies and tests need no special cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from core.metrics.pair import RegionPair

Direction = Literal["higher", "lower"]
Kind = Literal["overlap", "distance", "volume"]


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One entry of `METRICS`.

    Attributes:
        name: the key in tables and JSON, with its unit where it has one.
        title: how people read it.
        unit: `mm`, `voxels` or `ml`; empty for a ratio.
        direction: whether a higher or a lower value is better.
        kind: which column of an empty-mask policy applies.
        definition: one sentence that fixes every choice in the formula.
        citation: where the formula comes from.
        function: the value for a pair whose masks both hold a voxel; what an empty mask means is
            the policy's to say.
        needs_geometry: True where the value is in mm or ml.
        without_geometry: the metric that stands in on images without geometry, if there is one.
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
