"""Copies of one source, slices of one scan and pictures that look the same end up in one group."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.layouts.look_alikes import group, patient_of, source_of
from core.data.layouts.thumbnails import Thumbnail


def groups(*stems: str, folders: tuple[str, ...] | None = None) -> list[str]:
    return list(group(stems, folders or ("",) * len(stems), [None] * len(stems)).groups)


@pytest.mark.parametrize(
    ("stem", "source"),
    [
        ("flipped_10003_106", "10003_106"),
        ("scan_jpg.rf.0a1b2c3d", "scan"),
        ("scan_png.rf.0a1b2c3d", "scan"),
        ("scan.rf.0A1b", "scan"),
        ("rotated_90_scan", "scan"),
        ("rot90_scan", "scan"),
        ("scan_rotated_180", "scan"),
        ("scan_aug_3", "scan"),
        ("scan-aug12", "scan"),
        ("hflip_rotated_scan_7", "scan_7"),
        ("scan_flip_noise", "scan"),
        ("scan - Copy", "scan"),
        ("scan_7", "scan_7"),
        ("flipper_7", "flipper_7"),
        ("benign (1)", "benign (1)"),
        ("t1_contrast", "t1_contrast"),
        ("copy", "copy"),
    ],
)
def test_a_source_is_what_is_left_without_the_words_for_changes(stem: str, source: str) -> None:
    assert source_of(stem) == source


def test_changed_copies_are_counted_and_join_their_source() -> None:
    found = group(("a", "flipped_a", "a_aug1", "b"), ("",) * 4, [None] * 4)
    assert (found.groups, found.kind, found.copies, found.joined) == (("a", "a", "a", "b"), "source image", 2, 0)


def test_slices_numbered_behind_their_scan_are_one_group() -> None:
    assert groups("10001_66", "10001_74", "10002_5", "10003_120") == ["10001", "10001", "10002", "10003"]
    assert groups("ID_0013_Z_0047", "ID_0017_Z_0061", "ID_0017_Z_0062", "ID_0028_Z_1") == [
        *("ID_0013", "ID_0017", "ID_0017", "ID_0028"),
    ]


def test_a_number_that_no_scan_stands_before_is_a_picture_of_its_own() -> None:
    assert groups("image_1", "image_2", "image_3") == ["image_1", "image_2", "image_3"]
    assert groups("set2024_1", "set2024_2", "set2024_3") == ["set2024_1", "set2024_2", "set2024_3"]


def test_tcga_names_tell_the_patient() -> None:
    assert patient_of("TCGA_CS_4941_19960909_11") == "TCGA_CS_4941"
    assert patient_of("tcga-cs-4941") == "TCGA-CS-4941"
    assert patient_of("TCGA_CS_49411") is None
    found = group(
        ("TCGA_CS_4941_19960909_11", "flipped_TCGA_CS_4941_20000101_3", "TCGA_HT_7473_19970826_1"), [""] * 3, [None] * 3
    )
    assert found.groups == ("TCGA_CS_4941", "TCGA_CS_4941", "TCGA_HT_7473")
    assert found.kind == "patient"


def test_numbered_folders_are_patients() -> None:
    folders = tuple(f"case{n // 2}" for n in range(10))
    assert groups(*(f"slice_{n % 2}" for n in range(10)), folders=folders) == list(folders)


def test_few_numbered_folders_may_be_classes_and_tell_nothing() -> None:
    assert groups("p1", "p2", "p3", "p1", folders=("1", "2", "3", "2")) == ["p1", "p2", "p3", "p1"]


def test_a_patient_in_two_class_folders_is_one_group() -> None:
    stems = ("p12_3", "p13_3", "p14_3", "p12_4", "p15_3", "p16_3")
    folders = ("tumour",) * 3 + ("healthy",) * 3
    assert groups(*stems, folders=folders) == ["p12", "p13", "p14", "p12", "p15", "p16"]


def test_a_number_that_every_folder_has_is_told_apart() -> None:
    names = ("ann", "bob", "cyd", "dan", "eva")
    assert groups(*["slice_1"] * 5, folders=names) == [f"slice_1 of {name}" for name in names]


def small(seed: int) -> Thumbnail:
    pixels = np.random.default_rng(seed).normal(size=(32, 32)).astype(np.float32)
    pixels -= pixels.mean()
    return np.asarray(pixels / np.linalg.norm(pixels), np.float32)


def test_look_alikes_join_groups_and_name_the_kind() -> None:
    found = group(("a", "b", "c", "d"), ("",) * 4, [small(1), small(2), small(1), small(2)])
    assert found.groups == ("a", "b", "a", "b")
    assert (found.kind, found.joined) == ("look-alike cluster", 2)


def test_a_chain_of_look_alikes_and_names_is_one_group() -> None:
    """a looks like b; b and c are of one source; c looks like d."""
    found = group(("a", "b", "flipped_b", "d"), ("",) * 4, [small(1), small(1), small(2), small(2)])
    assert set(found.groups) == {"a"}


def test_look_alikes_within_one_group_change_nothing() -> None:
    found = group(("a", "flipped_a"), ("", ""), [small(1), small(1)])
    assert (found.kind, found.joined) == ("source image", 0)
