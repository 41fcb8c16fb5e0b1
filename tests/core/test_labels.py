"""Labels and regions: what 4 means depends on the scheme, and painting undoes cutting."""

from __future__ import annotations

import numpy as np
import pytest

from core.labels import SCHEMES, LabelScheme, Region, UnknownLabelError, UnknownSchemeError, scheme_named


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
        "choose the scheme the mask was drawn in with --scheme"
    )


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
