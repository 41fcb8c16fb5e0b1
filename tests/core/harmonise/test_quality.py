"""Every reason to refuse, once planted and once absent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.data.refusal import Finding
from core.harmonise.head import Mask
from core.harmonise.quality import (
    check_agreement,
    check_alignment,
    check_brain,
    check_reach,
    check_reference,
    dice,
    largest_cut,
)
from core.harmonise.register import Alignment

GOOD = Alignment(np.eye(4), "header", 0.9, 0.5, 0.6, 0.97, 16.0, 13.0)


def ball(radius: float, centre: tuple[float, float, float] = (30, 30, 30)) -> Mask:
    index = np.meshgrid(*(np.arange(61),) * 3, indexing="ij")
    return np.asarray(sum((i - c) ** 2 for i, c in zip(index, centre, strict=True)) < radius**2)


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def test_a_good_alignment_is_not_doubted() -> None:
    assert check_alignment("t2f", "t1c", GOOD) == []


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("registration_turned", {"turned_degrees": 46.0}),
        ("registration_heads", {"head_overlap": 0.8}),
        ("registration_weak", {"information_displaced": 0.85}),
        ("registration_weak", {"information": 0.0}),
    ],
)
def test_a_doubtful_alignment_is_refused(code: str, change: dict[str, float]) -> None:
    found = check_alignment("t2f", "t1c", replace(GOOD, **change))
    assert codes(found) == [code]
    assert found[0].severity == "error"
    assert "t2f" in found[0].sentence


def test_a_brain_of_a_litre_and_a_half_is_believed() -> None:
    brain = ball(23)  # 51,000 voxels; at 0.03 ml each 1.5 l
    assert check_brain(brain, 1.0, 0.03) == []


@pytest.mark.parametrize(("voxel_ml", "says"), [(0.01, "507 ml"), (0.05, "2,537 ml")])
def test_too_small_and_too_large_brains_are_refused(voxel_ml: float, says: str) -> None:
    found = check_brain(ball(23), 1.0, voxel_ml)
    assert codes(found) == ["brain_volume"]
    assert says in found[0].sentence


def test_no_brain_at_all_is_refused() -> None:
    assert codes(check_brain(np.zeros((9, 9, 9), bool), 0.0, 1.0)) == ["brain_volume"]


def test_a_brain_in_pieces_is_refused() -> None:
    assert codes(check_brain(ball(23), 0.8, 0.03)) == ["brain_pieces"]


def test_a_brain_cut_by_the_field_of_view_is_refused_and_a_stem_is_not() -> None:
    low = ball(23, (30, 30, 12))  # its widest section, through the middle, lies 12 voxels above the lowest
    share, face = largest_cut(low)
    assert face == "lower"
    assert share == pytest.approx(1 - 12**2 / 23**2, abs=0.02)
    found = check_brain(low, 1.0, 0.04)
    assert codes(found) == ["brain_cut"]
    assert "lower end" in found[0].sentence
    stem = ball(23)
    stem[27:34, 27:34, :30] = True
    assert 0 < largest_cut(stem)[0] < 0.1
    assert check_brain(stem, 1.0, 0.03) == []


def test_an_empty_brain_is_not_cut() -> None:
    assert largest_cut(np.zeros((4, 4, 4), bool))[0] == 0


def test_two_series_that_disagree_about_the_brain_are_refused() -> None:
    assert check_agreement({"t1c": ball(23), "t2f": ball(22.5)}) == []
    found = check_agreement({"t1c": ball(23), "t2f": ball(23, (36, 30, 30))})
    assert codes(found) == ["brain_disagrees"]
    assert "t1c and t2f" in found[0].sentence


def test_a_series_that_misses_some_of_the_brain_is_told_and_much_of_it_refused() -> None:
    assert check_reach("t2w", 0.01, "the brain") == []
    assert [f.severity for f in check_reach("t2w", 0.05, "the brain")] == ["warning"]
    assert [(f.severity, f.code) for f in check_reach("t2w", 0.3, "the brain")] == [("error", "series_short")]


def test_a_reference_may_not_shrink_or_grow() -> None:
    assert check_reference(10.0, 10.5) == []
    assert check_reference(0.0, 0.0) == []
    assert codes(check_reference(10.0, 8.0)) == ["reference_changed"]


def test_dice_by_hand() -> None:
    a, b = np.array([True, True, False, False]), np.array([False, True, True, False])
    assert dice(a, b) == 0.5
    assert dice(~a & a, ~a & a) == 1.0
