"""A volume cut into slabs is the same volume again, and its manifest says where everything is."""

from __future__ import annotations

import gzip
from typing import Any

import numpy as np
import pytest

from core.data.slabs import (
    SLAB_BYTES,
    WIRE_DTYPES,
    Encoded,
    ViewerArray,
    address,
    decode_slab,
    encode,
    half_resolution,
    slab_plan,
    to_wire,
)

AFFINE = np.diag([1.0, 2.0, 3.0, 1.0])


def rebuilt(encoded: Encoded) -> np.ndarray[Any, Any]:
    """Put slabs back into the full grid, as the browser does."""
    manifest = encoded.manifest
    full = np.full(manifest["full_shape"], manifest["fill"], manifest["dtype"])
    x, y, z = manifest["box_offset"]
    nx, ny, _ = shape = tuple(manifest["shape"])
    for slab, place in zip(encoded.slabs, manifest["slabs"], strict=True):
        first = z + place["first"]
        full[x : x + nx, y : y + ny, first : first + place["count"]] = decode_slab(slab, manifest["dtype"], shape)
    values: np.ndarray[Any, Any] = full * manifest["slope"] + manifest["intercept"]
    return values


def test_the_bytes_of_a_slab_run_x_first_then_y_then_z() -> None:
    voxels = np.arange(1, 13, dtype=np.uint8).reshape(2, 3, 2)  # voxels[x, y, z] = 1 + 6x + 2y + z
    (slab,) = encode(ViewerArray(voxels)).slabs
    assert list(gzip.decompress(slab)) == [1, 7, 3, 9, 5, 11, 2, 8, 4, 10, 6, 12]


def test_sixteen_bits_travel_little_endian() -> None:
    (slab,) = encode(ViewerArray(np.array([[[0, 0x0102]]], ">i2"))).slabs
    assert gzip.decompress(slab) == b"\x02\x01"


def test_only_the_box_that_differs_from_the_background_travels() -> None:
    voxels = np.full((10, 9, 8), -1024, np.int16)
    voxels[2, 3, 4] = 7
    voxels[5, 4, 6] = 9
    manifest = encode(ViewerArray(voxels, AFFINE)).manifest
    assert manifest["full_shape"] == [10, 9, 8]
    assert manifest["box_offset"] == [2, 3, 4]
    assert manifest["shape"] == [4, 2, 3]
    assert manifest["fill"] == -1024
    assert manifest["range"] == [-1024, 9]
    assert manifest["affine"] == AFFINE.tolist()
    assert (rebuilt(encode(ViewerArray(voxels))) == voxels).all()


def test_a_volume_of_one_value_has_no_slabs() -> None:
    encoded = encode(ViewerArray(np.zeros((4, 4, 4), np.uint8)))
    assert encoded.slabs == ()
    assert encoded.manifest["shape"] == [0, 0, 0]
    assert encoded.manifest["peaks"] is None


def test_a_mask_that_reaches_the_first_voxel_is_still_drawn() -> None:
    mask = np.ones((3, 3, 3), np.uint8)
    mask[2, 2, 2] = 0
    encoded = encode(ViewerArray(mask))
    assert encoded.manifest["fill"] == 0
    assert (rebuilt(encoded) == mask).all()


def test_a_mask_opens_where_it_is_largest() -> None:
    mask = np.zeros((6, 6, 6), np.uint8)
    mask[1:5, 2, 3] = 1  # four voxels in slice y = 2 and in slice z = 3
    mask[4, 4:6, 1] = 1  # x = 4 now holds three
    assert encode(ViewerArray(mask)).manifest["peaks"] == [4, 2, 3]


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "int32", "int64", "float32", "float64", ">f4"])
def test_whole_numbers_of_up_to_sixteen_bits_arrive_exactly(dtype: str) -> None:
    voxels = np.random.default_rng(0).integers(-100 if dtype != "uint8" and dtype[0] != "u" else 0, 100, (7, 8, 9))
    encoded = encode(ViewerArray(voxels.astype(dtype)))
    assert encoded.manifest["dtype"] in WIRE_DTYPES
    assert (rebuilt(encoded) == voxels).all()


def test_unsigned_values_above_the_signed_range_arrive_exactly() -> None:
    voxels = np.array([[[0.0, 40000.0, 65535.0]]], np.float32)
    assert (rebuilt(encode(ViewerArray(voxels))) == voxels).all()


