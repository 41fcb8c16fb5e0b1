"""The series that are read: one real MR, written again in every syntax that all contestants may know."""

from __future__ import annotations

from pathlib import Path

from pydicom import dcmread
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

SYNTAXES: dict[str, UID] = {
    "explicit little endian": ExplicitVRLittleEndian,
    "implicit little endian": ImplicitVRLittleEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
    "RLE": RLELossless,
    "JPEG-LS lossless": JPEGLSLossless,
    "JPEG 2000 lossless": JPEG2000Lossless,
}


def write_series(source: Path, target: Path, syntax: UID) -> tuple[Path, ...]:
    """Write every slice of a folder again in another syntax, its own identifiers kept, and return the files."""
    target.mkdir(parents=True)
    files = []
    for path in sorted(source.iterdir()):
        data = dcmread(path)
        for element in [element for element in data if element.tag.group == 0]:  # left over from a transfer
            del data[element.tag]
        if syntax.is_encapsulated:
            data.compress(syntax, generate_instance_uid=False)
        else:
            data.file_meta.TransferSyntaxUID = syntax
        data.save_as(target / path.name)
        files.append(target / path.name)
    return tuple(files)
