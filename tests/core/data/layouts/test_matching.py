"""Images find their masks by name; what could be meant in two ways is not guessed."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from core.data.layouts.matching import RULES, Matching, match

SAME, ONCE, WORDS = (rule.title for rule in RULES)


def matched(*paths: str) -> Matching:
    return match([PurePosixPath(path) for path in paths])


def pairs(*paths: str) -> dict[str, str]:
    return {str(image.path): str(mask.path) for image, mask, _ in matched(*paths).pairs}


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("images/a.png", "masks/a.png"),
        ("images/a.jpg", "masks/a.png"),
        ("a.png", "a_mask.png"),
        ("a.png", "mask_a.png"),
        ("a.png", "a-seg.png"),
        ("a.png", "A_Mask.PNG"),
        ("a_image.png", "a_label.png"),
        ("img_12.png", "mask_12.png"),
        ("benign (1).png", "benign (1)_mask.png"),
        ("train/images/a.png", "train/masks/a.png"),
        ("images/train/a.png", "masks/train/a.png"),
        ("train_images/a.png", "train_masks/a.png"),
        ("imagesTr/a_001.png", "labelsTr/a_001.png"),
        ("case7/image.png", "case7/mask.png"),
        ("images/seg_001.png", "masks/seg_001.png"),
        ("noisy_masks/set/images/a.png", "noisy_masks/set/masks/a.png"),
        ("images_and_masks/a.png", "images_and_masks/a_mask.png"),
        ("画像/脳.png", "画像/脳_mask.png"),
    ],
)
def test_one_name_in_matching_folders_is_a_pair(image: str, mask: str) -> None:
    found = matched(image, mask)
    assert [(str(i.path), str(m.path), rule.title) for i, m, rule in found.pairs] == [(image, mask, SAME)]
    assert (found.clashes, found.images, found.masks) == ((), (), ())


@pytest.mark.parametrize(
    ("image", "mask", "rule"),
    [
        ("JPEGImages/a.jpg", "SegmentationClass/a.png", ONCE),
        ("photos/a.png", "contours/gt/a.png", ONCE),
        ("img_001.png", "mask_1.png", WORDS),
        ("scan-a 01.png", "masks/a_1.png", WORDS),
        ("liver.png", "liver_tumour_mask.png", "a mask's name that begins as the image's"),
    ],
)
def test_looser_rules_come_after_the_strict_one(image: str, mask: str, rule: str) -> None:
    ((found_image, found_mask, found_rule),) = matched(image, mask).pairs
    assert (str(found_image.path), str(found_mask.path), found_rule.title) == (image, mask, rule)


def test_each_folder_keeps_its_own_pairs() -> None:
    paths = [f"{part}/{kind}/1.png" for part in ("train", "val", "test") for kind in ("images", "masks")]
    assert pairs(*paths) == {f"{part}/images/1.png": f"{part}/masks/1.png" for part in ("train", "val", "test")}


def test_slices_are_not_mixed_up_by_their_numbers() -> None:
    paths = [f"{kind}/p_{n}.png" for kind in ("images", "masks") for n in (1, 10, 11, 110)]
    assert pairs(*paths) == {f"images/p_{n}.png": f"masks/p_{n}.png" for n in (1, 10, 11, 110)}


def test_an_image_left_over_in_one_set_does_not_take_the_mask_of_another() -> None:
    found = matched(
        "a/images/1.png", "a/masks/1.png", "a/images/7.png", "b/images/2.png", "b/masks/2.png", "b/masks/7.png"
    )
    assert len(found.pairs) == 2
    assert [str(name.path) for name in found.images] == ["a/images/7.png"]
    assert [str(name.path) for name in found.masks] == ["b/masks/7.png"]


@pytest.mark.parametrize(
    "paths",
    [
        ("a.png", "a.jpg", "a_mask.png"),
        ("a.png", "a_mask.png", "a_seg.png"),
        ("site1/a.png", "site2/a.png", "masks/a.png"),
        ("a.png", "a_mask.png", "a_mask_1.png"),
        ("a.png", "a_left_mask.png", "a_right_mask.png"),
    ],
)
def test_what_could_be_paired_in_two_ways_is_a_clash_with_all_its_files(paths: tuple[str, ...]) -> None:
    found = matched(*paths)
    (clash,) = found.clashes
    assert sorted(str(name.path) for name in (*clash.images, *clash.masks)) == sorted(paths)
    assert (found.pairs, found.images, found.masks) == ((), (), ())


def test_a_clash_leaves_the_other_pairs_alone() -> None:
    found = matched("a.png", "a_mask.png", "a_seg.png", "b.png", "b_mask.png")
    assert len(found.clashes) == 1
    assert [str(image.path) for image, _, _ in found.pairs] == ["b.png"]


def test_nothing_to_pair_is_nothing_found() -> None:
    assert matched() == Matching((), (), (), ())
    assert [str(name.path) for name in matched("a.png", "b.png").images] == ["a.png", "b.png"]
    assert [str(name.path) for name in matched("a_mask.png").masks] == ["a_mask.png"]
