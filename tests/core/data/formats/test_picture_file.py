"""One picture is decoded as it was stored, or refused with the reason before it can do harm."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageFile

from core.data import limits
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.formats.picture_file import open_picture
from core.data.refusal import InputRefusedError

RAMP = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5  # (row, column)
COLOUR = np.stack([RAMP, RAMP[::-1], np.full_like(RAMP, 7)], axis=2)


def saved(path: Path, pixels: np.ndarray, **options: object) -> Path:
    Image.fromarray(pixels).save(path, **options)
    return path


def refused(path: Path) -> tuple[str, str]:
    with pytest.raises(InputRefusedError) as error:
        open_picture(path)
    (finding,) = error.value.findings
    return finding.code, finding.found


def png(depth: int, kind: int, width: int, rows: list[bytes], width_claimed: int | None = None) -> bytes:
    """A PNG written chunk by chunk, for kinds that Pillow does not write."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width_claimed or width, len(rows), depth, kind, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff", ".bmp"])
@pytest.mark.parametrize("pixels", [RAMP, COLOUR], ids=["grey", "colour"])
def test_lossless_kinds_come_back_exactly(tmp_path: Path, suffix: str, pixels: np.ndarray) -> None:
    picture = open_picture(saved(tmp_path / f"a{suffix}", pixels))
    assert np.array_equal(picture.pixels, pixels)
    assert (picture.lossy, picture.opacity, picture.findings) == (False, None, ())


@pytest.mark.parametrize(
    ("name", "pixels"),
    [
        ("grey16.png", RAMP.astype(np.uint16) * 257),
        ("grey16.tif", RAMP.astype(np.uint16) * 257),
        ("signed32.tif", RAMP.astype(np.int32) - 100_000),
        ("real.tif", RAMP.astype(np.float32) / 7),
    ],
)
def test_deep_and_real_pixels_keep_every_bit(tmp_path: Path, name: str, pixels: np.ndarray) -> None:
    picture = open_picture(saved(tmp_path / name, pixels))
    assert picture.pixels.dtype == pixels.dtype
    assert np.array_equal(picture.pixels, pixels)


def test_one_bit_pixels_are_0_and_1(tmp_path: Path) -> None:
    Image.fromarray(RAMP > 100).save(tmp_path / "a.png")
    pixels = open_picture(tmp_path / "a.png").pixels
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, RAMP > 100)


def test_a_palette_gives_its_colours_and_keeps_its_indices(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8), mode=None)
    image.putpalette([0, 0, 0, 200, 10, 20, 5, 250, 30])
    image.save(tmp_path / "a.png")
    picture = open_picture(tmp_path / "a.png")
    assert picture.pixels.tolist() == [[[0, 0, 0], [200, 10, 20]], [[5, 250, 30], [200, 10, 20]]]
    assert picture.indices is not None
    assert picture.indices.tolist() == [[0, 1], [2, 1]]


def test_a_jpeg_is_known_as_lossy_also_inside_a_tiff(tmp_path: Path) -> None:
    assert open_picture(saved(tmp_path / "a.jpg", RAMP)).lossy
    assert open_picture(
        saved(tmp_path / "a.tif", np.kron(COLOUR, np.ones((8, 8, 1), np.uint8)), compression="jpeg")
    ).lossy


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.bmp"])
def test_a_truncated_picture_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    whole = saved(tmp_path / name, np.kron(COLOUR, np.ones((9, 9, 1), np.uint8))).read_bytes()
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as a library in the same process may have it
    for share in (0.1, 0.5, 0.9):
        (tmp_path / name).write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(DamagedFileError):
            open_picture(tmp_path / name)


