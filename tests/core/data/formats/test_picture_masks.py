"""A mask drawn as a picture gives labels, with the share of doubtful pixels said, or is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.case import Source
from core.data.formats.palette import AS_STORED
from core.data.formats.picture_masks import read_mask
from core.data.load import load_label_file
from core.data.refusal import InputRefusedError
from core.labels import SCHEMES

BLACK_WHITE = ((0, 0, 0), (255, 255, 255))
COLOURS = ((0, 0, 0), (0, 0, 255), (0, 255, 0), (255, 0, 0))


def square(value: object, size: int = 20) -> np.ndarray:
    """Rows 3-9 and columns 5-14 of one value on 0: 70 pixels of 400."""
    wide = isinstance(value, tuple)
    mask = np.zeros((size, size, 3) if wide else (size, size), np.uint8)
    mask[3:10, 5:15] = value
    return mask


def saved(path: Path, pixels: np.ndarray, **options: object) -> Path:
    Image.fromarray(pixels).save(path, **options)
    return path


def read(*files: Path, palette: tuple[tuple[int, int, int], ...] | None = None) -> tuple[np.ndarray, list[str]]:
    image = read_mask(Source(files, "picture", palette=palette), None)
    return image.stored[0], [finding.code for finding in image.findings]


def refusal(*files: Path, palette: tuple[tuple[int, int, int], ...] | None = None) -> tuple[str, str]:
    with pytest.raises(InputRefusedError) as error:
        read_mask(Source(files, "picture", palette=palette), None)
    (finding,) = error.value.findings
    return finding.code, finding.found


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp"])
@pytest.mark.parametrize("value", [1, 255, (255, 255, 255)])
def test_a_binary_mask_is_one_label_however_it_was_saved(tmp_path: Path, name: str, value: object) -> None:
    labels, findings = read(saved(tmp_path / name, square(value)))
    assert labels.shape == (20, 20, 1)
    assert np.array_equal(labels[..., 0], square(1).T)
    assert findings == []


def test_a_one_bit_mask_is_one_label(tmp_path: Path) -> None:
    Image.fromarray(square(1) > 0).save(tmp_path / "a.png")
    assert np.array_equal(read(tmp_path / "a.png")[0][..., 0], square(1).T)


def test_a_colour_has_its_cohorts_label_even_alone_in_a_file(tmp_path: Path) -> None:
    labels, _ = read(saved(tmp_path / "a.png", square((255, 0, 0))), palette=COLOURS)
    assert np.unique(labels).tolist() == [0, 3]
    alone, _ = read(tmp_path / "a.png")
    assert np.unique(alone).tolist() == [0, 1]


def test_stored_numbers_stay_the_labels_they_are(tmp_path: Path) -> None:
    labels, _ = read(saved(tmp_path / "a.png", square(4)), palette=AS_STORED)
    assert np.unique(labels).tolist() == [0, 4]


def test_palette_indices_are_labels_not_the_colours_behind_them(tmp_path: Path) -> None:
    image = Image.fromarray(square(2))
    image.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
    image.save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as stored:
        assert stored.mode == "P"
    assert np.unique(read(tmp_path / "a.png")[0]).tolist() == [0, 2]


def test_a_noisy_jpeg_mask_is_snapped_and_what_is_doubtful_is_said(tmp_path: Path) -> None:
    blurred = square(255)
    blurred[3, 5:15] = 120  # 10 of 400 pixels, of the 70 drawn
    image = read_mask(Source((saved(tmp_path / "a.png", blurred),), "picture", palette=BLACK_WHITE), None)
    (finding,) = image.findings
    assert (finding.severity, finding.code) == ("warning", "doubtful_colours")
    assert finding.found == "2.50% of the pixels (14.3% of those drawn) between two colours"
    assert int(image.stored.sum()) == 60  # 120 is nearer to black
    clean, findings = read(saved(tmp_path / "a.jpg", np.kron(square(255), np.ones((8, 8), np.uint8)), quality=95))
    assert np.array_equal(clean[..., 0], np.kron(square(1).T, np.ones((8, 8), np.uint8)))
    assert findings == []


def test_more_than_a_fifth_of_doubtful_pixels_is_no_mask(tmp_path: Path) -> None:
    pixels = square(255)
    pixels[12:16] = 120  # 80 of 400: a fifth exactly
    assert read(saved(tmp_path / "a.png", pixels), palette=BLACK_WHITE)[1] == ["doubtful_colours"]
    pixels[16, 0] = 120
    assert refusal(saved(tmp_path / "a.png", pixels), palette=BLACK_WHITE) == (
        "not_a_mask",
        "20.25% of the pixels (53.6% of those drawn) between two colours",
    )


def test_an_image_in_the_masks_place_is_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    assert refusal(saved(tmp_path / "a.png", rng.integers(0, 256, (64, 64, 3), np.uint8)))[0] == "not_a_mask"


def test_transparent_pixels_are_background_whatever_lies_under_them(tmp_path: Path) -> None:
    everywhere = np.full((20, 20, 3), 255, np.uint8)
    labels, _ = read(saved(tmp_path / "a.png", np.dstack([everywhere, square(255)])))
    assert np.array_equal(labels[..., 0], square(1).T)


def test_numbers_that_no_mask_has_are_refused(tmp_path: Path) -> None:
    assert refusal(saved(tmp_path / "a.tif", square(1).astype(np.int32) * 70_000)) == (
        "not_a_mask",
        "pixel values from 0 to 70000 in a mask",
    )


def test_real_numbers_are_labels_when_whole_and_passed_on_when_not(tmp_path: Path) -> None:
    whole, _ = read(saved(tmp_path / "a.tif", square(3).astype(np.float32)))
    assert np.unique(whole).tolist() == [0, 3]
    probabilities = saved(tmp_path / "b.tif", square(1).astype(np.float32) * np.float32(0.4))
    assert np.unique(read(probabilities)[0]).tolist() == [0, np.float32(0.4)]
    with pytest.raises(InputRefusedError, match=r"probability|probabilities"):
        load_label_file(probabilities, SCHEMES["binary"])


def test_masks_of_a_stack_are_its_slices(tmp_path: Path) -> None:
    files = [saved(tmp_path / f"{n}.png", square(255) if n == 1 else square(0)) for n in range(3)]
    labels, _ = read(*files)
    assert labels.sum(axis=(0, 1)).tolist() == [0, 70, 0]
    odd = saved(tmp_path / "odd.png", square(255, size=21))
    assert refusal(*files, odd) == ("slice_sizes", "masks of 20 × 20 and 21 × 21")


def test_a_mask_turned_by_exif_is_warned_of(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    labels, findings = read(saved(tmp_path / "a.png", square(255), exif=exif))
    assert findings == ["exif_rotation"]
    assert np.array_equal(labels[..., 0], square(1)[::-1, ::-1].T)


def test_a_mask_file_on_its_own_becomes_regions(tmp_path: Path) -> None:
    regions, grid = load_label_file(saved(tmp_path / "a.png", square(255)), SCHEMES["binary"])
    assert int(regions.sum()) == 70
    assert grid.shape == (20, 20, 1)
