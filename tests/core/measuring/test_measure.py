"""A mask in numbers and sentences: counted by hand."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from core.measuring import Measurements, measure
from core.volume import Geometry
from tests.core.measuring.heads import grid, head

REGIONS = ("WT", "TC", "ET")
TITLES = {"WT": "whole tumour", "TC": "tumour core", "ET": "enhancing tumour"}
WT, TC, ET = 1, 2, 4
MIDDLE = (100.0, 108.0, 92.0)
Bits = npt.NDArray[np.uint8]


def measured(bits: Bits, **options: Any) -> Measurements:
    geometry, shape = grid()
    return measure(bits, REGIONS, TITLES, geometry, head(geometry, shape, MIDDLE), **options)


def empty() -> Bits:
    return np.zeros((100, 110, 90), np.uint8)


def test_volume_side_and_diameters_in_a_sentence() -> None:
    bits = empty()
    bits[60:76, 40:52, 40:50] = WT  # 16 x 12 x 10 voxels of 8 mm3
    bits[60:70, 40:45, 44] = WT | TC | ET  # 10 x 5 of them
    found = measured(bits)
    assert (found.region("WT").voxels, found.region("TC").voxels, found.region("ET").voxels) == (1920, 50, 50)
    assert found.volumes_ml == pytest.approx({"WT": 15.36, "TC": 0.4, "ET": 0.4})
    # 10 voxels of 2 mm from edge to edge, 4 from middle to middle: 21.5 mm
    assert found.sentence("ET").startswith("Enhancing tumour 0.4 ml, right, 22 × ")
    assert found.sentence("ET").endswith(" mm")
    diameters = found.region("ET").diameters
    assert diameters
    assert diameters.slice_index == 44
    assert found.sentence("WT").startswith("Whole tumour 15.4 ml, right, 39 × ")


def test_lesions_with_centroid_and_side_the_largest_first() -> None:
    bits = empty()
    bits[20:24, 50:54, 40:44] = WT  # 64 voxels on the left
    bits[70:75, 50:54, 40:44] = WT  # 80 voxels on the right
    bits[49:51, 30:33, 40:42] = WT  # 12 voxels, 0.096 ml, in the middle
    bits[5, 5, 5] = WT  # 0.008 ml
    found = measured(bits)
    first, second, third = found.lesions.listed
    assert (first.voxels, first.side) == (80, "right")
    assert first.ml == pytest.approx(0.64)
    assert first.centroid_voxel == (72.0, 51.5, 41.5)
    assert first.centroid_mm == pytest.approx((144, 103, 83))
    assert (second.side, third.side) == ("left", "midline")
    assert (found.lesions.region, found.lesions.smallest_ml, found.lesions.too_small) == ("WT", 0.05, 1)
    assert found.region("WT").side == "both"
    assert ", both sides, " in found.sentence("WT")
    assert len(measured(bits, smallest_ml=0.0).lesions.listed) == 4


def test_a_speck_on_the_other_side_does_not_put_a_region_on_both() -> None:
    bits = empty()
    bits[70:80, 50:54, 40:44] = WT
    bits[20, 50, 40:42] = WT
    assert measured(bits).region("WT").side == "right"


def test_an_empty_mask_is_said_to_be_empty() -> None:
    found = measured(empty())
    assert found.volumes_ml == {"WT": 0.0, "TC": 0.0, "ET": 0.0}
    assert found.sentence("ET") == "Enhancing tumour: none"
    assert (found.region("ET").side, found.region("ET").diameters) == (None, None)
    assert found.lesions.listed == ()


def test_without_geometry_there_are_pixels_and_no_sides() -> None:
    bits = np.zeros((20, 20, 1), np.uint8)
    bits[4:14, 6, 0] = 1
    found = measure(bits, ("foreground",), {}, None, np.ones((20, 20, 1), bool))
    region = found.region("foreground")
    assert (region.voxels, region.ml, region.side) == (10, None, None)
    assert region.sentence == "Foreground 10 pixels, 10 × 1 pixels"
    stack = measure(np.repeat(bits, 2, axis=2), ("foreground",), {}, None, np.ones((20, 20, 2), bool))
    assert stack.sentence("foreground") == "Foreground 20 voxels, 10 × 1 voxels"
    assert found.lesions.listed[0].centroid_mm is None
    assert found.no_sides == "the images do not say where left and right are"
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["regions"]["foreground"]["ml"] is None


def test_without_a_brain_there_are_millilitres_but_no_sides() -> None:
    bits = empty()
    bits[70:80, 50:54, 40:44] = WT
    geometry, _ = grid()
    found = measure(bits, REGIONS, TITLES, geometry, None)
    assert found.region("WT").ml == pytest.approx(1.28)
    assert found.region("WT").side is None
    assert found.no_sides == "no image of the brain is beside the mask"


def test_lesions_are_those_of_the_region_that_holds_the_others() -> None:
    bits = np.zeros((9, 9, 9), np.uint8)
    bits[2:7, 2:7, 2:7] = 2  # the second region holds the first
    bits[4, 4, 4] = 3
    bits[0, 0, 0] = 4  # and none of them the third
    geometry = Geometry(np.eye(4))
    assert measure(bits, ("core", "whole", "cavity"), {}, geometry, None).lesions.region == "whole"
    assert measure(bits, ("core", "whole", "cavity"), {}, geometry, None, lesions_of="core").lesions.region == "core"


def test_eight_regions() -> None:
    bits = np.zeros((12, 12, 12), np.uint8)
    for bit in range(8):
        bits[bit : bit + 2, 3, 3] |= np.uint8(1 << bit)
    names = tuple(f"r{bit}" for bit in range(8))
    found = measure(bits, names, {}, Geometry(np.eye(4)), None)
    assert [region.voxels for region in found.regions] == [2] * 8
    assert [region.diameters.longest for region in found.regions if region.diameters] == pytest.approx([2.0] * 8)


def test_more_lesions_than_are_ever_listed_are_counted() -> None:
    bits = np.zeros((60, 60, 3), np.uint8)
    bits[::3, ::3, 1] = 1
    found = measure(bits, ("WT",), {}, Geometry(np.eye(4)), None, smallest_ml=0.0)
    assert (len(found.lesions.listed), found.lesions.left_out) == (100, 300)
