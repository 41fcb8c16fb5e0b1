"""The audit finds what was planted, and nothing in an honest split."""

from __future__ import annotations

import hashlib
import json

import pytest

from core.data.leakage import audit_split
from core.data.splits import Fold, Split, split_by_fold

GROUPS = {"a0": "a", "a1": "a", "b0": "b", "c0": "c", "d0": "d"}
CONTENT = {case: {"t1n": f"{case}-1", "t2f": f"{case}-2"} for case in GROUPS}


def split(train: str, validation: str, test: str) -> Split:
    return Split("patient", 0, (Fold(*(tuple(part.split()) for part in (train, validation, test))),))


def test_an_honest_split_is_clean() -> None:
    audit = audit_split(split("a0 a1", "b0", "c0 d0"), GROUPS, CONTENT)
    assert audit.clean
    assert (audit.cases, audit.groups, audit.group_kind) == (5, 4, "patient")


def test_splits_made_here_are_clean() -> None:
    by_group = {group: [case for case in GROUPS if GROUPS[case] == group] for group in "abcd"}
    assert audit_split(split_by_fold(by_group, 4, 0), GROUPS, CONTENT).clean


@pytest.mark.parametrize(
    ("parts", "where"),
    [
        (("a0", "a1", "b0"), ("train", "validation")),
        (("a0", "b0", "a1"), ("train", "test")),
        (("b0", "a0", "a1"), ("validation", "test")),
    ],
)
def test_a_patient_planted_in_two_parts_is_found(parts: tuple[str, str, str], where: tuple[str, str]) -> None:
    (leak,) = audit_split(split(*parts), GROUPS, CONTENT).leaks
    assert (leak.kind, leak.parts, leak.cases) == ("group", where, ("a0", "a1"))
    assert leak.sentence == (
        f"fold 0: a0 ({where[0]}) and a1 ({where[1]}) are the same patient; a split must keep them together"
    )


def test_identical_voxels_under_another_name_are_found_even_in_one_channel_of_another_modality() -> None:
    content = CONTENT | {"d0": {"t1n": "new", "t1c": "b0-2"}}
    (leak,) = audit_split(split("a0 b0", "c0", "d0"), GROUPS, content).leaks
    assert (leak.kind, leak.cases) == ("content", ("b0", "d0"))
    assert "are identical voxels" in leak.sentence


def test_one_case_in_two_parts_is_found() -> None:
    assert not audit_split(split("a0 b0", "b0", "c0"), GROUPS, CONTENT).clean


def test_every_fold_is_audited() -> None:
    folds = (Fold(("a0", "a1"), (), ("b0",)), Fold(("b0", "a0"), (), ("a1",)))
    assert [leak.fold for leak in audit_split(Split("patient", 0, folds), GROUPS, CONTENT).leaks] == [1]


def test_the_report_carries_the_hash_of_itself() -> None:
    report = audit_split(split("a0", "a1", "b0"), GROUPS, CONTENT).to_json()
    stated = report.pop("sha256")
    assert stated == hashlib.sha256(json.dumps(report, sort_keys=True).encode()).hexdigest()
    assert report["clean"] is False
    assert len(report["leaks"]) == 1
