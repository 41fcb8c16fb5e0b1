"""`.npy` slices: a row runs down, a column to the right, and nothing is unpickled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.case import Source
from core.data.formats import FORMATS
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.formats.npy import read_npy
from core.data.refusal import InputRefusedError


def saved(path: Path, array: np.ndarray) -> Path:
    np.save(path, array)
    return path


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_slice_of_channels_becomes_channel_column_row(tmp_path: Path, order: str) -> None:
    """(H, W, C) = (2, 3, 4): the voxel in row 1, column 2, channel 3 is the array's last, 23."""
    array = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    image = read_npy(saved(tmp_path / "x.npy", np.asarray(array, order=order)))
    assert image.stored.shape == (4, 3, 2, 1)
    assert image.stored[3, 2, 1, 0] == 23
    assert image.stored[1, 2, 0, 0] == 9
    assert (image.grid.shape, image.grid.affine, image.findings) == ((3, 2, 1), None, ())


def test_one_slice_and_a_stack_of_slices(tmp_path: Path) -> None:
    flat = read_npy(saved(tmp_path / "x.npy", np.arange(6).reshape(2, 3)))
    assert flat.stored[0, :, :, 0].tolist() == [[0, 3], [1, 4], [2, 5]]
    stack = read_npy(saved(tmp_path / "x.npy", np.arange(48).reshape(2, 3, 4, 2)))
    assert stack.stored.shape == (2, 4, 3, 2)
    assert stack.stored[1, 3, 2, 0] == 23, "the last of the first slice"


def test_a_third_axis_that_is_too_long_for_channels_holds_columns_and_is_said(tmp_path: Path) -> None:
    image = read_npy(saved(tmp_path / "x.npy", np.zeros((5, 3, 65), np.uint8)))
    assert image.stored.shape == (1, 65, 3, 5)
    assert [finding.code for finding in image.findings] == ["axes_assumed"]
    assert read_npy(saved(tmp_path / "x.npy", np.zeros((5, 3, 64), np.uint8))).findings == ()


@pytest.mark.parametrize("dtype", ["?", "i1", "<u2", ">i4", "<i8", "<f2", ">f4", "<f8"])
def test_every_number_type_in_either_order_is_read(tmp_path: Path, dtype: str) -> None:
    array = np.array([[0, 1], [1, 0]]).astype(dtype)
    stored = read_npy(saved(tmp_path / "x.npy", array)).stored
    assert stored.dtype.isnative
    assert stored[0, :, :, 0].T.tolist() == [[0, 1], [1, 0]]


def test_a_mask_is_one_channel(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.npy", np.arange(12.0).reshape(2, 3, 2))
    mask = FORMATS["npy"].read_mask(Source((path,), "npy", 1), None)
    assert mask.stored.shape == (1, 3, 2, 1)
    assert mask.stored[0, 0, 0, 0] == 1


@pytest.mark.parametrize(
    ("array", "code"),
    [
        (np.array([[1j]]), "complex_voxels"),
        (np.array([["text"]]), "unknown_voxel_type"),
        (np.zeros((2, 2), [("x", "i4")]), "unknown_voxel_type"),
        (np.zeros(5), "not_an_image"),
        (np.zeros((1, 2, 2, 2, 2)), "not_an_image"),
        (np.zeros((2, 2, 2, 65)), "not_an_image"),
    ],
)
def test_arrays_that_are_no_pictures_are_refused(tmp_path: Path, array: np.ndarray, code: str) -> None:
    with pytest.raises(InputRefusedError) as refused:
        read_npy(saved(tmp_path / "x.npy", array))
    assert [finding.code for finding in refused.value.findings] == [code]


def test_pickled_objects_are_never_opened(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (str(tmp_path / "sprung"),)

    np.save(tmp_path / "x.npy", np.array([[Trap()]], object), allow_pickle=True)
    with pytest.raises(InputRefusedError, match="pickled Python objects, which are never opened"):
        read_npy(tmp_path / "x.npy")
    assert not (tmp_path / "sprung").exists()


def test_damage_is_refused(tmp_path: Path) -> None:
    whole = saved(tmp_path / "x.npy", np.zeros((4, 4))).read_bytes()
    for content, sentence in (
        (whole[:-1], "127 bytes where 128 were expected"),
        (whole + b"\n", "bytes that follow"),
        (whole[:20], "header that cannot be read"),
        (whole.replace(b"(4, 4)", b"(4,-4)"), "expected 1 to 8192"),
        (whole.replace(b"(4, 4)", b"((((((")[:200], "header that cannot be read"),
        (whole[:8] + b"\xff\xff" + b"(" * 70000, "header that cannot be read"),
    ):
        (tmp_path / "x.npy").write_bytes(content)
        with pytest.raises(DamagedFileError, match=sentence):
            read_npy(tmp_path / "x.npy")
    (tmp_path / "x.npy").write_bytes(b"PK\3\4")
    with pytest.raises(InputRefusedError, match="not a NumPy array"):
        read_npy(tmp_path / "x.npy")


def test_a_header_that_claims_too_much_is_refused(tmp_path: Path) -> None:
    whole = saved(tmp_path / "x.npy", np.zeros((4, 4))).read_bytes()
    (tmp_path / "x.npy").write_bytes(whole.replace(b"(4, 4), }      ", b"(8000,8000,64)}"))
    with pytest.raises(InputRefusedError, match="claims 32,768,000,000 bytes"):
        read_npy(tmp_path / "x.npy")


def test_the_public_demo_slices_are_four_sequences_and_a_mask(real_data: Path) -> None:
    folder = real_data / "brats_africa_demo_npy" / "sample_images"
    images, masks = sorted(folder.glob("*_image.npy")), sorted(folder.glob("*_mask.npy"))
    assert len(images) == len(masks) == 5
    for image, mask in zip(images, masks, strict=True):
        assert np.array_equal(read_npy(image).stored[..., 0].T, np.load(image))
        assert read_npy(image).stored.shape == (4, 240, 240, 1)
        assert set(np.unique(read_npy(mask).stored)) <= {0, 1, 2, 3}
