"""NIfTI-1 and NIfTI-2 headers: what they claim, checked before a voxel is read.

Reference: Cox et al., "A (sort of) new image data format standard: NIfTI-1", 2004, and the field list of
NIfTI-2 (2011); the fields are told apart by nibabel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data import limits
from core.data.formats.findings import refusal
from core.data.formats.gzip_bounded import BoundedReader, DamagedFileError

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Header

NIFTI1_BYTES = 348
NIFTI2_BYTES = 540
SINGLE = (b"n+1", b"n+2")
PAIR = (b"ni1", b"ni2")
CIFTI_INTENTS = range(3000, 3100)
COLOUR_TYPES = {128: "RGB", 2304: "RGBA"}
COMPLEX_TYPES = (32, 1792, 2048)
QUADRUPLE_TYPE = 1536  # which most processors, and so numpy, do not have
AXES = 4  # three of space, one of channels


@dataclass(frozen=True, slots=True, eq=False)
class NiftiHeader:
    """What a header says of its voxels.

    Attributes:
        fields: the header as nibabel tells its fields apart.
        header_bytes: its length.
        single: whether the voxels follow in the same file.
        shape: (I, J, K).
        channels: images of that shape.
        dtype: of a stored voxel, byte order included.
        slope: value per stored unit.
        intercept: value of a stored zero.
    """

    fields: Nifti1Header
    header_bytes: int
    single: bool
    shape: tuple[int, int, int]
    channels: int
    dtype: np.dtype[Any]
    slope: float
    intercept: float

    @property
    def voxel_bytes(self) -> int:
        """Bytes of all voxels."""
        i, j, k = self.shape
        return i * j * k * self.channels * self.dtype.itemsize

    def bytes_before_voxels(self, already_read: int) -> int:
        """Return how many bytes to step over in the file that holds the voxels.

        Raises:
            DamagedFileError: the voxels would lie inside the header, or far behind it.
        """
        offset = float(self.fields["vox_offset"])  # NIfTI-1 keeps it as a real number, which may be NaN
        if already_read <= offset <= already_read + limits.MAX_EXTENSION_BYTES:
            return int(offset) - already_read
        where = "right behind the header" if already_read else "at the start of the .img file"
        raise DamagedFileError(f"voxels at byte {offset:.0f}; expected them {where}, at {already_read} or later")


def read_header(reader: BoundedReader) -> NiftiHeader:
    """Read a header and check what it claims.

    Raises:
        DamagedFileError: it is cut short, or its dimensions make no sense.
        InputRefusedError: it is not NIfTI, or announces something that is no image of real numbers.
    """
    fields, length = _fields(reader)
    magic = fields["magic"].tobytes()[:3]
    if magic not in SINGLE + PAIR:
        raise _not_nifti(analyze=not magic.strip(b"\0"))
    if int(fields["intent_code"]) in CIFTI_INTENTS:
        raise refusal(
            "cifti",
            "a CIFTI file (values on a brain's surface and its connections)",
            "an image of voxels",
            "choose the NIfTI volume that it was made from",
        )
    dtype = _dtype(fields)
    shape, channels = _shape(fields)
    slope, intercept = _scaling(fields)
    header = NiftiHeader(fields, length, magic in SINGLE, shape, channels, dtype, slope, intercept)
    if header.voxel_bytes > limits.MAX_VOLUME_BYTES:
        raise refusal(
            "too_large",
            f"a header that claims {header.voxel_bytes:,} bytes of voxels",
            f"at most {limits.MAX_VOLUME_BYTES:,}",
            "crop or resample the image first, if the header is right",
        )
    return header


def _fields(reader: BoundedReader) -> tuple[Nifti1Header, int]:
    from nibabel.nifti1 import Nifti1Header
    from nibabel.nifti2 import Nifti2Header

    first = reader.read(4)
    for endianness in "<>":
        length = int(np.frombuffer(first, f"{endianness}i4")[0])
        if length in (NIFTI1_BYTES, NIFTI2_BYTES):
            kind: Any = Nifti1Header if length == NIFTI1_BYTES else Nifti2Header
            return kind(first + reader.read(length - 4), endianness, check=False), length
    raise _not_nifti(analyze=False)


def _not_nifti(analyze: bool) -> Exception:
    if analyze:
        found = "an ANALYZE 7.5 header, which does not say which way the image lies (or a damaged NIfTI header)"
        return refusal("not_nifti", found, "NIfTI-1 or NIfTI-2", "convert the original images to NIfTI")
    found = "a file that is not NIfTI (its first number is neither 348 nor 540, or its mark is missing)"
    return refusal("not_nifti", found, "NIfTI-1 or NIfTI-2", "check that the file is what its name says")


def _dtype(fields: Nifti1Header) -> np.dtype[Any]:
    from nibabel.spatialimages import HeaderDataError

    code = int(fields["datatype"])
    expected = "integers or real numbers"
    if code in COLOUR_TYPES:
        fix = "save each sequence as a file of its own; colours are no measurement"
        raise refusal("colour_voxels", f"{COLOUR_TYPES[code]} colours as voxels", expected, fix)
    if code in COMPLEX_TYPES:
        raise refusal("complex_voxels", "complex numbers as voxels", expected, "export the magnitude image")
    try:
        dtype: np.dtype[Any] = fields.get_data_dtype()
    except (HeaderDataError, KeyError):  # NIfTI-1's table raises one, NIfTI-2's the other
        dtype = np.dtype("V1")
    if dtype.kind not in "iuf":
        found = "128-bit real numbers as voxels" if code == QUADRUPLE_TYPE else f"voxels of the unknown type {code}"
        raise refusal("unknown_voxel_type", found, f"{expected} of 8 to 64 bits", "export the image again")
    return dtype


def _shape(fields: Nifti1Header) -> tuple[tuple[int, int, int], int]:
    rank = int(fields["dim"][0])
    if not 2 <= rank <= 7:
        raise DamagedFileError(f"an image of {rank} dimensions; expected 2 to 4")
    dims = [int(n) for n in fields["dim"][1 : rank + 1]]
    if any(not 1 <= n <= limits.MAX_DIMENSION for n in dims):
        raise DamagedFileError(f"dimensions {dims}; expected 1 to {limits.MAX_DIMENSION} voxels along each axis")
    written = " × ".join(map(str, dims))
    if any(n != 1 for n in dims[AXES:]):
        found = f"an image of {rank} dimensions ({written}), such as vectors or a deformation"
        fix = "choose the image that it belongs to, or save its parts as 3-D files"
        raise refusal("five_dimensional", found, "three axes of space and at most one of channels", fix)
    i, j, k, channels = [*dims, 1, 1][:AXES]
    if channels > limits.MAX_CHANNELS:
        found = f"a series of {channels} volumes ({written})"
        expected = f"one volume, or at most {limits.MAX_CHANNELS} channels of one"
        raise refusal("time_series", found, expected, "save the volume or the mean that is meant as a 3-D file")
    return (i, j, k), channels


def _scaling(fields: Nifti1Header) -> tuple[float, float]:
    slope, intercept = float(fields["scl_slope"]), float(fields["scl_inter"])
    if slope == 0:  # the standard's way to say "no scaling"
        return 1.0, 0.0
    if not np.isfinite([slope, intercept]).all():
        raise refusal(
            "bad_scaling",
            f"scl_slope {slope} and scl_inter {intercept}",
            "finite numbers (or slope 0)",
            "export the image again: what its numbers mean is lost",
        )
    return slope, intercept
