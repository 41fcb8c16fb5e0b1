"""A folder of images and masks becomes cases, and the gate says how they were matched and what was odd."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.layouts import read_layout
from core.data.layouts.paired import read_paired
from core.data.layouts.spec import Layout
from core.data.load import load_case
from core.data.refusal import InputRefusedError
from core.labels import SCHEMES, LabelScheme, Region

WHITE, RED, GREEN, BLUE = (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255)


def save(path: Path, pixels: np.ndarray, **options: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)


def image(seed: int, colour: bool = False) -> np.ndarray:
    """Noise in blocks, unlike any other seed's."""
    blocks = np.random.default_rng(seed).integers(10, 250, (5, 6, 3 if colour else 1), np.uint8)
    large = blocks.repeat(6, axis=0).repeat(6, axis=1)
    return large if colour else large[..., 0]


def mask(*colours: tuple[int, int, int]) -> np.ndarray:
    """A square of 25 pixels of each colour on black."""
    pixels = np.zeros((30, 36, 3), np.uint8)
    for number, colour in enumerate(colours):
        pixels[2:7, 7 * number + 1 : 7 * number + 6] = colour
    return pixels


def write_pairs(root: Path, names: Sequence[str] = "abc", colours: tuple[tuple[int, int, int], ...] = (WHITE,)) -> Path:
    for name in names:
        save(root / "images" / f"{name}.png", image(sum(map(ord, name))))
        save(root / "masks" / f"{name}.png", mask(*colours))
    return root


def read(root: Path) -> Layout:
    layout = read_paired(root)
    assert layout is not None
    return layout


@cache
def real_layout(folder: Path) -> Layout:
    """What a real set is taken for; looking at all its pictures takes seconds."""
    return read_layout(folder)


def codes(layout: Layout) -> list[tuple[str, str]]:
    return [(finding.severity, finding.code) for finding in layout.findings]


def finding_of(layout: Layout, code: str) -> str:
    (finding,) = (finding for finding in layout.findings if finding.code == code)
    return finding.found


def test_clean_pairs_become_cases_without_a_finding(tmp_path: Path) -> None:
    layout = read_layout(write_pairs(tmp_path))
    assert (layout.name, layout.scheme, layout.findings) == ("paired", "binary", ())
    assert [case.case_id for case in layout.cases] == ["a", "b", "c"]
    assert [(case.group_id, case.group_kind) for case in layout.cases] == [(n, "source image") for n in "abc"]
    loaded = load_case(layout.cases[1], SCHEMES["binary"])
    assert np.array_equal(loaded.volume.voxels[0, :, :, 0], image(ord("b")).T)
    assert loaded.volume.modalities == ("image",)
    assert loaded.reference is not None
    assert int(loaded.reference.sum()) == 25


def test_the_matching_is_shown_in_one_sentence(tmp_path: Path) -> None:
    assert read(write_pairs(tmp_path)).why == (
        "images with masks: 3 pairs such as images/*.png with masks/*.png (3 by the same name in matching folders); "
        "3 groups by their names"
    )


def test_a_colour_has_one_label_in_all_masks_though_none_holds_them_all(tmp_path: Path) -> None:
    write_pairs(tmp_path, "a", (RED,))
    write_pairs(tmp_path, "b", (BLUE,))
    write_pairs(tmp_path, "c", (GREEN, RED))
    layout = read(tmp_path)
    assert layout.scheme is None
    assert codes(layout) == [("note", "labels_found")]
    assert finding_of(layout, "labels_found") == (
        "3 labels in the masks: 1 drawn in (0, 0, 255), 2 drawn in (0, 255, 0), 3 drawn in (255, 0, 0)"
    )
    regions = tuple(Region(name, name, (label,)) for label, name in enumerate(("blue", "green", "red"), 1))
    scheme = LabelScheme("rgb", {1: "blue", 2: "green", 3: "red"}, regions, (("blue", 1), ("green", 2), ("red", 3)))
    drawn = [np.unique(load_case(case, scheme).reference).tolist() for case in layout.cases]
    assert drawn == [[0, 0b100], [0, 0b001], [0, 0b010, 0b100]]


