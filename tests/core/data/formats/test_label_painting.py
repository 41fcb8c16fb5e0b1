"""Masks in one label map: four voxels worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.formats.label_painting import paint
from core.data.refusal import InputRefusedError
from core.volume import Array


def painted(size: int, **masks: range) -> tuple[list[int], list[str]]:
    labels, findings = paint((size, 1, 1), {int(name[1:]): voxels(mask) for name, mask in masks.items()}, "mask")
    return labels.ravel().tolist(), [finding.code for finding in findings]


def voxels(mask: range) -> Array:
    return np.array(mask, np.uint32)


def test_masks_beside_each_other_keep_their_labels() -> None:
    assert painted(5, m1=range(2), m7=range(3, 5)) == ([1, 1, 0, 7, 7], [])


def test_a_chain_of_nested_masks_is_painted_from_the_outside_in() -> None:
    """3 lies in 1, which lies in 2: the order is 2, 1, 3."""
    assert painted(6, m1=range(1, 5), m2=range(6), m3=range(2, 3)) == ([2, 1, 3, 1, 1, 2], ["nested_masks"])


def test_the_same_mask_twice_leaves_nothing_of_one_and_is_refused() -> None:
    with pytest.raises(InputRefusedError, match=r"others cover up to 100.00% of one \(mask 1\)"):
        painted(4, m1=range(4), m2=range(4))


def test_a_hundredth_may_be_lost_and_not_more() -> None:
    labels, codes = painted(400, m1=range(200), m2=range(198, 400))
    assert (labels[197], labels[198], codes) == (1, 2, ["overlapping_masks"])
    with pytest.raises(InputRefusedError, match=r"up to 1.50% of one \(mask 1\)"):
        painted(400, m1=range(200), m2=range(197, 400))


def test_what_a_nested_mask_takes_from_a_third_one_counts_as_lost() -> None:
    """2 lies in 3 and half over 1, which lies in none."""
    with pytest.raises(InputRefusedError, match=r"\(mask 1\)"):
        painted(400, m1=range(100), m2=range(98, 300), m3=range(99, 400))


def test_no_masks_and_empty_ones_make_an_empty_label_map() -> None:
    assert painted(2) == ([0, 0], [])
    assert painted(2, m3=range(0)) == ([0, 0], [])


def test_labels_beyond_a_byte_make_a_wider_label_map() -> None:
    labels, _ = paint((2, 1, 1), {300: voxels(range(1))}, "mask")
    assert labels.dtype == np.uint16
    assert labels.ravel().tolist() == [300, 0]