def test_a_flipped_bit_in_a_png_never_changes_a_pixel_unnoticed(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", COLOUR)
    whole = path.read_bytes()
    unnoticed = []
    for place in range(8, len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            assert np.array_equal(open_picture(path).pixels, COLOUR)
            unnoticed.append(place)
        except (DamagedFileError, InputRefusedError):
            pass
    assert min(unnoticed) >= len(whole) - 12  # in the closing chunk, which holds nothing


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"GIF89a" + bytes(40), b"version https://git-lfs.github.com/spec/v1"]
)
def test_what_is_no_picture_is_damaged_whatever_its_name_says(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(DamagedFileError, match="no PNG, JPEG, TIFF or BMP inside"):
        open_picture(tmp_path / "a.png")


def test_a_missing_file_says_so_itself(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_picture(tmp_path / "a.png")


@pytest.mark.parametrize("width", [70_000, 20_000, 10_000])
def test_a_bomb_is_refused_by_its_header(tmp_path: Path, width: int) -> None:
    """The pixels behind these headers would fill up to 5 GB; the files have 20 KB."""
    rows = [bytes(1)] * width  # one byte a row: decoding would fail long before, had it begun
    (tmp_path / "a.png").write_bytes(png(8, 0, 1, rows, width_claimed=width))
    assert refused(tmp_path / "a.png")[0] == "too_large"


def test_the_limit_is_the_one_of_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "a.png", RAMP)
    monkeypatch.setattr(limits, "MAX_PICTURE_PIXELS", 48)
    open_picture(path)
    monkeypatch.setattr(limits, "MAX_PICTURE_PIXELS", 47)
    assert refused(path) == ("too_large", "8 × 6 pixels")


@pytest.mark.parametrize("name", ["a.tif", "a.png"])
def test_several_pages_or_frames_are_refused(tmp_path: Path, name: str) -> None:
    pages = [Image.fromarray(RAMP), Image.fromarray(RAMP[::-1].copy())]
    pages[0].save(tmp_path / name, save_all=True, append_images=pages[1:])
    assert refused(tmp_path / name) == ("multi_page", "2 pages or frames in one picture")


def test_printing_colours_are_refused(tmp_path: Path) -> None:
    Image.fromarray(COLOUR).convert("CMYK").save(tmp_path / "a.jpg")
    assert refused(tmp_path / "a.jpg")[0] == "cmyk"


def test_other_colour_spaces_are_refused_by_name(tmp_path: Path) -> None:
    Image.fromarray(COLOUR).convert("LAB").save(tmp_path / "a.tif")
    assert refused(tmp_path / "a.tif") == ("picture_kind", "pixels of the kind LAB")


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_sixteen_bit_colour_is_narrowed_with_a_warning(tmp_path: Path, name: str) -> None:
    deep = COLOUR.astype(np.uint16) * 256 + 1
    if name == "a.png":
        (tmp_path / name).write_bytes(png(16, 2, 8, [row.astype(">u2").tobytes() for row in deep]))
    else:
        tifffile.imwrite(tmp_path / name, deep, photometric="rgb")
    picture = open_picture(tmp_path / name)
    assert np.array_equal(picture.pixels, COLOUR)
    assert [finding.code for finding in picture.findings] == ["narrowed_colour"]


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.complex64])
def test_a_tiff_of_a_kind_that_is_not_read_is_told_from_a_broken_one(tmp_path: Path, dtype: type) -> None:
    tifffile.imwrite(tmp_path / "a.tif", RAMP.astype(dtype))
    assert refused(tmp_path / "a.tif") == ("picture_kind", "a TIFF of a rare kind")


@pytest.mark.parametrize(
    ("orientation", "upright"), [(6, np.rot90(RAMP, -1)), (3, np.rot90(RAMP, 2)), (2, RAMP[:, ::-1])]
)
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_picture_turned_by_exif_is_put_upright_with_a_warning(
    tmp_path: Path, orientation: int, upright: np.ndarray, suffix: str
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = open_picture(saved(tmp_path / f"a{suffix}", RAMP, exif=exif))
    assert np.array_equal(picture.pixels, upright)
    (finding,) = picture.findings
    assert (finding.severity, finding.code) == ("warning", "exif_rotation")


def test_an_exif_that_says_upright_says_nothing(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 1
    assert open_picture(saved(tmp_path / "a.png", RAMP, exif=exif)).findings == ()


def test_transparency_is_kept_apart_and_forgotten_when_opaque(tmp_path: Path) -> None:
    opacity = np.full_like(RAMP, 255)
    path = saved(tmp_path / "a.png", np.dstack([COLOUR, opacity]))
    assert open_picture(path).opacity is None
    opacity[0, 0] = 9
    picture = open_picture(saved(path, np.dstack([COLOUR, opacity])))
    assert np.array_equal(picture.pixels, COLOUR)
    assert picture.opacity is not None
    assert np.array_equal(picture.opacity, opacity)
    grey = open_picture(saved(tmp_path / "grey.png", np.dstack([RAMP, opacity])))
    assert np.array_equal(grey.pixels, RAMP)
