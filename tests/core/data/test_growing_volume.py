"""A volume that is looked at while it is made: parts appear whole, in order, and a later slice replaces an earlier."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.data.growing_volume import MANIFEST, GrowingVolume
from core.data.volume_cache import NoSuchVolumeError, VolumeCache
from core.volume import Box

KEY = "ab" * 32
BOX = Box((1, 2, 3), (3, 5, 7))  # 2 x 3 x 4 voxels of a grid of 4 x 6 x 8


def growing(cache: VolumeCache) -> GrowingVolume:
    return cache.grow(KEY, (4, 6, 8), BOX, None, 4)


def slices(*values: int) -> np.ndarray:
    """Return a slice of the box per value, (S, 2, 3), another number at each voxel."""
    return np.array(values, np.uint8)[:, None, None] + np.arange(6, dtype=np.uint8).reshape(2, 3)


def test_nothing_is_there_at_first(tmp_path: Path) -> None:
    cache = VolumeCache(tmp_path)
    growing(cache)
    manifest = cache.manifest(KEY)
    assert manifest["growing"] == {"parts": [], "slices": 4, "ended": False}
    assert (manifest["shape"], manifest["box_offset"], manifest["full_shape"]) == ([2, 3, 4], [1, 2, 3], [4, 6, 8])
    assert not cache.voxels(KEY).any()
    assert not manifest["public"]


def test_slices_lie_where_they_belong_and_newer_ones_replace_older(tmp_path: Path) -> None:
    cache = VolumeCache(tmp_path)
    volume = growing(cache)
    volume.publish([5], slices(10))
    volume.publish([3, 5], slices(20, 30))
    volume.end()
    expected = np.zeros((4, 6, 8), np.uint8)
    expected[1:3, 2:5, 3], expected[1:3, 2:5, 5] = slices(20)[0], slices(30)[0]
    assert (cache.voxels(KEY) == expected).all()
    assert cache.manifest(KEY)["growing"] == {"parts": [[2], [0, 2]], "slices": 4, "ended": True}


def test_a_part_has_x_running_fastest(tmp_path: Path) -> None:
    import gzip

    cache = VolumeCache(tmp_path)
    growing(cache).publish([4], slices(0))
    assert list(gzip.decompress(cache.part(KEY, 0))) == [0, 3, 1, 4, 2, 5]


def test_a_part_that_is_named_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At every moment at which somebody may look, each part of the manifest can be read."""
    cache = VolumeCache(tmp_path)
    volume = growing(cache)
    swap, seen = GrowingVolume._swap, []

    def watched(self: GrowingVolume, name: str, content: bytes) -> None:
        swap(self, name, content)
        count = len(json.loads((tmp_path / KEY / MANIFEST).read_bytes())["growing"]["parts"])
        seen.append((name, count))
        for index in range(count):
            cache.part(KEY, index)

    monkeypatch.setattr(GrowingVolume, "_swap", watched)
    volume.publish([3], slices(1))
    volume.publish([4], slices(2))
    assert seen == [("part-0.gz", 0), (MANIFEST, 1), ("part-1.gz", 1), (MANIFEST, 2)]
    assert sorted(path.name for path in (tmp_path / KEY).iterdir()) == [MANIFEST, "part-0.gz", "part-1.gz"]


def test_one_that_is_let_go_is_gone_and_says_so_to_who_writes(tmp_path: Path) -> None:
    cache = VolumeCache(tmp_path)
    volume = growing(cache)
    volume.publish([3], slices(1))
    cache.forget(KEY)
    with pytest.raises(NoSuchVolumeError, match="no part 0"):
        cache.part(KEY, 0)
    with pytest.raises(FileNotFoundError):
        volume.publish([4], slices(2))


def test_one_that_begins_anew_has_nothing_of_the_last(tmp_path: Path) -> None:
    cache = VolumeCache(tmp_path)
    growing(cache).publish([3], slices(1))
    growing(cache)
    assert not cache.voxels(KEY).any()
    with pytest.raises(NoSuchVolumeError):
        cache.part(KEY, 0)
