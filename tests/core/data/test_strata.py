"""Balanced splits: every part gets its share of rare things, by hand-counted cohorts, and groups stay whole."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data.splits import (
    Split,
    SplitRefusedError,
    Strata,
    split_by_fold,
    split_by_ratio,
    split_leaving_out,
)
from core.data.strata import MissingFactError, allot, labels_of, require_known

REGIONS = ("WT", "TC", "ET")


def patients(count: int) -> dict[str, list[str]]:
    return {f"p{number:02d}": [f"p{number:02d}-0"] for number in range(count)}


def by_site(groups: dict[str, list[str]], sites: str) -> dict[str, str]:
    """The site of each group's cases, one letter for each group."""
    return {case: site for cases, site in zip(groups.values(), sites, strict=True) for case in cases}


def strata(values: dict[str, str]) -> Strata:
    return Strata(("site",), {case: frozenset({("site", site)}) for case, site in values.items()})


def test_three_folds_of_twelve_patients_each_get_one_of_three_rare_ones() -> None:
    groups = patients(12)
    values = by_site(groups, "BBBAAAAAAAAA")
    for seed in range(20):
        split = split_by_fold(groups, 3, seed, strata=strata(values))
        counts = [Counter(values[case] for case in fold.test) for fold in split.folds]
        assert counts == [{"A": 3, "B": 1}] * 3
    # left to chance, some seed puts two of them into one fold
    plain = [fold for seed in range(20) for fold in split_by_fold(groups, 3, seed).folds]
    assert any(sum(values[case] == "B" for case in fold.test) != 1 for fold in plain)


def test_ratios_are_kept_to_the_patient_and_each_part_gets_its_share() -> None:
    # 20 patients, half of each site: 14, 3 and 3; a half of 3 is 1 or 2
    groups = patients(20)
    values = by_site(groups, "AB" * 10)
    (fold,) = split_by_ratio(groups, (70, 15, 15), 3, strata=strata(values)).folds
    counts = [Counter(values[case] for case in part) for part in (fold.train, fold.validation, fold.test)]
    assert [sum(count.values()) for count in counts] == [14, 3, 3]
    assert counts[0] == {"A": 7, "B": 7}
    assert all(min(count["A"], count["B"]) == 1 for count in counts[1:])


def test_two_things_are_balanced_at_once() -> None:
    # site and tumour cross: 4 of each of the 4 kinds; every fold of 4 gets 2 and 2 of both
    order = [f"{site}{has}{number}" for number in range(4) for site in "AB" for has in "yn"]
    labels = {name: frozenset({("site", name[0]), ("has_ET", name[1])}) for name in order}
    for part in allot(order, (4, 4, 4, 4), labels):
        assert Counter(name[0] for name in part) == {"A": 2, "B": 2}
        assert Counter(name[1] for name in part) == {"y": 2, "n": 2}


@settings(max_examples=60)
@given(st.integers(6, 30), st.integers(2, 5), st.integers(0, 9), st.randoms(use_true_random=False))
def test_balanced_folds_are_disjoint_and_test_every_patient_once(count: int, folds: int, seed: int, random) -> None:  # type: ignore[no-untyped-def]
    groups = {name: [f"{name}-0", f"{name}-1"] for name in patients(count)}
    values = {case: random.choice("AB") for cases in groups.values() for case in cases}
    split = split_by_fold(groups, folds, seed, strata=strata(values))
    tested = [case for fold in split.folds for case in fold.test]
    assert sorted(tested) == sorted(case for cases in groups.values() for case in cases)
    for fold in split.folds:
        parts = [{case.partition("-")[0] for case in part} for part in (fold.train, fold.validation, fold.test)]
        assert sum(map(len, parts)) == len(set.union(*parts)) == count, "no patient stands in two parts"
        assert all(parts)
    assert split == split_by_fold(groups, folds, seed, strata=strata(values))


def test_each_site_is_tested_once_by_those_who_never_saw_it() -> None:
    groups = patients(9)
    values = by_site(groups, "CCABABABA")
    split = split_leaving_out(groups, values, "site", seed=0)
    assert split.left_out == ("site A", "site B", "site C")
    for fold, site in zip(split.folds, "ABC", strict=True):
        assert {values[case] for case in fold.test} == {site}
        assert site not in {values[case] for case in (*fold.train, *fold.validation)}
        assert sorted((*fold.train, *fold.validation, *fold.test)) == sorted(values)
        assert len(fold.validation) == 1
    assert Split.from_json(split.to_json()) == split


def test_a_patient_of_two_sites_is_refused_rather_than_torn() -> None:
    groups = patients(6) | {"p05": ["p05-0", "p05-1"]}
    values = by_site(groups, "AABBAB") | {"p05-1": "A"}
    with pytest.raises(SplitRefusedError, match="patient p05 has cases of site A and B, and a group is never torn"):
        split_leaving_out(groups, values, "site", seed=0)


@pytest.mark.parametrize(
    ("sites", "sentence"),
    [("AAAAAA", r"1 site\(s\) in this cohort; leaving one out takes at least 2"), ("AAAAAB", "without site A 1 group")],
)
def test_sites_that_leave_nothing_to_train_on_are_refused(sites: str, sentence: str) -> None:
    groups = patients(6)
    with pytest.raises(SplitRefusedError, match=sentence):
        split_leaving_out(groups, by_site(groups, sites), "site", seed=0)


def test_labels_say_size_regions_and_what_was_told() -> None:
    facts = {
        f"c{number}": {"volumes_ml": {"WT": ml, "TC": 1.0, "ET": et}, "told": {"site": "A"}}
        for number, (ml, et) in enumerate([(1.0, 0.0), (10.0, 2.0), (100.0, 0.0)])
    }
    found = labels_of(facts, ("site", "has_ET", "classes", "tumour_volume"), REGIONS)
    # tertiles of 1, 10, 100: a third of the way is 7, two thirds 40
    assert found["c0"] == {
        ("site", "A"), ("has_ET", "no"), ("classes", "WT"), ("classes", "TC"), ("tumour_volume", "small, up to 7 ml"),
    }  # fmt: skip
    assert ("has_ET", "yes") in found["c1"]
    assert ("tumour_volume", "large, over 40 ml") in found["c2"]


def test_classes_are_known_without_voxel_sizes() -> None:
    facts = {"c0": {"volumes_ml": None, "reference_voxels": {"WT": 5, "TC": 0, "ET": 0}}}
    assert labels_of(facts, ("classes",), REGIONS)["c0"] == {("classes", "WT")}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("site", r"site is not known of 1 of 1 cases \(c0\); tell it in a file with the columns case,site"),
        ("tumour_volume", "tumour_volume is not known of 1 of 1 cases .* measured on the reference mask"),
        ("has_ET", "has_ET is not known of 1 of 1 cases"),
        ("age", "cannot stratify by age; this cohort can by site, scanner, .*, has_WT, has_TC, has_ET, classes"),
    ],
)
def test_what_is_not_known_is_said_with_the_way_to_tell_it(name: str, sentence: str) -> None:
    with pytest.raises(MissingFactError, match=sentence):
        labels_of({"c0": {"volumes_ml": None}}, (name,), REGIONS)


def test_only_the_first_cases_without_a_fact_are_named() -> None:
    with pytest.raises(MissingFactError, match=r"5 of 6 cases \(c0, c1, c2, …\)"):
        require_known({f"c{number}": None for number in range(5)} | {"c9": "A"}, "site")
