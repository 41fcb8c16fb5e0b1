"""ET within TC within WT, by cutting or by widening."""

from __future__ import annotations

import numpy as np
import pytest

from core.labels import SCHEMES
from core.postprocess import StepError, check_steps, clean
from tests.core.postprocess.drawn import step

WT, TC, ET = 1, 2, 4
NAMES = ("WT", "TC", "ET")
# as it should be, ET outside TC, TC outside WT, ET outside both, nothing
BITS = np.array([WT | TC | ET, WT | ET, TC, ET, 0], np.uint8).reshape(5, 1, 1)


def made(way: str, regions: tuple[str, ...] = ()) -> list[int]:
    return [int(v) for v in clean(BITS, NAMES, None, [step("region_consistency", regions, way=way)]).ravel()]


def test_cut_takes_from_the_smaller_what_the_larger_does_not_hold() -> None:
    assert made("cut") == [WT | TC | ET, WT, 0, 0, 0]


def test_widen_gives_to_the_larger_what_the_smaller_has() -> None:
    assert made("widen") == [WT | TC | ET, WT | TC | ET, WT | TC, WT | TC | ET, 0]


def test_the_order_is_that_of_the_step_and_others_are_left_alone() -> None:
    assert made("cut", ("WT", "ET")) == [WT | TC | ET, WT | ET, TC, 0, 0]
    assert made("widen", ("TC", "ET")) == [WT | TC | ET, WT | TC | ET, TC, TC | ET, 0]


def test_cutting_is_what_it_does_unless_told() -> None:
    assert step("region_consistency").arguments == {"way": "cut"}


def test_regions_that_are_not_one_inside_the_other_are_refused() -> None:
    """In BraTS 2024 the resection cavity is no part of the tumour."""
    scheme = SCHEMES["brats-2024"]
    with pytest.raises(StepError, match=r"RC does not lie inside ET; list regions that do, the outermost first"):
        check_steps([step("region_consistency")], scheme.region_names, scheme)
    check_steps([step("region_consistency", ["WT", "TC", "ET"])], scheme.region_names, scheme)
    with pytest.raises(StepError, match="WT does not lie inside TC"):
        check_steps([step("region_consistency", ["TC", "WT"])], scheme.region_names, scheme)
    with pytest.raises(StepError, match="is for foreground alone; expected two regions or more"):
        check_steps([step("region_consistency")], ("foreground",), SCHEMES["binary"])
