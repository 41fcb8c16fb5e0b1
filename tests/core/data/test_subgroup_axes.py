"""Which subgroup a case is in: from what its headers say, what was measured, and what a user told."""

from __future__ import annotations

from typing import Any

import pytest

from core.data.subgroup_axes import axes_of, tesla, tumour_sizes


def of_volumes(*volumes: float | None) -> dict[str, dict[str, object]]:
    return {f"c{n}": {"volumes_ml": None if ml is None else {"WT": ml}} for n, ml in enumerate(volumes)}


def test_sizes_are_tertiles_and_state_their_bounds() -> None:
    # of 10, 20, ..., 60: a third of the way from the first to the last is 26.7, two thirds 43.3
    found = tumour_sizes(of_volumes(10, 20, 30, 40, 50, 60), "WT")
    assert list(found.values()) == [
        "small, up to 26.7 ml", "small, up to 26.7 ml", "medium, 26.7 to 43.3 ml", "medium, 26.7 to 43.3 ml",
        "large, over 43.3 ml", "large, over 43.3 ml",
    ]  # fmt: skip


def test_bounds_may_be_named_and_a_volume_at_a_bound_lies_below_it() -> None:
    assert list(tumour_sizes(of_volumes(5, 5.1, 50), "WT", (5,)).values()) == ["up to 5 ml", "over 5 ml", "over 5 ml"]


def test_an_empty_reference_is_no_size_and_counts_in_no_tertile() -> None:
    found = tumour_sizes(of_volumes(0, 10, 20, 30, None), "WT")
    assert found["c0"] == "no tumour"
    assert found["c1"] == "small, up to 16.7 ml"
    assert found["c4"] is None


def test_two_tumours_have_no_tertiles() -> None:
    assert tumour_sizes(of_volumes(10, 20), "WT") == {"c0": None, "c1": None}


@pytest.mark.parametrize("bounds", [(), (5, 5), (10, 5), (0, 5), (-1,), (float("nan"),)])
def test_bounds_that_do_not_rise_are_refused(bounds: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="expected rising volumes above 0"):
        tumour_sizes(of_volumes(10), "WT", bounds)


def test_headers_tell_vendor_scanner_and_field_and_a_user_is_believed_before_them() -> None:
    header = {"Manufacturer": "Siemens", "ManufacturerModelName": "Skyra", "MagneticFieldStrength": 2.8936}
    facts: dict[str, dict[str, Any]] = {
        "header": {"context": {"t1c": header, "t2f": header}},
        "two machines": {"context": {"t1c": header, "t2f": {"Manufacturer": "GE", "MagneticFieldStrength": 1.494}}},
        "told": {"context": {"t1c": header}, "told": {"vendor": "Philips", "site": "A"}},
        "nothing": {},
    }
    found = axes_of(facts, "WT")
    assert {axis: found["header"][axis] for axis in ("site", "scanner", "vendor", "field_strength")} == {
        "site": None, "scanner": "Skyra", "vendor": "Siemens", "field_strength": "3 T",
    }  # fmt: skip
    assert (found["two machines"]["vendor"], found["two machines"]["field_strength"]) == (
        "GE and Siemens",
        "1.5 T and 3 T",
    )
    assert (found["told"]["vendor"], found["told"]["site"], found["told"]["scanner"]) == ("Philips", "A", "Skyra")
    assert set(found["nothing"].values()) == {None}


@pytest.mark.parametrize(
    ("spacing", "name"),
    [([1, 1, 1], "up to 1.5 mm"), ([0.5, 0.5, 1.5000001], "up to 1.5 mm"), ([0.9, 0.9, 3], "1.5 to 3 mm"),
     ([5, 0.5, 0.5], "over 3 mm"), (None, None)],
)  # fmt: skip
def test_the_coarsest_spacing_counts(spacing: list[float] | None, name: str | None) -> None:
    assert axes_of({"c": {"spacing_mm": spacing}}, "WT")["c"]["spacing"] == name


def test_fields_near_a_usual_one_are_called_by_it() -> None:
    assert [tesla(field) for field in (1.494, 2.8936, 0.064, 0.35, 7)] == ["1.5 T", "3 T", "0.064 T", "0.35 T", "7 T"]
