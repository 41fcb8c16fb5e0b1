"""Slices of different patients that look the same: coarse looks find candidates, correlation of whole looks confirms.

Every slice is compared with every slice of another group, in each channel by itself. The coarse looks are 64 numbers,
a fixed random projection, which keeps angles well enough that no true pair is lost.

Reference: Johnson and Lindenstrauss, Extensions of Lipschitz mappings into a Hilbert space, Contemp. Math. 26, 1984.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from core.data.leakage.fingerprints import Fingerprint
from core.data.leakage.looks import SIDE

COARSE = 64  # numbers of a coarse look
CANDIDATE = 0.80  # correlation of coarse looks; of true pairs it is 0.9 and more
# mean correlation over the channels that two slices both show. Different patients of BraTS-Africa reach 0.65, of LGG
# 0.81, phantoms 0.82; a slice with 3 % noise, another brightness, shifted or cropped by a pixel or two stays over 0.96
ALIKE = 0.93
# correlation in a single channel: at the vertex two patients' FLAIR reach 0.925
ALIKE_ALONE = 0.96
LEAST_ALONE = 3  # slices that must agree in one channel where the others do not
ROWS, COLUMNS = 2048, 8192  # compared at once: 64 MB
MOST_PAIRS = 10_000  # of cases: a cohort with more has been imported twice

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """Two cases of different groups with slices that look the same.

    Attributes:
        cases: their ids, in order.
        slices: how many slices look the same.
        example: the native numbers of the two that are most alike.
        correlation: of those two, rounded.
        channels: the modalities that agree.
    """

    cases: tuple[str, str]
    slices: int
    example: tuple[int, int]
    correlation: float
    channels: tuple[str, ...]

    def words(self, first: str) -> str:
        """Say what was seen, the case `first` named first by whoever says it."""
        one, other = self.example if first == self.cases[0] else self.example[::-1]
        some = "a slice that looks" if self.slices == 1 else f"{self.slices} slices that look"
        where = f"axial {one} and {other}, correlation {self.correlation:.2f} in {', '.join(self.channels)}"
        return f"share {some} the same ({where})"


@dataclass(slots=True)
class _Found:
    """What agrees between two cases: native slice numbers to (mean correlation, channels that were compared)."""

    together: dict[tuple[int, int], tuple[float, tuple[str, ...]]] = field(default_factory=dict)
    alone: dict[str, dict[tuple[int, int], float]] = field(default_factory=dict)


def near_duplicates(prints: Mapping[str, Fingerprint], groups: Mapping[str, str]) -> list[NearDuplicate]:
    """Find the cases of different groups with slices that look the same.

    Args:
        prints: case id to fingerprint.
        groups: case id to group id.

    Returns:
        At most 10,000 pairs, in order of their case ids.
    """
    cases = sorted(prints)
    found: dict[tuple[str, str], _Found] = defaultdict(_Found)
    for one, other, place, elsewhere in _candidates([prints[case] for case in cases], [groups[case] for case in cases]):
        pair = (cases[one], cases[other])
        if len(found) >= MOST_PAIRS and pair not in found:
            continue
        _confirm(found[pair], prints[pair[0]], prints[pair[1]], place, elsewhere)
    pairs = (_judged(pair, found[pair]) for pair in sorted(found))
    return [pair for pair in pairs if pair]


def _candidates(prints: Sequence[Fingerprint], groups: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Yield pairs of slices of different groups to be looked at, once each: two cases, and the place in each."""
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    seen: set[tuple[int, int, int, int]] = set()
    for name in dict.fromkeys(name for each in prints for name in each.modalities):
        case, place, looks = _coarse(prints, name)
        group = np.array([numbers[groups[c]] for c in case], np.int64)
        for first in range(0, len(case), ROWS):
            for second in range(first - first % COLUMNS, len(case), COLUMNS):
                alike = looks[first : first + ROWS] @ looks[second : second + COLUMNS].T >= CANDIDATE
                # in two dimensions `nonzero` takes longer than the product
                rows, columns = np.divmod(np.flatnonzero(alike), alike.shape[1])
                rows, columns = rows + first, columns + second
                wanted = (case[rows] < case[columns]) & (group[rows] != group[columns])
                for row, column in zip(rows[wanted].tolist(), columns[wanted].tolist(), strict=True):
                    pair = (int(case[row]), int(case[column]), int(place[row]), int(place[column]))
                    if pair not in seen:
                        seen.add(pair)
                        yield pair


def _coarse(prints: Sequence[Fingerprint], name: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
    """Return each slice with a look in one channel: its case, its place in it, and 64 numbers of norm 1."""
    projection = np.linalg.qr(np.random.default_rng(0).normal(size=(SIDE * SIDE // 4, COARSE)))[0].astype(np.float32)
    cases, places, looks = [], [], [np.zeros((0, COARSE), np.float32)]
    for number, each in enumerate(prints):
        if name not in each.modalities:
            continue
        whole = np.asarray(each.looks[:, each.modalities.index(name)], np.float32)
        half = whole.reshape(-1, SIDE // 2, 2, SIDE // 2, 2).mean(axis=(2, 4)).reshape(len(whole), -1)
        projected = half @ projection
        norms = np.linalg.norm(projected, axis=1)
        there = np.flatnonzero(norms > 0)
        cases += [number] * len(there)
        places += there.tolist()
        looks.append(projected[there] / norms[there, None])
    return np.array(cases, np.int64), np.array(places, np.int64), np.concatenate(looks)


def _confirm(found: _Found, one: Fingerprint, other: Fingerprint, place: int, elsewhere: int) -> None:
    """Correlate two slices in every channel that both show, and keep what agrees."""
    values = {}
    for channel, name in enumerate(one.modalities):
        if name in other.modalities:
            value = _correlation(one.looks[place, channel], other.looks[elsewhere, other.modalities.index(name)])
            if value is not None:
                values[name] = value
    slices = (one.positions[place], other.positions[elsewhere])
    mean = sum(values.values()) / len(values) if values else 0.0
    if mean >= (ALIKE if len(values) > 1 else ALIKE_ALONE):
        found.together[slices] = (mean, tuple(values))
    for name, value in values.items():
        if value >= ALIKE_ALONE:
            found.alone.setdefault(name, {})[slices] = value


def _correlation(one: npt.NDArray[np.int8], other: npt.NDArray[np.int8]) -> float | None:
    """Correlate two looks without a mean, exactly, so that no processor finds another last digit."""
    a, b = (np.asarray(look, np.int64).ravel() for look in (one, other))
    norms = int(a @ a) * int(b @ b)
    return int(a @ b) / norms**0.5 if norms else None


def _judged(cases: tuple[str, str], found: _Found) -> NearDuplicate | None:
    if found.together:
        slices, (value, channels) = max(found.together.items(), key=lambda item: (item[1][0], item[0]))
        return NearDuplicate(cases, _count(found.together), slices, round(value, 2), channels)
    alone = {name: pairs for name, pairs in found.alone.items() if _count(pairs) >= LEAST_ALONE}
    if not alone:
        return None
    pairs = max(sorted(alone.items()), key=lambda item: max(item[1].values()))[1]
    slices = max(pairs, key=lambda pair: (pairs[pair], pair))
    count = max(_count(each) for each in alone.values())
    return NearDuplicate(cases, count, slices, round(pairs[slices], 2), tuple(sorted(alone)))


def _count(pairs: Iterable[tuple[int, int]]) -> int:
    """Count slices that have a partner of their own at the most: one copy is also like its source's neighbours."""
    listed = list(pairs)
    return min(len({one for one, _ in listed}), len({other for _, other in listed}))
