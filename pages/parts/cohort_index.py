"""What is known of a cohort's cases as columns, made once, so that ten thousand are searched and sorted in a blink."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.workspace import Cohort, CohortCase
from pages.parts import store
from pages.parts.volumes import TITLES

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class CohortIndex:
    """The cases of a cohort by their place in it.

    Attributes:
        cases: the ids.
        groups: the group of each.
        ml: (N,) float64, volume of the scheme's first region; NaN without a reference.
        voxel_mm3: (N,) float64; NaN without geometry.
        spacings: voxel sizes as text.
        words: what a search looks into, in lower case.
    """

    cases: tuple[str, ...]
    groups: tuple[str, ...]
    ml: npt.NDArray[np.float64]
    voxel_mm3: npt.NDArray[np.float64]
    spacings: tuple[str, ...]
    words: tuple[str, ...]

    @cached_property
    def group_count(self) -> int:
        return len(set(self.groups))

    @cached_property
    def spacing_count(self) -> int:
        return len({text for text, mm3 in zip(self.spacings, self.voxel_mm3, strict=True) if not np.isnan(mm3)})

    @cached_property
    def places(self) -> dict[str, int]:
        return {case_id: place for place, case_id in enumerate(self.cases)}


@dataclass(frozen=True, slots=True)
class Order:
    """A way to sort a cohort: by a column, upwards or downwards; what has no value comes last."""

    title: str
    column: str
    downwards: bool = False


ORDERS: dict[str, Order] = {
    "case": Order("Case", "cases"),
    "largest": Order("Tumour, largest first", "ml", downwards=True),
    "smallest": Order("Tumour, smallest first", "ml"),
    "finest": Order("Voxels, finest first", "voxel_mm3"),
    "coarsest": Order("Voxels, coarsest first", "voxel_mm3", downwards=True),
    "group": Order("Group", "groups"),
}


def index_of(cohort: Cohort) -> CohortIndex:
    """Return a cohort's cases as columns, made again only when its file has changed."""
    return _index(str(store.workspace().root), cohort.name, store.changed(cohort), cohort)


@st.cache_resource(max_entries=16, show_spinner=False)
def _index(root: str, name: str, changed: int, _cohort: Cohort) -> CohortIndex:
    del root, name, changed  # what the cache goes by
    return index_cohort(_cohort)


def index_cohort(cohort: Cohort) -> CohortIndex:
    """Read every case's facts once."""
    region = cohort.scheme.region_names[0]
    said: dict[str, list[str]] = {}
    for finding in cohort.findings:
        said.setdefault(finding["case"], []).append(f"{finding['code'].replace('_', ' ')} {finding['found']}")
    entries = cohort.cases.values()
    volumes = [(entry.facts["volumes_ml"] or {}).get(region) for entry in entries]
    spacings = [entry.facts["spacing_mm"] for entry in entries]
    return CohortIndex(
        cases=tuple(cohort.cases),
        groups=tuple(entry.case.group_id for entry in entries),
        ml=np.array([np.nan if ml is None else ml for ml in volumes], np.float64),
        voxel_mm3=np.array([np.nan if mm is None else mm[0] * mm[1] * mm[2] for mm in spacings], np.float64),
        spacings=tuple(spacing_text(mm) for mm in spacings),
        words=tuple(_words(case_id, entry, said) for case_id, entry in cohort.cases.items()),
    )


def found(index: CohortIndex, sought: str, order: Order) -> Places:
    """Return the places of the cases that hold every sought word, sorted.

    Args:
        index: of the cohort.
        sought: words in any case; parts of words are found too.
        order: how to sort; equal ones keep the cohort's order.
    """
    wanted = sought.lower().split()
    kept = [place for place, text in enumerate(index.words) if all(word in text for word in wanted)]
    places = np.array(kept, np.intp)
    column = getattr(index, order.column)
    if isinstance(column, tuple):
        return np.array(sorted(kept, key=column.__getitem__), np.intp)
    values = column[places]
    # NaN sorts last in either direction
    return places[np.argsort(-values if order.downwards else values, kind="stable")]


def spacing_text(spacing_mm: list[float] | None) -> str:
    """Return a voxel's edges in mm for people."""
    return "unknown" if spacing_mm is None else " × ".join(f"{round(mm, 2):g}" for mm in spacing_mm)


def _words(case_id: str, entry: CohortCase, said: Mapping[str, list[str]]) -> str:
    case = entry.case
    modalities = [f"{name} {TITLES.get(name, name)}" for name in case.sources]
    reference = "" if case.reference else "no reference"
    told = (case_id, case.patient_id, case.group_id, *modalities, reference, *said.get(case_id, ()))
    return " ".join(told).lower()