def test_small_grey_values_are_listed_as_the_labels_they_are(tmp_path: Path) -> None:
    write_pairs(tmp_path, "ab", ((1, 1, 1), (2, 2, 2), (4, 4, 4)))
    layout = read(tmp_path)
    assert finding_of(layout, "labels_found") == "3 labels in the masks: 1, 2, 4"
    assert load_case(layout.cases[0], SCHEMES["brats-2021"]).reference is not None


def test_images_in_real_colour_have_three_channels_by_name(tmp_path: Path) -> None:
    write_pairs(tmp_path)
    for seed, name in enumerate("abc"):
        save(tmp_path / "images" / f"{name}.png", image(seed, colour=True))
    layout = read(tmp_path)
    assert {tuple(case.sources) for case in layout.cases} == {("red", "green", "blue")}
    assert layout.findings == ()
    voxels = load_case(layout.cases[2], SCHEMES["binary"]).volume.voxels
    assert np.array_equal(voxels[..., 0], image(2, colour=True).transpose(2, 1, 0))


def test_colour_and_grey_together_are_warned_of(tmp_path: Path) -> None:
    save(write_pairs(tmp_path) / "images" / "b.png", image(1, colour=True))
    assert finding_of(read(tmp_path), "mixed_colour") == "1 images in colour and 2 in grey"


@pytest.mark.parametrize(
    ("folder", "modality"), [("head_ct", "ct"), ("flair", "t2f"), ("t1_post_contrast", "t1c"), ("hospital", "image")]
)
def test_words_in_the_path_say_the_modality(tmp_path: Path, folder: str, modality: str) -> None:
    layout = read(write_pairs(tmp_path / folder))
    assert {tuple(case.sources) for case in layout.cases} == {(modality,)}


def test_images_of_several_sequences_are_warned_of(tmp_path: Path) -> None:
    write_pairs(tmp_path / "t2")
    write_pairs(tmp_path / "flair", "def")
    assert finding_of(read(tmp_path), "mixed_modalities") == "images named t2f (3), t2w (3)"


def test_images_without_mask_stay_without_reference_and_are_counted(tmp_path: Path) -> None:
    write_pairs(tmp_path)
    (tmp_path / "masks" / "b.png").unlink()
    layout = read(tmp_path)
    assert codes(layout) == [("warning", "image_without_mask")]
    assert [case.reference is None for case in layout.cases] == [False, True, False]


def test_masks_without_image_are_left_out_and_counted(tmp_path: Path) -> None:
    write_pairs(tmp_path)
    (tmp_path / "images" / "b.png").unlink()
    layout = read(tmp_path)
    assert codes(layout) == [("warning", "mask_without_image")]
    assert [case.case_id for case in layout.cases] == ["a", "c"]


def test_masks_that_fit_no_image_at_all_refuse_the_folder(tmp_path: Path) -> None:
    save(tmp_path / "images" / "a.png", image(0))
    save(tmp_path / "masks" / "zzz.png", mask(WHITE))
    with pytest.raises(InputRefusedError) as refused:
        read_paired(tmp_path)
    assert [finding.code for finding in refused.value.findings] == ["image_without_mask", "mask_without_image"]


def test_an_ambiguous_pair_is_refused_by_name_and_the_others_kept(tmp_path: Path) -> None:
    write_pairs(tmp_path)
    save(tmp_path / "images" / "b.jpg", image(ord("b")))
    layout = read(tmp_path)
    assert codes(layout) == [("error", "ambiguous_pair")]
    assert finding_of(layout, "ambiguous_pair").endswith("images/b.jpg, images/b.png, masks/b.png")
    assert [case.case_id for case in layout.cases] == ["a", "c"]


def test_changed_copies_are_one_group_with_their_source(tmp_path: Path) -> None:
    write_pairs(tmp_path, ["scan", "flipped_scan", "scan_jpg.rf.0a1b2c", "other"])
    layout = read(tmp_path)
    assert codes(layout) == [("warning", "augmented_copies")]
    assert sorted(case.group_id for case in layout.cases) == ["other", "scan", "scan", "scan"]
    assert {case.group_kind for case in layout.cases} == {"source image"}


