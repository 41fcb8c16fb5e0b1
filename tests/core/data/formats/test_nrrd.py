"""NRRD files: what pynrrd reads, we read, in RAS+; what is damaged or strange is refused in a sentence."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Mapping
from pathlib import Path

import nrrd
import numpy as np
import pytest
import SimpleITK

from core.data.formats import FORMATS
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.formats.nrrd import read_nrrd
from core.data.refusal import InputRefusedError

VOXELS = np.arange(60, dtype="<i2").reshape((3, 4, 5), order="F")
FIELDS = {
    "type": "short",
    "dimension": "3",
    "space": "left-posterior-superior",
    "sizes": "3 4 5",
    "space directions": "(2,0,0) (0,3,0) (0,0,4)",
    "space origin": "(10,20,30)",
    "endian": "little",
    "encoding": "raw",
}


def write(path: Path, content: bytes = VOXELS.tobytes(order="F"), **fields: str | None) -> Path:
    """Write the plain image with these fields instead; a field that is None is left out."""
    named = {**FIELDS, **{name.replace("_", " "): value for name, value in fields.items()}}
    lines = ["NRRD0004", "# made up", *(f"{name}: {value}" for name, value in named.items() if value is not None)]
    path.write_bytes("\n".join([*lines, "note:=private", "", ""]).encode() + content)
    return path


def test_a_plain_file_gives_its_voxels_and_lps_turned_to_ras(tmp_path: Path) -> None:
    image = read_nrrd(write(tmp_path / "x.nrrd"))
    assert np.array_equal(image.stored[0], VOXELS)
    assert (image.slope, image.intercept, image.findings) == ((1.0,), (0.0,), ())
    assert image.grid.affine is not None
    assert image.grid.affine.tolist() == [[-2, 0, 0, -10], [0, -3, 0, -20], [0, 0, 4, 30], [0, 0, 0, 1]]
    assert (image.grid.sform_code, image.grid.qform_code, image.grid.pixdim) == (1, 1, (2.0, 3.0, 4.0))


@pytest.mark.parametrize(
    ("space", "signs"),
    [("RAS", (1, 1)), ("right-anterior-superior", (1, 1)), ("LAS", (-1, 1)), ("left-posterior-superior", (-1, -1))],
)
def test_each_space_has_its_signs(tmp_path: Path, space: str, signs: tuple[int, int]) -> None:
    affine = read_nrrd(write(tmp_path / "x.nrrd", space=space)).grid.affine
    assert affine is not None
    assert (affine[0, 0], affine[1, 1], affine[2, 2]) == (2 * signs[0], 3 * signs[1], 4)
    assert affine[:3, 3].tolist() == [10 * signs[0], 20 * signs[1], 30]


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("raw", VOXELS.tobytes(order="F") + b"\n"),
        ("gzip", gzip.compress(VOXELS.tobytes(order="F"), mtime=0)),
        ("gz", gzip.compress(VOXELS.tobytes(order="F"), mtime=0)),
        ("bzip2", bz2.compress(VOXELS.tobytes(order="F"))),
        ("ascii", " ".join(map(str, VOXELS.ravel(order="F"))).encode()),
        ("text", "\n".join(map(str, VOXELS.ravel(order="F"))).encode() + b"\n"),
    ],
    ids=["raw", "gzip", "gz", "bzip2", "ascii", "text"],
)
def test_every_encoding_gives_the_same_voxels(tmp_path: Path, encoding: str, content: bytes) -> None:
    assert np.array_equal(read_nrrd(write(tmp_path / "x.nrrd", content, encoding=encoding)).stored[0], VOXELS)


@pytest.mark.parametrize("dtype", ["i1", "u1", "<i2", ">i2", "<u2", "<i4", ">u4", "<i8", "<u8", "<f4", ">f8"])
def test_every_number_type_in_either_order_is_read_as_pynrrd_writes_it(tmp_path: Path, dtype: str) -> None:
    voxels = VOXELS.astype(dtype)
    order = "big" if dtype[0] == ">" else "little"
    nrrd.write(str(tmp_path / "x.nrrd"), voxels, {"endian": order, "encoding": "gzip"}, index_order="F")
    stored = read_nrrd(tmp_path / "x.nrrd").stored
    assert np.array_equal(stored[0], voxels)
    assert stored.dtype == np.dtype(dtype).newbyteorder("=")


def test_simpleitk_and_we_agree_on_an_oblique_file(tmp_path: Path) -> None:
    image = SimpleITK.GetImageFromArray(VOXELS.transpose(2, 1, 0).copy())
    image.SetSpacing((0.9, 1.1, 5.5))
    image.SetOrigin((-20.5, 7.25, 3))
    a = np.radians(20)
    image.SetDirection((np.cos(a), -np.sin(a), 0, np.sin(a), np.cos(a), 0, 0, 0, 1))
    SimpleITK.WriteImage(image, str(tmp_path / "x.nrrd"))
    found = read_nrrd(tmp_path / "x.nrrd")
    assert np.array_equal(found.stored[0], VOXELS)
    assert found.grid.affine is not None
    place = found.grid.affine @ (2, 1, 4, 1)
    expected = np.array(image.TransformIndexToPhysicalPoint((2, 1, 4))) * (-1, -1, 1)
    assert np.allclose(place[:3], expected, atol=1e-9)


@pytest.mark.parametrize(("packing", "pack"), [("raw", bytes), ("gzip", gzip.compress)])
def test_a_detached_header_finds_its_voxels_beside_it(tmp_path: Path, packing: str, pack: type[bytes]) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "voxels.bin").write_bytes(b"one\ntwo\n" + pack(VOXELS.tobytes(order="F")))
    header = write(tmp_path / "x.nhdr", b"", data_file="data/voxels.bin", line_skip="2", encoding=packing)
    assert np.array_equal(read_nrrd(header).stored[0], VOXELS)


@pytest.mark.parametrize("skip", ["3", "-1"])
def test_bytes_before_the_voxels_are_skipped(tmp_path: Path, skip: str) -> None:
    content = b"abc" + VOXELS.tobytes(order="F")
    for encoding, packed in (("raw", content), ("gzip", gzip.compress(content))):
        path = write(tmp_path / "x.nrrd", packed, encoding=encoding, byte_skip=skip)
        assert np.array_equal(read_nrrd(path).stored[0], VOXELS)


@pytest.mark.parametrize("channel_axis", [0, 3])
def test_an_axis_that_is_not_of_space_holds_channels(tmp_path: Path, channel_axis: int) -> None:
    stack = np.stack([VOXELS, VOXELS + 100], axis=channel_axis)
    vectors = FIELDS["space directions"].split()
    vectors.insert(channel_axis, "none")
    sizes = " ".join(map(str, stack.shape))
    path = write(
        tmp_path / "x.nrrd", stack.tobytes(order="F"), dimension="4", sizes=sizes, space_directions=" ".join(vectors)
    )
    image = read_nrrd(path)
    assert image.stored.shape == (2, 3, 4, 5)
    assert np.array_equal(image.stored[0], VOXELS)
    assert np.array_equal(image.stored[1], VOXELS + 100)


def test_a_picture_is_column_by_row_and_has_no_place(tmp_path: Path) -> None:
    plain = dict.fromkeys(("space", "space_directions", "space_origin"))
    path = write(tmp_path / "x.nrrd", bytes(range(12)), type="uchar", dimension="2", sizes="3 4", **plain)
    image = read_nrrd(path)
    assert image.stored.shape == (1, 3, 4, 1)
    assert image.stored[0, 2, 1, 0] == 5, "column 2 of row 1, three to a row"
    assert (image.grid.affine, image.findings) == (None, ())
    colours = {**plain, "kinds": "RGB-color domain domain"}
    path = write(tmp_path / "x.nrrd", bytes(range(36)), type="uchar", dimension="3", sizes="3 3 4", **colours)
    assert read_nrrd(path).stored[:, 1, 0, 0].tolist() == [3, 4, 5]


@pytest.mark.parametrize(
    ("fields", "code", "affine_diagonal"),
    [
        ({"space": None, "space_directions": None, "spacings": "2 3 4"}, "no_form", [-2, -3, 4]),
        ({"space": "scanner-xyz"}, "no_form", [-2, -3, 4]),
        ({"space_units": '"um" "um" "um"'}, "units_not_mm", [-0.002, -0.003, 0.004]),
        ({"space_directions": "(2,0,0) (1,3,0) (0,0,4)"}, "sheared_grid", [-2, -3, 4]),
        ({"space": None, "space_directions": None}, "no_geometry", None),
    ],
)
def test_what_is_odd_about_its_place_is_said(
    tmp_path: Path, fields: Mapping[str, str | None], code: str, affine_diagonal: list[float] | None
) -> None:
    image = read_nrrd(write(tmp_path / "x.nrrd", **fields))
    assert [(finding.severity, finding.code) for finding in image.findings] == [("warning", code)]
    if affine_diagonal is None:
        assert image.grid.affine is None
    else:
        assert image.grid.affine is not None
        assert np.allclose(np.diag(image.grid.affine)[:3], affine_diagonal)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"type": "block"}, "unknown_voxel_type"),
        ({"encoding": "hex"}, "nrrd_encoding"),
        ({"kinds": "complex domain domain", "space_directions": "none (1,0,0) (0,1,0)"}, "complex_voxels"),
        ({"dimension": "1", "sizes": "60", "space_directions": "(1,0,0)"}, "not_an_image"),
        ({"dimension": "5", "sizes": "3 4 5 1 1", "space_directions": "(1,0,0) (0,1,0) (0,0,1) none none"},
         "not_an_image"),
        ({"dimension": "4", "sizes": "3 4 5 65", "space_directions": "(1,0,0) (0,1,0) (0,0,1) none"}, "time_series"),
        ({"sizes": "8000 8000 100"}, "too_large"),
        ({"sizes": "2000 2000 2", "encoding": "ascii"}, "too_large"),
        ({"space_directions": "(1,0,0) (2,0,0) (0,0,1)"}, "singular_affine"),
        ({"space_origin": "(nan,0,0)"}, "singular_affine"),
        ({"space_units": '"mm" "mm" "s"'}, "unknown_unit"),
        ({"data_file": "LIST"}, "half_pair"),
        ({"data_file": "slice%03d.raw 1 10 1"}, "nrrd_many_files"),
        ({"data_file": "gone.raw"}, "half_pair"),
        ({"data_file": "../x.raw"}, "nrrd_data_elsewhere"),
        ({"data_file": "/etc/hostname"}, "nrrd_data_elsewhere"),
        ({"data_file": "C:\\x.raw"}, "nrrd_data_elsewhere"),
    ],
)  # fmt: skip
def test_what_is_no_image_of_real_numbers_is_refused_by_its_name(
    tmp_path: Path, fields: Mapping[str, str], code: str
) -> None:
    with pytest.raises(InputRefusedError) as refused:
        read_nrrd(write(tmp_path / "x.nrrd", **fields))
    assert [finding.code for finding in refused.value.findings] == [code]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"sizes": None}, "without its field 'sizes'"),
        ({"endian": None}, "without its field 'endian'"),
        ({"endian": "middle"}, "byte order 'middle'"),
        ({"dimension": "4"}, "dimension 4 and 3 sizes"),
        ({"sizes": "3 four 5"}, "expected whole numbers"),
        ({"sizes": "3 4 0"}, "expected 1 to 8192"),
        ({"sizes": "3 4 6"}, "120 bytes where 144 were expected"),
        ({"sizes": "3 4 4"}, "follow the voxels"),
        ({"byte_skip": "-5"}, "a byte skip of -5"),
        ({"line_skip": "9999"}, "fewer than the 9999 lines"),
        ({"space_directions": "(1,0,0) (0,1,0)"}, "2 space directions or kinds for 3 axes"),
        ({"space_directions": "(1,0,0) (0,1,0) (0,1)"}, "3 space directions for 3 axes"),
        ({"kinds": "list", "space_directions": None}, "1 space directions or kinds for 3 axes"),
        ({"space_origin": "10 20 30"}, "expected (x,y,z)"),
        ({"space_origin": "(one,2,3)"}, "where numbers were expected"),
    ],
)
def test_a_header_that_makes_no_sense_is_damaged(
    tmp_path: Path, fields: Mapping[str, str | None], sentence: str
) -> None:
    with pytest.raises(DamagedFileError) as damaged:
        read_nrrd(write(tmp_path / "x.nrrd", **fields))
    assert sentence in str(damaged.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("1 2 3", "3 numbers where 60"), ("1 " * 59 + "x", "no number of type int16"), ("1 " * 59 + "40000", "no number")],
)
def test_text_that_is_not_the_numbers_announced_is_damaged(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(DamagedFileError, match=sentence):
        read_nrrd(write(tmp_path / "x.nrrd", text.encode(), encoding="ascii"))


def test_garbage_and_a_cut_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.nrrd").write_bytes(b"NRRD0009\n")
    with pytest.raises(InputRefusedError, match="is not NRRD"):
        read_nrrd(tmp_path / "x.nrrd")
    whole = write(tmp_path / "x.nrrd", gzip.compress(VOXELS.tobytes(order="F")), encoding="gzip").read_bytes()
    for cut in range(9, len(whole), 7):
        (tmp_path / "x.nrrd").write_bytes(whole[:cut])
        with pytest.raises((DamagedFileError, InputRefusedError)):
            read_nrrd(tmp_path / "x.nrrd")


def test_the_real_files_are_read_as_pynrrd_reads_them_or_refused(real_data: Path) -> None:
    folder = real_data / "nifti_oddities" / "nrrd_encodings"
    refused = {
        "BallBinary30x30x30_byteskip_minus_five.nhdr": "a byte skip of -5",
        "BallBinary30x30x30_nifti.nhdr": "follow the voxels that the header announces",  # it skips no NIfTI header
        "test1d_ascii.nrrd": "1 axes of space",
        "test_customFields.nrrd": "1 axes of space",
    }
    files = sorted(file for file in folder.iterdir() if file.suffix in FORMATS["nrrd"].suffixes)
    assert len(files) >= 14
    for file in files:
        if file.name in refused:
            with pytest.raises((DamagedFileError, InputRefusedError)) as error:
                read_nrrd(file)
            assert refused[file.name] in str(error.value)
            continue
        image = read_nrrd(file)
        oracle = nrrd.read(str(file), index_order="F")[0]
        assert np.array_equal(image.stored.ravel(order="F"), oracle.ravel(order="F")), file.name
