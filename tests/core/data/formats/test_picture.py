"""Pictures become channels of (column, row, slice): grey is one, colour is three, nothing is blended."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data import limits
from core.data.formats import FORMATS, format_of
from core.data.formats.picture import read_picture
from core.data.refusal import InputRefusedError

RAMP = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20  # 3 rows, 4 columns
COLOUR = np.stack([RAMP, RAMP[::-1], np.full_like(RAMP, 7)], axis=2)
GREY_AS_COLOUR = np.repeat(RAMP[..., np.newaxis], 3, axis=2)


def saved(path: Path, pixels: np.ndarray, **options: object) -> Path:
    Image.fromarray(pixels).save(path, **options)
    return path


def codes(files: tuple[Path, ...]) -> list[tuple[str, str]]:
    return [(finding.severity, finding.code) for finding in read_picture(files).findings]


def refusal(files: tuple[Path, ...]) -> tuple[str, str]:
    with pytest.raises(InputRefusedError) as error:
        read_picture(files)
    (finding,) = error.value.findings
    return finding.code, finding.found


def test_x_is_the_column_and_y_the_row_downwards(tmp_path: Path) -> None:
    image = read_picture((saved(tmp_path / "a.png", RAMP),))
    assert image.stored.shape == (1, 4, 3, 1)
    assert image.grid.shape == (4, 3, 1)
    assert image.grid.affine is None
    assert image.stored[0, 3, 1, 0] == RAMP[1, 3]
    assert (image.slope, image.intercept, image.findings) == ((1.0,), (0.0,), ())


def test_real_colour_stays_three_channels(tmp_path: Path) -> None:
    image = read_picture((saved(tmp_path / "a.png", COLOUR),))
    assert image.channels == 3
    assert np.array_equal(image.stored[..., 0], COLOUR.transpose(2, 1, 0))
    assert image.findings == ()


def test_equal_channels_are_read_as_one_with_a_note(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", GREY_AS_COLOUR)
    assert np.array_equal(read_picture((path,)).stored[0, :, :, 0], RAMP.T)
    assert codes((path,)) == [("note", "grey_as_colour")]


@pytest.mark.parametrize(("off", "channels"), [(2, 1), (3, 3)])
def test_two_grey_values_of_rounding_are_forgiven_to_jpeg_alone(
    tmp_path: Path, off: int, channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.data.formats import picture
    from core.data.formats.picture_file import Picture

    pixels = GREY_AS_COLOUR.copy()
    pixels[..., 0] += off
    for lossy, expected in ((True, channels), (False, 3)):
        monkeypatch.setattr(picture, "open_picture", lambda _, lossy=lossy: Picture(pixels, lossy))
        assert read_picture((tmp_path / "a.jpg",)).channels == expected


def test_a_grey_jpeg_saved_in_colour_is_grey(tmp_path: Path) -> None:
    smooth = np.kron(GREY_AS_COLOUR, np.ones((16, 16, 1), np.uint8))
    assert read_picture((saved(tmp_path / "a.jpg", smooth, quality=90),)).channels == 1


def test_a_few_coloured_pixels_on_grey_are_suspected_to_be_drawn(tmp_path: Path) -> None:
    pixels = np.repeat(np.full((40, 40, 1), 90, np.uint8), 3, axis=2)
    pixels[0, :10] = (255, 0, 0)  # 10 of 1600 pixels: 0.6 %
    path = saved(tmp_path / "a.png", pixels)
    assert codes((path,)) == [("warning", "little_colour")]
    assert read_picture((path,)).channels == 3
    pixels[1, :10] = (255, 0, 0)  # 1.25 %
    assert codes((saved(path, pixels),)) == []


def test_transparent_pixels_are_warned_of(tmp_path: Path) -> None:
    opacity = np.full_like(RAMP, 255)
    opacity[0, :3] = 0  # 3 of 12
    image = read_picture((saved(tmp_path / "a.png", np.dstack([COLOUR, opacity])),))
    (finding,) = image.findings
    assert (finding.code, finding.found[:5]) == ("transparency", "25.0%")
    assert np.array_equal(image.stored[..., 0], COLOUR.transpose(2, 1, 0))


def test_files_are_slices_in_the_order_given(tmp_path: Path) -> None:
    files = tuple(saved(tmp_path / f"{n}.png", RAMP + n) for n in (2, 0, 1))
    image = read_picture(files)
    assert image.stored.shape == (1, 4, 3, 3)
    assert image.stored[0, 0, 0].tolist() == [2, 0, 1]


def test_one_slice_of_colour_keeps_the_whole_stack_in_three_channels(tmp_path: Path) -> None:
    """A black first slice of a scan whose channels are sequences must not lose two of them."""
    black = saved(tmp_path / "0.tif", np.zeros((3, 4, 3), np.uint8))
    image = read_picture((black, saved(tmp_path / "1.tif", COLOUR)))
    assert image.stored.shape == (3, 4, 3, 2)
    assert np.array_equal(image.stored[..., 1], COLOUR.transpose(2, 1, 0))


def test_slices_of_two_sizes_are_refused(tmp_path: Path) -> None:
    files = (saved(tmp_path / "0.png", RAMP), saved(tmp_path / "1.png", RAMP.T.copy()))
    assert refusal(files) == ("slice_sizes", "slices of 3 × 4 and 4 × 3")


def test_slices_of_two_depths_are_refused(tmp_path: Path) -> None:
    files = (saved(tmp_path / "0.png", RAMP), saved(tmp_path / "1.png", RAMP.astype(np.uint16)))
    assert refusal(files) == ("slice_types", "slices of uint16 and uint8")


def test_a_stack_larger_than_any_volume_is_refused_at_its_first_slice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = tuple(saved(tmp_path / f"{n}.png", RAMP) for n in range(3))
    monkeypatch.setattr(limits, "MAX_VOLUME_BYTES", 36)
    read_picture(files)
    monkeypatch.setattr(limits, "MAX_VOLUME_BYTES", 35)
    assert refusal(files) == ("too_large", "3 slices of 12 bytes")


@pytest.mark.parametrize("name", ["a.png", "a.JPG", "a.jpeg", "a.tif", "A.TIFF", "a.bmp"])
def test_names_lead_to_this_format(name: str) -> None:
    assert format_of(Path(name)) == "picture"
    assert FORMATS["picture"].read is read_picture
