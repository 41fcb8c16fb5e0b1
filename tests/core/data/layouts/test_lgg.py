"""A patient's numbered slices are one volume, and their three channels are three sequences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.layouts import read_layout
from core.data.layouts.lgg import read_lgg
from core.data.layouts.spec import Layout
from core.data.load import load_case
from core.labels import SCHEMES

SCAN = "TCGA_CS_4941_19960909"
ALL = (0, 1, 2)


def write_scan(
    root: Path, name: str = SCAN, numbers: range | tuple[int, ...] = range(1, 13), like: tuple[int, ...] = ALL
) -> Path:
    """Slices of three unlike channels, channel c taken from `like[c]`; slice n says n, its mask has n pixels."""
    folder = root / name
    folder.mkdir(parents=True)
    for number in numbers:
        pixels = np.random.default_rng(number).integers(50, 200, (9, 11, 3), np.uint8)[..., like]
        pixels[0, 0] = number
        mask = np.zeros((9, 11), np.uint8)
        mask.flat[:number] = 255
        Image.fromarray(pixels).save(folder / f"{name}_{number}.tif")
        Image.fromarray(mask).save(folder / f"{name}_{number}_mask.tif")
    return folder


def read(root: Path) -> Layout:
    layout = read_lgg(root)
    assert layout is not None
    return layout


def codes(layout: Layout) -> list[tuple[str, str, str]]:
    return [(finding.severity, finding.code, finding.case) for finding in layout.findings]


def test_slices_are_stacked_by_number_and_channels_named_by_sequence(tmp_path: Path) -> None:
    write_scan(tmp_path)
    layout = read_layout(tmp_path)
    assert (layout.name, layout.scheme, layout.findings) == ("lgg", "binary", ())
    (case,) = layout.cases
    assert (case.case_id, case.patient_id, case.group_kind) == (SCAN, "TCGA_CS_4941", "patient")
    assert {name: source.channel for name, source in case.sources.items()} == {"t1n": 0, "t2f": 1, "t1c": 2}
    loaded = load_case(case, SCHEMES["binary"])
    assert loaded.volume.shape == (11, 9, 12)
    assert loaded.volume.voxels[1, 0, 0].tolist() == list(range(1, 13))  # 10 comes after 9, not after 1
    assert loaded.reference is not None
    assert loaded.reference.sum(axis=(0, 1)).tolist() == list(range(1, 13))


def test_two_dates_of_one_patient_are_two_cases_in_one_group(tmp_path: Path) -> None:
    write_scan(tmp_path)
    write_scan(tmp_path, "TCGA_CS_4941_19970101")
    cases = read(tmp_path).cases
    assert len({case.case_id for case in cases}) == 2
    assert {case.group_id for case in cases} == {"TCGA_CS_4941"}


@pytest.mark.parametrize(("like", "missing"), [((1, 1, 2), "t1n"), ((0, 1, 1), "t1c")])
def test_flair_in_the_place_of_a_missing_sequence_is_found(tmp_path: Path, like: tuple[int, ...], missing: str) -> None:
    write_scan(tmp_path, like=like)
    layout = read(tmp_path)
    assert codes(layout) == [("warning", "sequence_replaced", SCAN)]
    assert layout.findings[0].found.startswith(f"{missing} with the voxels of t2f")
    assert load_case(layout.cases[0], SCHEMES["binary"]).volume.modalities == ("t1n", "t2f", "t1c")


def test_flair_in_all_three_places_is_one_channel(tmp_path: Path) -> None:
    write_scan(tmp_path, like=(1, 1, 1))
    layout = read(tmp_path)
    assert codes(layout) == [("warning", "sequence_replaced", SCAN)] * 2
    assert load_case(layout.cases[0], SCHEMES["binary"]).volume.modalities == ("t2f",)


def test_a_gap_in_the_numbers_is_warned_of(tmp_path: Path) -> None:
    write_scan(tmp_path, numbers=(3, 4, 7, 8))
    layout = read(tmp_path)
    assert codes(layout) == [("warning", "slice_gap", SCAN)]
    assert layout.findings[0].found == "no slice 5, 6"
    assert len(layout.cases) == 1


@pytest.mark.parametrize(("gone", "found"), [("_5_mask", "slices 5 without a mask"), ("_5", "masks 5 without a slice")])
def test_a_slice_or_a_mask_that_is_missing_refuses_the_scan(tmp_path: Path, gone: str, found: str) -> None:
    folder = write_scan(tmp_path)
    write_scan(tmp_path, "TCGA_HT_7473_19970826")
    (folder / f"{SCAN}{gone}.tif").unlink()
    layout = read(tmp_path)
    assert ("error", "missing_slice", SCAN) in codes(layout)
    assert layout.findings[0].found == found
    assert [case.case_id for case in layout.cases] == ["TCGA_HT_7473_19970826"]


def test_a_scan_without_any_mask_has_no_reference(tmp_path: Path) -> None:
    for mask in write_scan(tmp_path).glob("*_mask.tif"):
        mask.unlink()
    (case,) = read(tmp_path).cases
    assert case.reference is None


def test_the_second_folder_of_one_scan_is_refused(tmp_path: Path) -> None:
    write_scan(tmp_path / "a")
    write_scan(tmp_path / "b")
    assert codes(read(tmp_path)) == [("error", "duplicate_case", SCAN)]


def test_a_damaged_slice_does_not_stop_the_listing(tmp_path: Path) -> None:
    (write_scan(tmp_path) / f"{SCAN}_6.tif").write_bytes(b"II*\0 cut")
    assert len(read(tmp_path).cases) == 1


def test_other_names_are_not_this_layout(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "TCGA_1.tif")
    assert read_lgg(tmp_path) is None


def test_the_kaggle_set_has_eight_patients_of_three_sequences(real_data: Path) -> None:
    layout = read_layout(real_data / "lgg")
    assert (layout.name, layout.scheme, layout.findings) == ("lgg", "binary", ())
    assert len(layout.cases) == len({case.group_id for case in layout.cases}) == 8
    assert {len(case.sources["t2f"].files) for case in layout.cases} == {53, 56, 35, 32, 24, 21, 23}
    shortest = min(layout.cases, key=lambda case: len(case.sources["t2f"].files))
    loaded = load_case(shortest, SCHEMES["binary"])
    assert loaded.volume.voxels.shape == (3, 256, 256, 21)
    assert loaded.findings == ()
