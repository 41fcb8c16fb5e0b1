"""What a report is made from: plain documents and arrays, joined by whoever asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.export.report.case_slice import CaseSlice


@dataclass(frozen=True, slots=True)
class Member:
    """A checkpoint that took part.

    Attributes:
        checkpoint_id: 64 hexadecimal digits.
        card: its card, as JSON.
    """

    checkpoint_id: str
    card: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CohortFacts:
    """What the report says of the cohort.

    Attributes:
        name: how the user calls it.
        cases: how many it has.
        groups: how many groups (patients).
        group_kind: what a group is.
        modalities: what every case has.
        region_titles: region to its name in words.
        spacings_mm: the distinct voxel sizes, RAS+ order; empty where no case has any.
        shapes: the distinct grids (X, Y, Z).
        licence: of its data; empty where whoever imported it did not state one.
    """

    name: str
    cases: int
    groups: int
    group_kind: str
    modalities: tuple[str, ...]
    region_titles: Mapping[str, str]
    spacings_mm: tuple[tuple[float, float, float], ...]
    shapes: tuple[tuple[int, int, int], ...]
    licence: str = ""


@dataclass(frozen=True, slots=True)
class SplitFacts:
    """What the report says of the split.

    Attributes:
        name: how the user calls it.
        seed: decided the shuffle.
        sha256: of its JSON, keys sorted.
        folds: number of training, validation and test cases of each fold.
    """

    name: str
    seed: int
    sha256: str
    folds: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Everything a report says.

    Attributes:
        document: what `evaluate` returned.
        cohort: on what.
        split: which part of what; None where the whole cohort was scored.
        members: model to its checkpoints; a model that is only a folder of masks has none.
        pictures: the best, the median and the worst case, as far as they could be drawn.
        no_pictures: why there is none, or not all; empty where all are there.
    """

    document: Mapping[str, Any]
    cohort: CohortFacts
    split: SplitFacts | None = None
    members: Mapping[str, tuple[Member, ...]] = field(default_factory=dict)
    pictures: tuple[CaseSlice, ...] = ()
    no_pictures: str = ""