def test_look_alikes_under_unrelated_names_are_one_group(tmp_path: Path) -> None:
    write_pairs(tmp_path, "abcd")
    save(tmp_path / "images" / "d.png", image(ord("a"))[:, ::-1].copy())
    layout = read(tmp_path)
    assert codes(layout) == [("warning", "look_alikes")]
    assert [case.group_id for case in layout.cases] == ["a", "b", "c", "a"]
    assert {case.group_kind for case in layout.cases} == {"look-alike cluster"}


def test_a_source_in_train_and_test_is_one_group_and_their_division_is_not_used(tmp_path: Path) -> None:
    write_pairs(tmp_path / "train", "ab")
    write_pairs(tmp_path / "test", "b")
    layout = read(tmp_path)
    assert [case.case_id for case in layout.cases] == ["a", "test-b", "train-b"]
    assert [case.group_id for case in layout.cases] == ["a", "b", "b"]
    assert ("note", "own_division") in codes(layout)


def test_folders_that_draw_in_colours_of_their_own_are_warned_of(tmp_path: Path) -> None:
    write_pairs(tmp_path / "kidney", "ab", (RED, BLUE))
    write_pairs(tmp_path / "liver", "cd", (WHITE,))
    assert finding_of(read(tmp_path), "palettes_differ") == "2 folders whose masks are drawn in colours of their own"


def test_a_folder_that_lacks_a_colour_is_not(tmp_path: Path) -> None:
    write_pairs(tmp_path / "train", "ab", (RED, BLUE))
    write_pairs(tmp_path / "val", "cd", (RED,))
    assert "palettes_differ" not in [code for _, code in codes(read(tmp_path))]


def test_masks_that_fill_the_picture_are_suspected_to_be_inverted(tmp_path: Path) -> None:
    write_pairs(tmp_path)
    for name in "abc":
        save(tmp_path / "masks" / f"{name}.png", 255 - mask(WHITE))
    assert finding_of(read(tmp_path), "mask_fills_image") == "masks that fill 98% of the pictures"  # 1 - 25 / 1080


def test_pictures_in_the_place_of_masks_refuse_the_folder(tmp_path: Path) -> None:
    levels = np.array([0, 60, 120, 180, 240], np.uint8)
    colours = np.array([(red, green, blue) for red in levels for green in levels for blue in levels])
    blocks = colours[np.arange(121).reshape(11, 11)].repeat(6, axis=0).repeat(6, axis=1)
    save(tmp_path / "images" / "a.png", image(0))
    save(tmp_path / "masks" / "a.png", blocks)
    with pytest.raises(InputRefusedError, match=r"1 mask\(s\) without flat colours"):
        read_paired(tmp_path)


def test_a_damaged_file_stops_its_own_case_alone(tmp_path: Path) -> None:
    write_pairs(tmp_path)
    (tmp_path / "images" / "b.png").write_bytes(b"cut")
    (tmp_path / "masks" / "c.png").write_bytes(b"cut")
    layout = read(tmp_path)
    assert layout.findings == ()
    for case, damaged in zip(layout.cases, (None, "b.png", "c.png"), strict=True):
        if damaged is None:
            load_case(case, SCHEMES["binary"])
            continue
        with pytest.raises(InputRefusedError) as refused:
            load_case(case, SCHEMES["binary"])
        assert [(f.code, f.file) for f in refused.value.findings] == [("damaged_file", damaged)]


def test_a_mask_of_another_size_is_refused_with_both_sizes(tmp_path: Path) -> None:
    save(write_pairs(tmp_path) / "masks" / "b.png", mask(WHITE)[:-1])
    with pytest.raises(InputRefusedError, match="shape 36 × 29 × 1; expected 36 × 30 × 1"):
        load_case(read(tmp_path).cases[1], SCHEMES["binary"])


def test_names_that_are_no_folder_names_are_made_so_and_stay_apart(tmp_path: Path) -> None:
    write_pairs(tmp_path, ["b b", "b?b", "ü", "B_B"])
    assert [case.case_id for case in read(tmp_path).cases] == ["B_B", "b_b-2", "b_b-3", "image"]


