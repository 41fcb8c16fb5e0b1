from __future__ import annotations

from core.data.phantom import DEMO_SEEDS, TRAINING_SEEDS, cohort_traits
from core.data.phantom.grid import ORIGIN_MM, SHAPE


def test_the_demo_has_24_patients_of_which_one_is_healthy() -> None:
    kinds = [patient.kind for patient in cohort_traits()]
    assert len(kinds) == 24
    assert kinds.count("healthy") == 1
    assert kinds.count("low-grade") >= 4
    assert kinds.count("high-grade") >= 12


def test_some_patients_have_two_lesions_in_different_hemispheres() -> None:
    pairs = [patient.lesions for patient in cohort_traits() if len(patient.lesions) == 2]
    assert len(pairs) >= 2
    for one, other in pairs:
        assert one.site_mm[0] * other.site_mm[0] < 0


def test_the_first_patient_has_a_large_rim_enhancing_tumour_at_1_mm() -> None:
    first = cohort_traits(1)[0]
    assert first.kind == "high-grade"
    assert first.spacing_mm == (1.0, 1.0, 1.0)
    assert first.lesions[0].radius_mm >= 18


def test_spacings_and_orientations_vary() -> None:
    cohort = cohort_traits()
    assert len({patient.spacing_mm for patient in cohort}) >= 4
    assert {patient.orientation for patient in cohort} >= {"RAS", "LPS"}


def test_a_patient_is_the_same_in_every_cohort() -> None:
    assert cohort_traits(3, first_seed=4)[0] == cohort_traits(6)[3]


def test_training_patients_are_none_of_the_demo_and_have_names_of_their_own() -> None:
    assert not set(DEMO_SEEDS) & set(TRAINING_SEEDS)
    demo, training = cohort_traits(), cohort_traits(24, TRAINING_SEEDS.start)
    assert not {patient.case_id for patient in demo} & {patient.case_id for patient in training}
    assert not {patient.lesions for patient in demo if patient.lesions} & {patient.lesions for patient in training}


def test_any_24_training_patients_in_a_row_hold_one_healthy() -> None:
    for first in range(TRAINING_SEEDS.start, TRAINING_SEEDS.start + 24):
        assert [patient.kind for patient in cohort_traits(24, first)].count("healthy") == 1


def test_lesions_lie_within_the_grid() -> None:
    for patient in cohort_traits(200):
        for lesion in patient.lesions:
            for site, origin, size in zip(lesion.site_mm, ORIGIN_MM, SHAPE, strict=True):
                assert 10 < site + origin < size - 10