def test_fractions_arrive_within_half_a_step_of_their_range() -> None:
    voxels = np.random.default_rng(1).normal(0, 3, (20, 20, 20)).astype(np.float32)
    step = (voxels.max() - voxels.min()) / 65535
    assert np.abs(rebuilt(encode(ViewerArray(voxels))) - voxels).max() <= step * 0.51


def test_slope_and_intercept_are_kept_beside_the_stored_numbers() -> None:
    stored = np.array([[[0, 10, 20]]], np.int16)
    manifest = encode(ViewerArray(stored, slope=0.5, intercept=-3.0)).manifest
    assert (manifest["slope"], manifest["intercept"]) == (0.5, -3.0)
    assert manifest["range"] == [-3.0, 7.0]


def test_fractions_keep_the_files_own_slope() -> None:
    stored = np.array([[[0.25, 0.5, 1.25]]], np.float32)
    values = rebuilt(encode(ViewerArray(stored, slope=4.0, intercept=1.0)))
    assert values.ravel() == pytest.approx([2, 3, 6], abs=1e-3)


def test_numbers_that_are_none_become_the_lowest_one() -> None:
    wire, slope, intercept = to_wire(np.array([[[np.nan, 2.5, 7.5, np.inf]]], np.float32))
    assert (wire * slope + intercept).ravel() == pytest.approx([2.5, 2.5, 7.5, 2.5], abs=1e-3)


def test_slabs_are_near_their_size_and_cover_every_slice_once() -> None:
    plan = slab_plan((150, 180, 140), itemsize=2)
    assert [first for first, _ in plan] == list(np.cumsum([0, *(count for _, count in plan)])[:-1])
    assert sum(count for _, count in plan) == 140
    assert all(150 * 180 * 2 * count <= SLAB_BYTES for _, count in plan)
    assert slab_plan((2000, 2000, 3), itemsize=2) == [(0, 1), (1, 1), (2, 1)]


def test_an_address_names_voxels_place_scale_and_privacy() -> None:
    voxels = np.arange(8, dtype=np.int16).reshape(2, 2, 2)
    base = address(ViewerArray(voxels, AFFINE))
    assert base == address(ViewerArray(np.asfortranarray(voxels), AFFINE.copy()))
    others = [
        ViewerArray(voxels.transpose(1, 0, 2), AFFINE),
        ViewerArray(voxels.reshape(4, 2, 1), AFFINE),
        ViewerArray(voxels.astype(np.uint16), AFFINE),
        ViewerArray(voxels),
        ViewerArray(voxels, AFFINE, slope=2.0),
        ViewerArray(voxels, AFFINE, public=True),
    ]
    assert len({base, *map(address, others)}) == 7


def test_channels_are_passed_one_at_a_time() -> None:
    with pytest.raises(ValueError, match="found 4 axes, expected"):
        encode(ViewerArray(np.zeros((1, 2, 2, 2), np.uint8)))


def test_a_half_copy_averages_eight_voxels_and_an_odd_last_one_stands_for_itself() -> None:
    voxels = np.zeros((3, 2, 2), np.int16)
    voxels[:2] = np.array([[[1, 2], [3, 4]], [[5, 6], [7, 8]]])  # eight voxels, 36 together
    voxels[2] = np.array([[10, 20], [30, 40]])
    assert half_resolution(voxels).tolist() == [[[36 // 8]], [[25]]]
    below = np.full((2, 2, 2), -1000, np.int16)
    assert half_resolution(below).tolist() == [[[-1000]]]


def test_a_half_copy_of_bytes_keeps_one_of_eight_since_bits_have_no_mean() -> None:
    bits = np.array([[[1, 2], [4, 8]], [[16, 32], [64, 128]]], np.uint8)
    assert half_resolution(bits).tolist() == [[[1]]]


def test_only_a_volume_that_is_too_large_for_a_browser_has_a_half_copy() -> None:
    voxels = np.arange(1, 6 * 4 * 5 + 1, dtype=np.int16).reshape(6, 4, 5)
    source = ViewerArray(voxels)
    assert encode(source, whole_bytes=voxels.nbytes).half == ()
    large = encode(source, whole_bytes=voxels.nbytes - 1)
    half = large.manifest["half"]
    assert half["shape"] == [3, 2, 3]
    assert half["near_bytes"] == (voxels.nbytes - 1) // 2
    (slab,) = large.half
    np.testing.assert_array_equal(decode_slab(slab, "int16", (3, 2, 3)), half_resolution(voxels))
