"""Labels and regions: what 4 means depends on the scheme, and painting undoes cutting."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.labels import (
    SCHEMES,
    LabelScheme,
    Region,
    UnknownLabelError,
    UnknownSchemeError,
    paint_order,
    scheme_from_json,
    scheme_named,
    scheme_to_json,
)


def bits(scheme: str, label: int) -> dict[str, bool]:
    found = SCHEMES[scheme].to_regions(np.array([label], np.uint8))[0]
    return {name: bool(found >> bit & 1) for bit, name in enumerate(SCHEMES[scheme].region_names)}


def test_brats_2021_calls_4_enhancing_tumour_which_is_in_all_three_regions() -> None:
    assert bits("brats-2021", 4) == {"WT": True, "TC": True, "ET": True}


def test_brats_2024_calls_4_the_resection_cavity_which_is_no_tumour() -> None:
    assert bits("brats-2024", 4) == {"WT": False, "TC": False, "ET": False, "RC": True}


def test_oedema_is_whole_tumour_only_and_necrosis_is_core_without_enhancement() -> None:
    assert bits("brats-2023", 2) == {"WT": True, "TC": False, "ET": False}
    assert bits("brats-2023", 1) == {"WT": True, "TC": True, "ET": False}


def test_the_decathlon_swaps_oedema_and_necrosis() -> None:
    assert bits("msd-task01", 1) == bits("brats-2023", 2)
    assert bits("msd-task01", 2) == bits("brats-2023", 1)


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=lambda scheme: scheme.name)
def test_painting_the_regions_of_a_label_map_gives_the_label_map_back(scheme: LabelScheme) -> None:
    labels = np.array([0, *scheme.labels], np.uint8).reshape(1, -1)
    assert np.array_equal(scheme.to_labels(scheme.to_regions(labels)), labels)


def test_a_region_painted_without_the_one_around_it_still_gets_its_label() -> None:
    """A network may predict enhancing tumour outside its whole tumour: the innermost region decides."""
    only_et = np.array([0b100], np.uint8)
    assert SCHEMES["brats-2021"].to_labels(only_et).tolist() == [4]


def test_a_value_without_meaning_is_refused_by_name_with_what_the_scheme_knows() -> None:
    with pytest.raises(UnknownLabelError) as refused:
        SCHEMES["brats-2023"].to_regions(np.array([0, 1, 4, 7]))
    assert refused.value.values == (4, 7)
    assert str(refused.value) == (
        "found label value(s) 4, 7; brats-2023 knows 0 background, 1 necrotic core, 2 oedema, 3 enhancing tumour; "
        "name the scheme the mask was drawn in with --scheme, or a file that says what its values mean"
    )


def test_of_hundreds_of_unknown_values_ten_are_named() -> None:
    with pytest.raises(UnknownLabelError, match=r"found label value\(s\) 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 244 more;"):
        SCHEMES["binary"].to_regions(np.arange(256))


def test_labels_up_to_the_last_16_bit_one_keep_their_value() -> None:
    """A table of one byte would fold 256 onto 0 and 65535 onto 255."""
    regions = (Region("low", "", (255,)), Region("mid", "", (256,)), Region("high", "", (65535,)))
    wide = LabelScheme("wide", {255: "a", 256: "b", 65535: "c"}, regions, paint_order(regions))
    labels = np.array([0, 255, 256, 65535], np.int64)
    assert wide.to_regions(labels).tolist() == [0, 0b001, 0b010, 0b100]
    assert wide.to_labels(wide.to_regions(labels)).dtype == np.uint16
    assert np.array_equal(wide.to_labels(wide.to_regions(labels)), labels)
    with pytest.raises(UnknownLabelError, match="65536"):
        wide.to_regions(np.array([65536]))


@pytest.mark.parametrize("value", [0, -1, 65536])
def test_a_scheme_has_no_label_that_no_mask_could_hold(value: int) -> None:
    with pytest.raises(ValueError, match="expected 1 to 65535"):
        LabelScheme("bad", {value: "x"}, (), ())


def test_painting_starts_with_the_largest_region_as_the_schemes_that_ship_do() -> None:
    for scheme in SCHEMES.values():
        assert paint_order(scheme.regions) == scheme.paint


def test_regions_that_overlap_in_part_give_each_label_back() -> None:
    """Label 2 lies in both: painting either region last would make it 1 or 3."""
    regions = (Region("left", "", (1, 2)), Region("right", "", (2, 3)))
    scheme = LabelScheme("overlap", {1: "a", 2: "b", 3: "c"}, regions, paint_order(regions))
    assert scheme.to_labels(scheme.to_regions(np.array([0, 1, 2, 3]))).tolist() == [0, 1, 2, 3]


def test_a_union_predicted_without_its_parts_gets_its_first_label() -> None:
    regions = (Region("all", "", (1, 2)), Region("a", "", (1,)), Region("b", "", (2,)))
    scheme = LabelScheme("union", {1: "a", 2: "b"}, regions, paint_order(regions))
    assert scheme.to_labels(np.array([0b001, 0b011, 0b101], np.uint8)).tolist() == [1, 1, 2]


def test_a_record_keeps_the_name_of_a_scheme_that_ships_and_the_whole_of_any_other() -> None:
    own = LabelScheme("own", {300: "x"}, (Region("x", "the x", (300,)),), (("x", 300),))
    assert scheme_to_json(SCHEMES["brats-2024"]) == "brats-2024"
    for scheme in (*SCHEMES.values(), own):
        kept = json.loads(json.dumps(scheme_to_json(scheme)))
        assert scheme_from_json(kept) == scheme
        assert LabelScheme.from_json(json.loads(json.dumps(scheme.to_json()))) == scheme


def test_a_scheme_that_borrows_a_name_is_kept_whole() -> None:
    borrowed = LabelScheme("binary", {2: "x"}, (Region("x", "", (2,)),), (("x", 2),))
    assert scheme_from_json(scheme_to_json(borrowed)) == borrowed


def test_values_beyond_a_byte_are_not_folded_onto_small_ones() -> None:
    with pytest.raises(UnknownLabelError, match="257"):
        SCHEMES["binary"].to_regions(np.array([0, 257]))


def test_an_unknown_scheme_answers_with_the_known_ones() -> None:
    with pytest.raises(UnknownSchemeError, match=r"no label scheme is called 'brats'; known: brats-2021, brats-2023"):
        scheme_named("brats")


def test_nine_regions_do_not_fit_one_byte() -> None:
    regions = tuple(Region(f"r{n}", "", (n,)) for n in range(1, 10))
    with pytest.raises(ValueError, match="9 regions"):
        LabelScheme("many", dict.fromkeys(range(1, 10), ""), regions, ())
