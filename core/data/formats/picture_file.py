"""Open one PNG, JPEG, TIFF or BMP safely: size checked before decoding, upright, colours apart from transparency."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.data import limits
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.refusal import Finding, InputRefusedError
from core.volume import Array

if TYPE_CHECKING:
    from PIL.Image import Image

KINDS = ("PNG", "JPEG", "TIFF", "BMP")
NAMES = "PNG, JPEG, TIFF or BMP"
ORIENTATION_TAG = 0x0112  # Reference: Exif 2.32, 4.6.4: 1 is upright, 2 to 8 are turned or mirrored
TURNS = {2: "mirrored", 3: "turned by 180°", 4: "mirrored", 5: "turned and mirrored", 6: "turned by 90°"} | {
    7: "turned and mirrored",
    8: "turned by 270°",
}
BITS_TAG = 258  # Reference: TIFF 6.0, section 8, BitsPerSample
GREY_MODES = {"L", "1", "F", "I", "I;16", "I;16B", "I;16L", "I;16N"}
# Reference: PNG (ISO/IEC 15948) 11.2.2: bit depth is byte 24 of the file, colour type byte 25
PNG_HEADER_BYTES = 26
# what decoders raise over broken bytes, each its own; and what they warn of, where warnings are errors
BROKEN = (
    *(OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, IndexError, KeyError, TypeError),
    UserWarning,
)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One decoded picture.

    Attributes:
        pixels: (row, column) grey or (row, column, 3) colour: uint8, uint16, int32 or float32; 1-bit is 0 and 1.
        lossy: compressed as JPEG, so values are only near what was drawn.
        opacity: (row, column) uint8, 255 opaque; None without transparency.
        indices: (row, column) uint8 into the file's own palette; None for other files.
        findings: what is odd; case and file left empty.
    """

    pixels: Array
    lossy: bool
    opacity: npt.NDArray[np.uint8] | None = None
    indices: npt.NDArray[np.uint8] | None = None
    findings: tuple[Finding, ...] = ()


def open_picture(path: Path) -> Picture:
    """Decode one picture, turned upright.

    Raises:
        DamagedFileError: it is truncated, corrupt, or none of the kinds that are read.
        InputRefusedError: it is too large, has several pages, or stores colours as ink.
        OSError: the file cannot be opened.
    """
    with path.open("rb") as stream:
        first = stream.read(PNG_HEADER_BYTES)
        with _decoding(first):
            image = _within_limits(stream)
            _require_one_page(image)
            turned = int(image.getexif().get(ORIENTATION_TAG, 1))
            lossy = image.format in {"JPEG", "MPO"} or image.info.get("compression") == "jpeg"
            if image.format == "PNG":
                _verify(stream)
            image.load()
            findings = [*_turned(turned), *_narrowed(image, first)]
            return _picture(_upright(image), lossy, findings)


@contextmanager
def _decoding(first: bytes) -> Iterator[None]:
    """Turn whatever a decoder raises into one of our errors."""
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except (DamagedFileError, InputRefusedError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large("more pixels than any scan has") from None
    except UnidentifiedImageError:
        if first[:4] in {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"}:
            expected = "8-bit colour, 8- or 16-bit grey, or 32-bit real numbers"
            raise _refused("picture_kind", "a TIFF of a rare kind", expected, "save it as one of these") from None
        raise DamagedFileError(f"a file that is no {NAMES} inside, whatever its name says") from None
    except BROKEN as error:
        raise DamagedFileError(f"a truncated or corrupt picture ({_reason(error)})") from None


def _within_limits(stream: IO[bytes]) -> Image:
    from PIL import Image, ImageFile

    # a library that prints reports lets Pillow fill truncated pictures with grey, for its whole process
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    stream.seek(0)
    image = Image.open(stream, formats=KINDS)  # reads the header alone
    width, height = image.size
    if width * height > limits.MAX_PICTURE_PIXELS:
        raise _too_large(f"{width} × {height} pixels")
    return image


def _require_one_page(image: Image) -> None:
    # a second picture inside an MPO is a camera's preview
    pages = int(getattr(image, "n_frames", 1)) if image.format != "MPO" else 1
    if pages > 1:
        fix = "save each page as a picture of its own"
        raise _refused("multi_page", f"{pages} pages or frames in one picture", "one picture per file", fix)


def _verify(stream: IO[bytes]) -> None:
    """Check the checksum of every PNG chunk, which decoding alone does not."""
    _within_limits(stream).verify()
    stream.seek(0)


def _upright(image: Image) -> Image:
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def _picture(image: Image, lossy: bool, findings: list[Finding]) -> Picture:
    if image.mode == "CMYK":
        fix = "save it as RGB or grey"
        raise _refused("cmyk", "a picture in printing colours (CMYK)", "RGB or grey", fix)
    indices = np.asarray(image) if image.mode == "P" else None
    opacity = None
    if image.has_transparency_data:
        image = image.convert("RGBA" if image.mode not in {"LA", "La"} else "LA")
        opacity = np.asarray(image.getchannel("A"))
        image = image.convert("RGB" if image.mode == "RGBA" else "L")
        if (opacity == 255).all():
            opacity = None
    elif image.mode in {"P", "YCbCr"}:
        image = image.convert("RGB")
    if image.mode not in GREY_MODES | {"RGB"}:
        fix = "save it as RGB or grey"
        raise _refused("picture_kind", f"pixels of the kind {image.mode}", "grey, RGB or palette", fix)
    pixels = np.asarray(image)
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8)
    return Picture(pixels.astype(pixels.dtype.newbyteorder("="), copy=False), lossy, opacity, indices, tuple(findings))


def _turned(orientation: int) -> list[Finding]:
    if orientation not in TURNS:
        return []
    found = f"a picture whose EXIF says that it is {TURNS[orientation]}; it was put upright"
    fix = "look at both; save the picture without EXIF if they do not lie on each other"
    return [Finding("warning", "exif_rotation", "", "", found, "picture and mask turned alike", fix)]


def _narrowed(image: Image, first: bytes) -> list[Finding]:
    if image.format == "PNG":
        deep = first[24] == 16 and first[25] != 0
    else:
        tags = getattr(image, "tag_v2", {})
        deep = max(tags.get(BITS_TAG, (8,))) > 8 and image.mode not in GREY_MODES
    if not deep:
        return []
    found, expected = "16-bit colours, of which the upper 8 bits were read", "8-bit colour or 16-bit grey"
    return [Finding("warning", "narrowed_colour", "", "", found, expected, "save grey pictures as 16-bit grey")]


def _too_large(found: str) -> InputRefusedError:
    expected = f"at most {limits.MAX_PICTURE_PIXELS:,} pixels"
    return _refused("too_large", found, expected, "cut or shrink the picture, and its mask with it")


def _refused(code: str, found: str, expected: str, fix: str) -> InputRefusedError:
    return InputRefusedError(Finding("error", code, "", "", found, expected, fix))


def _reason(error: Exception) -> str:
    """Return the decoder's words, without the object's address that some hold."""
    words = str(error).split("<", maxsplit=1)[0].strip()
    return words or type(error).__name__
