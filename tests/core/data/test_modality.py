"""Names and acquisition times say which sequence an image is."""

from __future__ import annotations

import pytest

from core.data.modality import from_dicom, from_text, tells_sequence


@pytest.mark.parametrize(
    ("text", "modality"),
    [
        ("BraTS-SSA-00002-000-t1n.nii.gz", "t1n"),
        ("BraTS2021_00495_t1.nii.gz", "t1n"),
        ("BRATS_HG0005_T1_slice95.nii.gz", "t1n"),
        ("sub-01_T1w.nii.gz", "t1n"),
        ("T1 pre", "t1n"),
        ("Ax T1 pre-contrast", "t1n"),
        ("T1 without contrast", "t1n"),
        ("AX T1 W/O GAD", "t1n"),
        ("SAG T1 FLAIR", "t1n"),
        ("sag_mprage", "t1n"),
        ("3D BRAVO", "t1n"),
        ("AXT1", "t1n"),
        ("T1 SE post-op", "t1n"),
        ("BraTS2021_00495_t1ce.nii.gz", "t1c"),
        ("BRATS_HG0005_T1C_slice95.nii.gz", "t1c"),
        ("t1gd", "t1c"),
        ("sub-01_ce-gadolinium_T1w.nii.gz", "t1c"),
        ("T1 post", "t1c"),
        ("T1wPost", "t1c"),
        ("AX T1 SE +C", "t1c"),
        ("T1+C", "t1c"),
        ("t1_se_tra_km", "t1c"),
        ("MRHR_T1_AX_POST_GAD_SE_13_se2d1r_t1c", "t1c"),
        ("SPGR post gad", "t1c"),
        ("Ax T1 with contrast", "t1c"),
        ("t2w", "t2w"),
        ("AX T2 FSE", "t2w"),
        ("Ax T2 PROPELLER", "t2w"),
        ("BRATS_HG0005_T2_slice95.nii.gz", "t2w"),
        ("t2_flair", "t2f"),
        ("T2FLAIR", "t2f"),
        ("AXT2FLAIR", "t2f"),
        ("FLAIR post gad", "t2f"),
        ("t2_tirm_tra_dark-fluid", "t2f"),
        ("MRHR_FLAIR_AX_SE_IR_5_tir2d1_21_fla", "t2f"),
        ("BraTS-SSA-00002-000-t2f.nii.gz", "t2f"),
        ("fla_bet.nii.gz", "t2f"),
        ("example_ct_sm.nii.gz", "ct"),
        ("CT HEAD W/O CONTRAST", "ct"),
        ("ep2d_diff_3scan_trace_ADC", "adc"),
        ("Ax DWI b1000 T2", "dwi"),
        ("SWI_Images", "swi"),
        ("AX T2* GRE", "t2s"),
        ("Ax PD", "pd"),
    ],
)
def test_a_name_says_the_modality(text: str, modality: str) -> None:
    guess = from_text(text)
    assert guess is not None
    assert guess.modality == modality
    assert not guess.asks


@pytest.mark.parametrize(
    "text", ["", "scan_01", "3-plane localizer T1", "T1 subtraction", "T1_MAP", "Doct1r", "effect2", "sector", "act"]
)
def test_a_name_that_does_not_say_it_gives_no_guess(text: str) -> None:
    assert from_text(text) is None


def test_a_bare_gadolinium_and_a_name_that_says_both_are_asked_about() -> None:
    for text in ("POST GAD", "T1 pre and post"):
        guess = from_text(text)
        assert guess is not None
        assert guess.asks


SPIN_ECHO = {"Modality": "MR", "ScanningSequence": "SE"}


@pytest.mark.parametrize(
    ("context", "modality"),
    [
        ({"Modality": "CT", "SeriesDescription": "T1 vertebra"}, "ct"),
        ({**SPIN_ECHO, "EchoTime": 10, "RepetitionTime": 500}, "t1n"),
        ({**SPIN_ECHO, "EchoTime": "10", "RepetitionTime": "500", "ContrastBolusAgent": "Gadovist"}, "t1c"),
        ({**SPIN_ECHO, "EchoTime": 10, "RepetitionTime": 500, "ContrastBolusAgent": "NONE"}, "t1n"),
        ({**SPIN_ECHO, "EchoTime": 100, "RepetitionTime": 4500}, "t2w"),
        ({**SPIN_ECHO, "EchoTime": 100, "RepetitionTime": 4500, "ContrastBolusAgent": "Gadovist"}, "t2w"),
        ({**SPIN_ECHO, "EchoTime": 120, "RepetitionTime": 9000, "InversionTime": 2500}, "t2f"),
        ({"ScanningSequence": "GR", "EchoTime": 3, "RepetitionTime": 2300, "InversionTime": 900}, "t1n"),
        ({"ScanningSequence": "GR", "EchoTime": 4, "RepetitionTime": 8}, "t1n"),
        ({"SeriesDescription": "t2_tra", "EchoTime": 90, "RepetitionTime": 9000, "InversionTime": 2500}, "t2f"),
        ({"SeriesDescription": "AX T2", "EchoTime": 90, "RepetitionTime": 4000}, "t2w"),
        ({"ProtocolName": "MPRAGE +C"}, "t1c"),
    ],
)
def test_words_and_timing_of_a_series_say_the_modality(context: dict[str, str | float], modality: str) -> None:
    guess = from_dicom(context)
    assert guess is not None
    assert guess.modality == modality
    assert not guess.asks


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"Modality": "SEG", "SeriesDescription": "T1"},
        {"Modality": "MR", "SeriesDescription": "T1 localizer", "EchoTime": 10, "RepetitionTime": 500},
        {**SPIN_ECHO, "EchoTime": 60, "RepetitionTime": 4000, "InversionTime": 150},  # STIR
        {"ScanningSequence": "EP", "EchoTime": 90, "RepetitionTime": 6000},
        {"EchoTime": "n/a", "RepetitionTime": 500},
    ],
)
def test_a_series_that_does_not_say_it_gives_no_guess(context: dict[str, str | float]) -> None:
    assert from_dicom(context) is None


def test_words_that_the_timing_contradicts_are_asked_about_with_both_reasons() -> None:
    guess = from_dicom({"SeriesDescription": "AX T1", "EchoTime": 100, "RepetitionTime": 4500})
    assert guess is not None
    assert guess.asks
    assert guess.why == "its name says T1 and nothing of contrast, but TE 100, TR 4500 ms are a T2's"


def test_a_name_before_contrast_with_an_agent_recorded_is_asked_about() -> None:
    guess = from_dicom({"SeriesDescription": "AX T1 PRE", "ContrastBolusAgent": "Dotarem"})
    assert guess is not None
    assert (guess.modality, guess.asks) == ("t1n", True)


def test_words_about_the_sequence_are_told_from_a_patients() -> None:
    words = ("T1", "post", "GAD", "ax", "tse", "flair", "Smith", "0001", "post1", "case")
    assert [tells_sequence(word) for word in words] == [True] * 6 + [False] * 4
