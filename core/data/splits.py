"""Splits by group: which cases train, validate and test, disjoint by patient."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np

from core.data.strata import Labels, allot
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
    """Named parts of a cohort, disjoint by group; a plain split is one fold.

    Attributes:
        group_kind: what a group is.
        seed: decided the shuffle.
        folds: the parts of each fold.
        stratified_by: what every part got its share of, if anything.
        left_out: what each fold tests and does not train on, such as `site A`; () where folds were drawn.
    """

    group_kind: str
    seed: int
    folds: tuple[Fold, ...]
    stratified_by: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        folds = [{part: list(fold.part(part)) for part in PARTS} for fold in self.folds]
        data: dict[str, Any] = {"schema_version": 1, "group_kind": self.group_kind, "seed": self.seed, "folds": folds}
        if self.stratified_by:
            data["stratified_by"] = list(self.stratified_by)
        if self.left_out:
            data["left_out"] = list(self.left_out)
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        folds = tuple(Fold(*(tuple(fold[part]) for part in PARTS)) for fold in data["folds"])
        stratified_by, left_out = (tuple(data.get(key, ())) for key in ("stratified_by", "left_out"))
        return cls(data["group_kind"], data["seed"], folds, stratified_by, left_out)


@dataclass(frozen=True, slots=True)
class Strata:
    """What every part of a split gets its share of.

    Attributes:
        names: such as `site`; () balances nothing.
        labels: case id to its labels; a group has those of all its cases.
    """

    names: tuple[str, ...] = ()
    labels: Mapping[str, Labels] = field(default_factory=dict)

    def of_groups(self, groups: Mapping[str, Sequence[str]]) -> dict[str, Labels]:
        """Return the labels of each group."""
        return {
            name: frozenset(label for case in cases for label in self.labels.get(case, ()))
            for name, cases in groups.items()
        }


PLAIN = Strata()


def split_by_ratio(
    groups: Mapping[str, Sequence[str]],
    ratios: tuple[float, float, float],
    seed: int,
    group_kind: str = "patient",
    strata: Strata = PLAIN,
) -> Split:
    """Split groups into training, validation and test.

    Args:
        groups: group id to its case ids.
        ratios: shares of training, validation and test; their sum is the whole.
        seed: decides the shuffle.
        group_kind: what a group is.
        strata: what each part gets its share of.

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
    if strata.names:
        sizes = (len(names) - validation - test, validation, test)
        parts = allot(names, sizes, strata.of_groups(groups))
    else:
        parts = [names[validation + test :], names[:validation], names[validation : validation + test]]
    return Split(group_kind, seed, (Fold(*(_cases(groups, part) for part in parts)),), strata.names)


def split_by_fold(
    groups: Mapping[str, Sequence[str]], folds: int, seed: int, group_kind: str = "patient", strata: Strata = PLAIN
) -> Split:
    """Split groups into `folds` folds: fold k's test is part k, its validation 15 % of the rest, at least one group.

    Args:
        groups: group id to its case ids.
        folds: how many, 2 or more.
        seed: decides the shuffle.
        group_kind: what a group is.
        strata: what each part gets its share of.

    Raises:
        SplitRefusedError: fewer than two folds, a negative seed, or too few groups.
    """
    if folds < 2:
        raise SplitRefusedError(f"{folds} fold(s); expected 2 or more")
    names = _shuffled(groups, seed)
    if len(names) < max(folds, 3):
        raise SplitRefusedError(f"{len(names)} group(s) for {folds} folds; expected at least {max(folds, 3)}")
    tests = [names[k::folds] for k in range(folds)]
    if strata.names:
        tests = allot(names, [len(test) for test in tests], strata.of_groups(groups))
    return Split(group_kind, seed, _folds_that_test(groups, tests, strata), strata.names)


def split_leaving_out(
    groups: Mapping[str, Sequence[str]],
    values: Mapping[str, str],
    axis: str,
    seed: int,
    group_kind: str = "patient",
    strata: Strata = PLAIN,
) -> Split:
    """Make one fold for each value of an axis, such as each site: it is tested by models that never saw it.

    Args:
        groups: group id to its case ids.
        values: case id to its site, scanner, or what the axis is.
        axis: what to call it.
        seed: decides which of the rest validate.
        group_kind: what a group is.
        strata: what training and validation get their shares of.

    Returns:
        Folds in the order of the values' names, each with 15 % of the rest, at least one group, for validation.

    Raises:
        SplitRefusedError: fewer than two values, a group with two of them, or a fold that leaves too few to train.
    """
    of_group = {name: sorted({values[case] for case in cases}) for name, cases in groups.items()}
    if torn := next((name for name, found in of_group.items() if len(found) > 1), None):
        raise SplitRefusedError(
            f"{group_kind} {torn} has cases of {axis} {' and '.join(of_group[torn])}, and a group is never torn apart; "
            f"give all of its cases one {axis}"
        )
    names = _shuffled(groups, seed)
    left_out = sorted({found for (found,) in of_group.values()})
    if len(left_out) < 2:
        raise SplitRefusedError(f"{len(left_out)} {axis}(s) in this cohort; leaving one out takes at least 2")
    tests = [[name for name in names if of_group[name] == [value]] for value in left_out]
    for value, test in zip(left_out, tests, strict=True):
        if len(names) - len(test) < 2:
            raise SplitRefusedError(
                f"without {axis} {value} {len(names) - len(test)} group(s) are left; "
                "a fold needs one to train on and one to validate on"
            )
    folds = _folds_that_test(groups, tests, strata)
    return Split(group_kind, seed, folds, strata.names, tuple(f"{axis} {value}" for value in left_out))


def _folds_that_test(
    groups: Mapping[str, Sequence[str]], tests: Sequence[Sequence[str]], strata: Strata
) -> tuple[Fold, ...]:
    made = []
    for k, test in enumerate(tests):
        # start behind the test part, so that validation groups differ from fold to fold
        rest = [name for other in (*tests[k + 1 :], *tests[:k]) for name in other]
        count = max(1, round(VALIDATION_SHARE * len(rest)))
        train, validation = rest[count:], rest[:count]
        if strata.names:
            train, validation = allot(rest, (len(rest) - count, count), strata.of_groups(groups))
        made.append(Fold(*(_cases(groups, part) for part in (train, validation, test))))
    return tuple(made)


def _shuffled(groups: Mapping[str, Sequence[str]], seed: int) -> list[str]:
    if seed < 0:
        raise SplitRefusedError(f"seed {seed}; expected 0 or a larger whole number")
    names = sorted(groups)
    return [names[index] for index in np.random.default_rng(seed).permutation(len(names))]


def _cases(groups: Mapping[str, Sequence[str]], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(case_id for name in names for case_id in groups[name]))
