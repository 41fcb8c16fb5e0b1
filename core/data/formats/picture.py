"""Pictures without geometry: PNG, JPEG, TIFF and BMP, one file or the slices of a stack."""

from __future__ import annotations

import numpy as np

from core.data import limits
from core.data.formats.colour import as_channels, colour_findings, coloured
from core.data.formats.picture_file import Picture, open_picture
from core.data.formats.picture_masks import read_mask
from core.data.formats.spec import Files, FormatSpec
from core.data.image import StoredImage, plain_image
from core.data.refusal import Finding, InputRefusedError
from core.volume import Grid


def read_picture(files: Files) -> StoredImage:
    """Read one picture, or several as the slices of a stack in their order.

    Args:
        files: pictures of one size; three channels are kept when any slice has real colour.

    Returns:
        The channels (C, column, row, slice), uint8, uint16, int32 or float32, without geometry.

    Raises:
        DamagedFileError: a file is truncated or corrupt.
        InputRefusedError: a file is too large or of a kind that is not read, or the slices do not fit together.
        OSError: a file cannot be opened.
    """
    pictures = [_opened(files, number) for number in range(len(files))]
    require_alike(pictures)
    share = float(np.mean([coloured(picture).mean() for picture in pictures]))
    slices = [as_channels(picture, share > 0) for picture in pictures]
    stored = np.stack(slices, axis=-1).swapaxes(1, 2)  # (C, row, column, slice) to (C, column, row, slice)
    findings = [finding for picture in pictures for finding in (*picture.findings, *_transparent(picture))]
    findings += colour_findings(share, any(picture.pixels.ndim == 3 for picture in pictures))
    return plain_image(stored, Grid(stored.shape[1:]), tuple(dict.fromkeys(findings)))


def _opened(files: Files, number: int) -> Picture:
    picture = open_picture(files[number])
    if picture.pixels.nbytes * len(files) > limits.MAX_VOLUME_BYTES:
        found = f"{len(files)} slices of {picture.pixels.nbytes:,} bytes"
        expected = f"at most {limits.MAX_VOLUME_BYTES:,} bytes of voxels"
        raise InputRefusedError(Finding("error", "too_large", "", "", found, expected, "import fewer slices"))
    return picture


def require_alike(pictures: list[Picture]) -> None:
    """Refuse slices of a stack that differ in size or in the type of their pixels.

    Raises:
        InputRefusedError: they differ.
    """
    sizes = sorted({picture.pixels.shape[1::-1] for picture in pictures})
    if len(sizes) > 1:
        found = "slices of " + " and ".join(f"{column} × {row}" for column, row in sizes)
        fix = "import them as single pictures, or leave the odd slices out"
        raise InputRefusedError(Finding("error", "slice_sizes", "", "", found, "slices of one size", fix))
    kinds = sorted({str(picture.pixels.dtype) for picture in pictures})
    if len(kinds) > 1:
        found, fix = f"slices of {' and '.join(kinds)}", "export all of them with the same depth"
        raise InputRefusedError(Finding("error", "slice_types", "", "", found, "pixels of one type", fix))


def _transparent(picture: Picture) -> list[Finding]:
    if picture.opacity is None:
        return []
    found = f"{float((picture.opacity < 255).mean()):.1%} of the pixels transparent; what lies under them was read"
    fix = "check that nothing hidden shows, or save the picture without transparency"
    return [Finding("warning", "transparency", "", "", found, "an opaque picture", fix)]


PICTURE = FormatSpec(
    name="picture",
    title="PNG, JPEG, TIFF and BMP pictures: grey, colour or palette, 1 to 16 bits or real numbers",
    suffixes=(".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"),
    read=read_picture,
    read_mask=read_mask,
)
