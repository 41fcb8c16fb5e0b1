"""What every registered metric promises, whatever it is."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from core.metrics import METRICS, UnknownMetricError, metric_named
from core.metrics.empty_masks import POLICIES, score
from core.metrics.pair import RegionPair, compare_regions
from core.volume import Geometry

every_metric = pytest.mark.parametrize("name", METRICS)
Bits = npt.NDArray[np.uint8]

UNIT_IN_NAME = {"mm": "_mm", "voxels": "_px", "ml": "_ml", "%": "_percent"}
MM = Geometry(np.eye(4))


def ball(radius_mm: float, centre: tuple[float, float, float]) -> Bits:
    grid = np.indices((64, 20, 20))
    squared = sum((axis - c) ** 2 for axis, c in zip(grid, centre, strict=True))
    return np.asarray(squared <= radius_mm**2, np.uint8)


ONE, TWO, THREE = (ball(5, (x, 9, 9)) for x in (9, 31, 53))
REFERENCE = ONE | TWO | THREE
SMALLER = ball(4.5, (9, 9, 9))
INVENTED = ball(2, (20, 3, 3))
# one ball too small and one invented; then also one moved, one missed, and a second one invented
CLOSE = SMALLER | TWO | THREE | INVENTED
POOR = SMALLER | np.roll(TWO, 1, axis=0) | INVENTED | ball(2, (20, 16, 16))


def pair(prediction: Bits) -> RegionPair:
    return compare_regions(prediction, REFERENCE, 1, MM)[0]


@every_metric
def test_its_key_is_its_name_and_the_name_carries_the_unit(name: str) -> None:
    spec = METRICS[name]
    assert spec.name == name
    assert name.endswith(UNIT_IN_NAME.get(spec.unit, ""))
    assert (spec.unit == "") == (not name.endswith(tuple(UNIT_IN_NAME.values())))


@every_metric
def test_it_says_what_it_is_and_where_that_comes_from(name: str) -> None:
    spec = METRICS[name]
    assert spec.title
    assert spec.definition
    assert spec.citation


@every_metric
def test_a_perfect_prediction_is_best_and_a_worse_one_is_worse(name: str) -> None:
    spec = METRICS[name]
    perfect, close, poor = (spec.function(pair(prediction)) for prediction in (REFERENCE, CLOSE, POOR))
    assert perfect == spec.best == (1.0 if spec.direction == "higher" else 0.0)
    order = [perfect, close, poor]
    assert order == sorted(order, reverse=spec.direction == "higher")
    assert len(set(order)) == 3


@every_metric
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("predicted", [True, False])
@pytest.mark.parametrize("referred", [True, False])
def test_empty_masks_give_a_finite_number_or_a_reason(name: str, policy: str, predicted: bool, referred: bool) -> None:
    masks = (CLOSE * np.uint8(predicted), REFERENCE * np.uint8(referred))
    (both,) = compare_regions(*masks, 1, MM)
    result = score(METRICS[name], both, POLICIES[policy])
    assert (result.value is None) == (result.reason is not None)
    assert result.value is None or math.isfinite(result.value)


@every_metric
def test_what_stands_in_without_geometry_needs_none(name: str) -> None:
    spec = METRICS[name]
    (bare,) = compare_regions(CLOSE, REFERENCE, 1, None)
    if spec.without_geometry is not None:
        assert not METRICS[spec.without_geometry].needs_geometry
    assert (score(spec, bare, POLICIES["leave-out"]).value is None) == spec.needs_geometry


@every_metric
def test_what_stands_beside_it_is_numbers_by_name_whatever_is_empty(name: str) -> None:
    beside = METRICS[name].beside
    for prediction in (CLOSE, CLOSE * np.uint8(0)):
        for reference in (REFERENCE, REFERENCE * np.uint8(0)):
            found = beside(compare_regions(prediction, reference, 1, MM)[0]) if beside else {}
            assert all(math.isfinite(value) for value in found.values())
            assert not found.keys() & METRICS.keys()


def test_an_unknown_name_answers_with_the_known() -> None:
    with pytest.raises(UnknownMetricError, match="'sensitivity'; known: dice, iou, precision"):
        metric_named("sensitivity")
