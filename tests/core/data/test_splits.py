"""Splits by group: the rounding rule by hand, deterministic, disjoint."""

from __future__ import annotations

import itertools

import pytest

from core.data.splits import Fold, Split, SplitRefusedError, split_by_fold, split_by_ratio


def groups(count: int) -> dict[str, list[str]]:
    """Patients p00, p01, …; every third has two visits."""
    return {f"p{n:02d}": [f"p{n:02d}-{visit}" for visit in range(2 if n % 3 == 0 else 1)] for n in range(count)}


def patients(fold: Fold) -> tuple[set[str], set[str], set[str]]:
    train, validation, test = (
        {case.partition("-")[0] for case in part} for part in (fold.train, fold.validation, fold.test)
    )
    return train, validation, test


@pytest.mark.parametrize(
    ("count", "ratios", "sizes"),
    [
        (100, (70, 15, 15), (70, 15, 15)),
        (11, (70, 15, 15), (7, 2, 2)),  # 1.65 is 2
        (6, (70, 15, 15), (4, 1, 1)),  # 0.9 is 1
        (3, (70, 15, 15), (1, 1, 1)),  # 0.45 is at least 1
        (10, (80, 0, 20), (8, 0, 2)),  # 0 stays 0
        (10, (100, 0, 0), (10, 0, 0)),
        (10, (0.7, 0.15, 0.15), (6, 2, 2)),  # shares of any sum; 1.5 goes to the even 2
        (10, (60, 20, 20), (6, 2, 2)),
    ],
)
def test_each_share_gets_its_rounded_number_of_groups_at_least_one_and_training_the_rest(
    count: int, ratios: tuple[float, float, float], sizes: tuple[int, int, int]
) -> None:
    (fold,) = split_by_ratio(groups(count), ratios, seed=0).folds
    assert tuple(len(part) for part in patients(fold)) == sizes


@pytest.mark.parametrize("seed", range(5))
def test_every_case_is_in_one_part_and_a_patients_visits_stay_together(seed: int) -> None:
    everything = groups(20)
    (fold,) = split_by_ratio(everything, (70, 15, 15), seed).folds
    assert sorted((*fold.train, *fold.validation, *fold.test)) == sorted(itertools.chain(*everything.values()))
    for one, other in itertools.combinations(patients(fold), 2):
        assert not one & other


def test_the_seed_decides_and_nothing_else() -> None:
    shuffled = dict(reversed(groups(20).items()))
    assert split_by_ratio(groups(20), (70, 15, 15), 5) == split_by_ratio(shuffled, (70, 15, 15), 5)
    assert split_by_ratio(groups(20), (70, 15, 15), 5) != split_by_ratio(groups(20), (70, 15, 15), 6)


@pytest.mark.parametrize(
    ("count", "folds", "tests", "validation"),
    [
        (11, 3, (4, 4, 3), (1, 1, 1)),  # 0.15 x 7 = 1.05, 0.15 x 8 = 1.2
        (10, 5, (2, 2, 2, 2, 2), (1, 1, 1, 1, 1)),  # 0.15 x 8 = 1.2
        (30, 3, (10, 10, 10), (3, 3, 3)),  # 0.15 x 20 = 3
        (3, 3, (1, 1, 1), (1, 1, 1)),  # 0.15 x 2 = 0.3 is at least 1
    ],
)
def test_fold_k_tests_part_k_and_validates_on_fifteen_per_cent_of_the_rest(
    count: int, folds: int, tests: tuple[int, ...], validation: tuple[int, ...]
) -> None:
    split = split_by_fold(groups(count), folds, seed=0)
    parts = [patients(fold) for fold in split.folds]
    assert tuple(len(test) for _, _, test in parts) == tests
    assert tuple(len(found) for _, found, _ in parts) == validation
    assert sorted(itertools.chain(*(test for _, _, test in parts))) == sorted(groups(count)), "each tested once"
    for train, found, test in parts:
        assert len(train) + len(found) + len(test) == count
        assert train
        assert not train & found
        assert not (train | found) & test


def test_folds_are_decided_by_the_seed() -> None:
    assert split_by_fold(groups(9), 3, 1) == split_by_fold(groups(9), 3, 1) != split_by_fold(groups(9), 3, 2)


@pytest.mark.parametrize(
    ("count", "ratios", "sentence"),
    [
        (2, (70, 15, 15), r"2 group\(s\) for 3 parts; each part needs one"),
        (0, (100, 0, 0), r"0 group\(s\) for 1 parts"),
        (4, (10, 45, 45), "4 groups leave none for training"),
        (10, (0, 50, 50), "with some training"),
        (10, (-70, 100, 70), "expected shares"),
        (10, (float("nan"), 15, 15), "expected shares"),
        (10, (70, 15, float("inf")), "expected shares"),
    ],
)
def test_ratios_that_cannot_be_kept_are_refused(count: int, ratios: tuple[float, float, float], sentence: str) -> None:
    with pytest.raises(SplitRefusedError, match=sentence):
        split_by_ratio(groups(count), ratios, 0)


@pytest.mark.parametrize(
    ("count", "folds", "sentence"),
    [(9, 1, r"1 fold\(s\); expected 2 or more"), (2, 2, "expected at least 3"), (4, 5, "expected at least 5")],
)
def test_folds_that_cannot_be_made_are_refused(count: int, folds: int, sentence: str) -> None:
    with pytest.raises(SplitRefusedError, match=sentence):
        split_by_fold(groups(count), folds, 0)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(SplitRefusedError, match="seed -1; expected 0 or a larger whole number"):
        split_by_ratio(groups(9), (70, 15, 15), -1)
    with pytest.raises(SplitRefusedError, match="seed -1"):
        split_by_fold(groups(9), 3, -1)


def test_a_split_survives_json() -> None:
    split = split_by_fold(groups(9), 3, 4)
    assert Split.from_json(split.to_json()) == split