def test_a_folder_of_pictures_without_masks_is_not_this_layout(tmp_path: Path) -> None:
    save(tmp_path / "photo.png", image(0))
    assert read_paired(tmp_path) is None
    assert read_paired(tmp_path / "photo.png") is None


def test_slices_named_as_tcga_warn_that_their_colours_are_sequences(tmp_path: Path) -> None:
    for number in (1, 2):
        save(tmp_path / "images" / f"TCGA_CS_4941_19960909_{number}.jpg", image(number, colour=True), quality=95)
        save(tmp_path / "masks" / f"TCGA_CS_4941_19960909_{number}.jpg", mask(WHITE), quality=95)
    layout = read(tmp_path)
    assert ("warning", "sequences_as_colour") in codes(layout)
    assert {(case.patient_id, case.group_kind) for case in layout.cases} == {("TCGA_CS_4941", "patient")}


@pytest.mark.parametrize(
    ("folder", "cases", "channels", "labels", "groups", "found"),
    [
        ("brain_2d/brisc_3_classes_rgb", 41, "image", 3, 41, ["labels_found"]),
        ("brain_2d/brats_rgb_interpolated_masks", 36, "image", 3, 13, ["labels_found"]),
        ("brain_2d/tumour_jpg_noisy_masks", 22, "red green blue", 1, 7, ["sequences_as_colour"]),
        ("ct_2d/haemorrhage", 36, "image", 5, 36, ["labels_found"]),
        ("ct_2d/kidney_tumour", 24, "image", 2, 5, ["labels_found"]),
        ("ct_2d/lung_2d/tif", 10, "image", 1, 10, []),
        ("ct_2d/lung_2d/jpg", 10, "image", 1, 10, []),
        ("ct_2d/liver_tumour", 250, "image", 1, 86, ["augmented_copies"]),
    ],
)
def test_real_sets_are_taken_for_what_they_are(
    real_data: Path, folder: str, cases: int, channels: str, labels: int, groups: int, found: list[str]
) -> None:
    layout = real_layout(real_data / folder)
    assert (layout.name, len(layout.cases)) == ("paired", cases)
    assert {" ".join(case.sources) for case in layout.cases} == {channels}
    assert len({case.group_id for case in layout.cases}) == groups
    assert [finding.code for finding in layout.findings] == found
    assert layout.scheme == ("binary" if labels == 1 else None)
    reference = layout.cases[0].reference
    assert reference is not None
    assert reference.palette is not None
    assert len(reference.palette) == labels + 1


@pytest.mark.parametrize(
    "folder", ["brain_2d/tumour_jpg_noisy_masks", "ct_2d/lung_2d/tif", "ct_2d/lung_2d/jpg", "ct_2d/liver_tumour"]
)
def test_every_binary_case_of_the_real_sets_loads(real_data: Path, folder: str) -> None:
    for case in real_layout(real_data / folder).cases[::7]:
        loaded = load_case(case, SCHEMES["binary"])
        assert loaded.reference is not None
        assert {finding.severity for finding in loaded.findings} <= {"warning", "note"}


def test_one_lung_mask_is_the_same_as_tif_and_as_noisy_jpeg(real_data: Path) -> None:
    exact, noisy = (real_layout(real_data / "ct_2d" / "lung_2d" / kind).cases for kind in ("tif", "jpg"))
    for one, other in zip(exact, noisy, strict=True):
        first, second = (load_case(case, SCHEMES["binary"]).reference for case in (one, other))
        assert np.array_equal(first, second)


@pytest.mark.slow
def test_all_ct_sets_at_once_keep_six_colours_apart_and_say_that_they_differ(real_data: Path) -> None:
    layout = read_layout(real_data / "ct_2d")
    assert len(layout.cases) == 330
    assert {tuple(case.sources) for case in layout.cases} == {("ct",)}
    assert [finding.code for finding in layout.findings] == ["labels_found", "palettes_differ", "augmented_copies"]
    assert layout.findings[0].found.startswith("6 labels")
