"""Volumes are written once, read back, bounded in bytes, and never half there."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from core.data.slabs import ViewerArray
from core.data.volume_cache import NoSuchVolumeError, VolumeCache


def noise(seed: int, depth: int = 4) -> ViewerArray:
    return ViewerArray(np.random.default_rng(seed).integers(1, 255, (20, 20, depth)).astype(np.int16))


def age(cache: VolumeCache, key: str, seconds: float) -> None:
    manifest = cache.root / key / "manifest.json"
    then = manifest.stat().st_mtime - seconds
    os.utime(manifest, (then, then))


def test_what_was_put_is_read_back(tmp_path: Path) -> None:
    cache = VolumeCache(tmp_path)
    key = cache.put(noise(0))
    assert cache.manifest(key)["full_shape"] == [20, 20, 4]
    assert cache.slab(key, 0)[:2] == b"\x1f\x8b"


def test_a_known_volume_is_not_made_again(tmp_path: Path) -> None:
    cache = VolumeCache(tmp_path)
    made = []

    def make() -> ViewerArray:
        made.append(1)
        return noise(1)

    content_hash = "ab" * 32
    assert cache.ensure(make, content_hash) == content_hash
    assert cache.ensure(make, content_hash) == content_hash
    named = cache.ensure(make, "prediction 7, threshold 128")
    assert VolumeCache(tmp_path).ensure(make, "prediction 7, threshold 128") == named != content_hash
    assert len(made) == 2


def test_a_volume_that_was_let_go_is_made_again(tmp_path: Path) -> None:
    cache = VolumeCache(tmp_path, max_bytes=1)
    first = cache.ensure(lambda: noise(1), "first")
    cache.ensure(lambda: noise(2), "second")
    with pytest.raises(NoSuchVolumeError):
        cache.manifest(first)
    assert cache.ensure(lambda: noise(1), "first") == first
    assert cache.manifest(first)["full_shape"] == [20, 20, 4]


def test_the_least_recently_used_volume_goes_first(tmp_path: Path) -> None:
    cache = VolumeCache(tmp_path)
    old, used, new = (cache.put(noise(seed)) for seed in range(3))
    for key, seconds in ((old, 500), (used, 900), (new, 100)):
        age(cache, key, seconds)
    cache.manifest(used)  # looked at: now the youngest
    size = sum(cache.manifest(key)["stored_bytes"] for key in (used, new))
    cache.max_bytes = size + 200
    tiny = ViewerArray(np.zeros((2, 2, 2), np.uint8))
    age(cache, old, 500)
    cache.put(tiny)
    with pytest.raises(NoSuchVolumeError):
        cache.manifest(old)
    assert cache.manifest(used)
    assert cache.manifest(new)


def test_the_newest_volume_stays_even_when_it_alone_is_too_large(tmp_path: Path) -> None:
    cache = VolumeCache(tmp_path, max_bytes=10)
    key = cache.put(noise(3))
    assert cache.manifest(key)["stored_bytes"] > 10


def test_nothing_temporary_is_left(tmp_path: Path) -> None:
    cache = VolumeCache(tmp_path, max_bytes=1)
    for seed in range(3):
        cache.put(noise(seed))
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("key", ["", "..", "../../etc", "AB" * 32, "ab" * 31, "ab" * 32 + "/x"])
def test_a_key_that_is_no_hash_opens_nothing(tmp_path: Path, key: str) -> None:
    cache = VolumeCache(tmp_path / "volumes")
    with pytest.raises(NoSuchVolumeError):
        cache.manifest(key)
    with pytest.raises(NoSuchVolumeError):
        cache.slab(key, 0)
    with pytest.raises(ValueError, match="expected 64 hexadecimal digits"):
        cache.put(noise(0), key)


def test_slabs_that_do_not_exist_are_refused(tmp_path: Path) -> None:
    cache = VolumeCache(tmp_path)
    key = cache.put(noise(0))
    for index in (-1, 99):
        with pytest.raises(NoSuchVolumeError, match="open the case again"):
            cache.slab(key, index)


@pytest.mark.parametrize("dtype", ["uint8", "int16"])
def test_voxels_come_back_as_they_were_put(tmp_path: Path, dtype: str) -> None:
    """Several slabs, a box inside the grid, and a background that is not zero."""
    cache = VolumeCache(tmp_path)
    voxels = np.full((300, 400, 30), -50 if dtype == "int16" else 0, dtype)
    voxels[10:290, 20:390, 3:28] = np.random.default_rng(0).integers(1, 100, (280, 370, 25))
    key = cache.put(ViewerArray(voxels))
    assert len(cache.manifest(key)["slabs"]) > 1
    back = cache.voxels(key)
    assert back.dtype == voxels.dtype
    assert (back == voxels).all()
    with pytest.raises(NoSuchVolumeError):
        cache.voxels("0" * 64)
