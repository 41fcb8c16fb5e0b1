"""Splits by group: which cases train, validate and test, disjoint by patient."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np

from core.errors import RefusedError

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")
VALIDATION_SHARE = 0.15  # of what a fold does not test


class SplitRefusedError(RefusedError):
    """A split cannot be made of these groups; the message says why."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Case ids by part."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def part(self, name: Part) -> tuple[str, ...]:
        parts: dict[Part, tuple[str, ...]] = {"train": self.train, "validation": self.validation, "test": self.test}
        return parts[name]


@dataclass(frozen=True, slots=True)
class Split:
    """Named parts of a cohort, disjoint by group; a plain split is one fold."""

    group_kind: str
    seed: int
    folds: tuple[Fold, ...]

    def to_json(self) -> dict[str, Any]:
        folds = [{part: list(fold.part(part)) for part in PARTS} for fold in self.folds]
        return {"schema_version": 1, "group_kind": self.group_kind, "seed": self.seed, "folds": folds}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        folds = tuple(Fold(*(tuple(fold[part]) for part in PARTS)) for fold in data["folds"])
        return cls(data["group_kind"], data["seed"], folds)


def split_by_ratio(
    groups: Mapping[str, Sequence[str]], ratios: tuple[float, float, float], seed: int, group_kind: str = "patient"
) -> Split:
    """Split groups into training, validation and test.

    Args:
        groups: group id to its case ids.
        ratios: shares of training, validation and test; their sum is the whole.
        seed: decides the shuffle.
        group_kind: what a group is.

    Returns:
        A split of one fold. Each non-zero share gets max(1, round(share × n)) groups, training the rest.

    Raises:
        SplitRefusedError: the shares are not shares, the seed is negative, or there are fewer groups than
            non-zero shares.
    """
    total = sum(ratios)
    if not math.isfinite(total) or min(ratios) < 0 or ratios[0] == 0:
        raise SplitRefusedError(f"ratios {ratios}; expected shares such as 70/15/15 with some training")
    names = _shuffled(groups, seed)
    needed = sum(share > 0 for share in ratios)
    if len(names) < needed:
        raise SplitRefusedError(
            f"{len(names)} group(s) for {needed} parts; each part needs one: add cases or drop a part"
        )
    validation, test = (max(1, round(share / total * len(names))) if share else 0 for share in ratios[1:])
    if validation + test >= len(names):
        raise SplitRefusedError(f"{len(names)} groups leave none for training at {ratios}; raise the first share")
    parts = (names[validation + test :], names[:validation], names[validation : validation + test])
    return Split(group_kind, seed, (Fold(*(_cases(groups, part) for part in parts)),))


def split_by_fold(groups: Mapping[str, Sequence[str]], folds: int, seed: int, group_kind: str = "patient") -> Split:
    """Split groups into `folds` folds: fold k's test is part k, its validation 15 % of the rest, at least one group.

    Raises:
        SplitRefusedError: fewer than two folds, a negative seed, or too few groups.
    """
    if folds < 2:
        raise SplitRefusedError(f"{folds} fold(s); expected 2 or more")
    names = _shuffled(groups, seed)
    if len(names) < max(folds, 3):
        raise SplitRefusedError(f"{len(names)} group(s) for {folds} folds; expected at least {max(folds, 3)}")
    tests = [names[k::folds] for k in range(folds)]
    made = []
    for k, test in enumerate(tests):
        # start behind the test part, so that validation groups differ from fold to fold
        rest = [name for other in (*tests[k + 1 :], *tests[:k]) for name in other]
        count = max(1, round(VALIDATION_SHARE * len(rest)))
        parts = (rest[count:], rest[:count], test)
        made.append(Fold(*(_cases(groups, part) for part in parts)))
    return Split(group_kind, seed, tuple(made))


def _shuffled(groups: Mapping[str, Sequence[str]], seed: int) -> list[str]:
    if seed < 0:
        raise SplitRefusedError(f"seed {seed}; expected 0 or a larger whole number")
    names = sorted(groups)
    return [names[index] for index in np.random.default_rng(seed).permutation(len(names))]


def _cases(groups: Mapping[str, Sequence[str]], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(case_id for name in names for case_id in groups[name]))
