"""What went wrong and where: every answer counted by hand on a few voxels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from core.evaluation.failures import find_failures, rank_failures
from core.volume import Geometry

Bits = npt.NDArray[np.uint8]
TWO_ML = Geometry(np.diag([20.0, 10.0, 10.0, 1.0]))  # voxels of 2 ml


def empty(shape: tuple[int, int, int] = (9, 8, 7)) -> Bits:
    return np.zeros(shape, np.uint8)


def drawn(*voxels: tuple[int, int, int]) -> Bits:
    bits = empty()
    for voxel in voxels:
        bits[voxel] |= 1
    return bits


def test_a_component_without_any_shared_voxel_was_missed_or_invented_and_says_where_it_is() -> None:
    """Three lesions: one shared in part, one of three voxels missed, one of two voxels invented."""
    shared, missed, invented = [(1, 1, 1), (2, 1, 1)], [(5, 5, 3), (5, 6, 3), (5, 7, 3)], [(8, 0, 6), (7, 0, 6)]
    found = find_failures(drawn(shared[0], *invented), drawn(*shared, *missed), ("WT",), TWO_ML)["WT"]
    assert found["missed"] == [{"voxels": 3, "ml": pytest.approx(6), "slice": 3, "voxel": [5, 6, 3]}]
    assert found["invented"] == [{"voxels": 2, "ml": pytest.approx(4), "slice": 6, "voxel": [7, 0, 6]}]
    assert found["errors"] == {"voxels": 6, "ml": pytest.approx(12), "slice": 3, "voxel": [5, 6, 3]}


def test_lesions_that_touch_by_a_corner_are_one() -> None:
    """26 neighbours: found in one voxel, a chain over corners is found as a whole; one voxel further it is not."""
    chain = [(2, 2, 2), (3, 3, 3), (4, 4, 4)]
    assert find_failures(drawn(chain[0]), drawn(*chain), ("WT",), None)["WT"]["missed"] == []
    apart = find_failures(drawn(chain[0]), drawn(*chain, (6, 6, 6)), ("WT",), None)["WT"]["missed"]
    assert [spot["voxel"] for spot in apart] == [[6, 6, 6]]


def test_lesions_are_sorted_by_volume_and_only_the_largest_are_kept() -> None:
    specks = [(x, 0, 0) for x in (0, 2, 4)]
    large = [(0, 5, 5), (1, 5, 5)]
    found = find_failures(drawn(*specks, *large), empty(), ("WT",), TWO_ML, most=2)["WT"]["invented"]
    assert [(spot["voxels"], spot["voxel"]) for spot in found] == [(2, [0, 5, 5]), (1, [0, 0, 0])]


def test_slices_are_ranked_by_dice_and_those_without_an_error_are_no_failure() -> None:
    """Slice 1 is right; slice 2 has 1 of 2 + 1 voxels shared, Dice 2/3; slices 3 and 4 share none, 4 with more."""
    reference = drawn((1, 1, 1), (1, 1, 2), (2, 1, 2), (1, 1, 3), (1, 1, 4), (2, 1, 4))
    prediction = drawn((1, 1, 1), (1, 1, 2))
    slices = find_failures(prediction, reference, ("WT",), None)["WT"]["slices"]
    assert [(spot["slice"], spot["dice"], spot["voxels"]) for spot in slices] == [
        (4, 0.0, 2),
        (3, 0.0, 1),
        (2, pytest.approx(2 / 3), 1),
    ]
    assert slices[2]["voxel"] == [2, 1, 2], "the voxel that is wrong"


def test_the_voxel_to_look_at_lies_in_the_lesion_however_it_is_bent() -> None:
    """The centroid of a ring is its hole."""
    ring = [(x, y, 3) for x in (2, 3, 4) for y in (2, 3, 4) if (x, y) != (3, 3)]
    (spot,) = find_failures(empty(), drawn(*ring), ("WT",), None)["WT"]["missed"]
    assert tuple(spot["voxel"]) in ring


def test_empty_masks_have_no_lesion_and_a_perfect_one_no_failure() -> None:
    nothing = {"errors": {"voxels": 0, "ml": 0.0, "slice": None, "voxel": None}, "slices": [], "missed": [],
               "invented": []}  # fmt: skip
    assert find_failures(empty(), empty(), ("WT", "TC"), TWO_ML) == {"WT": nothing, "TC": nothing}
    assert find_failures(drawn((1, 1, 1)), drawn((1, 1, 1)), ("WT",), TWO_ML) == {"WT": nothing}
    without_ml = find_failures(empty(), drawn((1, 1, 1)), ("WT",), None)["WT"]
    assert without_ml["missed"] == [{"voxels": 1, "ml": None, "slice": 1, "voxel": [1, 1, 1]}]


def test_regions_are_looked_at_by_themselves() -> None:
    prediction, reference = empty(), empty()
    prediction[1, 1, 1], reference[1, 1, 1] = 0b01, 0b11
    found = find_failures(prediction, reference, ("WT", "TC"), None)
    assert (found["WT"]["missed"], found["TC"]["missed"][0]["voxel"]) == ([], [1, 1, 1])


def test_a_picture_of_one_slice_has_slice_0() -> None:
    reference = np.zeros((5, 5, 1), np.uint8)
    reference[1:3, 2, 0] = 1
    found = find_failures(np.zeros_like(reference), reference, ("foreground",), None)["foreground"]
    assert found["slices"] == [{"dice": 0.0, "voxels": 2, "ml": None, "slice": 0, "voxel": [1, 2, 0]}]


def test_cases_are_ranked_worst_first_whichever_way_a_metric_runs() -> None:
    spot = {"voxels": 4, "ml": 8.0, "slice": 2, "voxel": [1, 1, 2]}
    found = {case: {"WT": {"errors": spot, "slices": [], "missed": [], "invented": []}} for case in "abc"}
    scores = {
        "a": {"WT": {"dice": 0.5, "hd95_mm": 3.0}},
        "b": {"WT": {"dice": 0.9, "hd95_mm": 9.0}},
        "c": {"WT": {"dice": None, "dice_reason": "the reference is empty", "hd95_mm": None}},
    }
    ranked = rank_failures(found, scores, ("dice", "hd95_mm"), 10)
    assert [(each["metric"], each["case"]) for each in ranked] == [
        ("dice", "a"),
        ("dice", "b"),
        ("hd95_mm", "b"),
        ("hd95_mm", "a"),
    ]
    assert ranked[0] == {"case": "a", "region": "WT", "kind": "worst-case", "metric": "dice", "value": 0.5, "ml": 8.0,
                         "voxels": 4, "slice": 2, "voxel": [1, 1, 2]}  # fmt: skip
    assert [each["case"] for each in rank_failures(found, scores, ("dice",), 1)] == ["a"]


def test_lesions_of_all_cases_are_ranked_together_by_ml() -> None:
    """Half as many voxels of four times the size are more."""
    one = find_failures(empty(), drawn((1, 1, 1), (2, 1, 1)), ("WT",), TWO_ML)
    large = Geometry(np.diag([20.0, 20.0, 20.0, 1.0]))
    other = find_failures(empty(), drawn((4, 4, 4)), ("WT",), large)
    ranked = rank_failures({"one": one, "other": other}, {}, (), 5)
    missed = [each for each in ranked if each["kind"] == "missed-lesion"]
    assert [(each["case"], each["metric"], each["value"]) for each in missed] == [
        ("other", "lesion_ml", pytest.approx(8)),
        ("one", "lesion_ml", pytest.approx(4)),
    ]
