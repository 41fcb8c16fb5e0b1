"""A copy is recognised by its pixels, another picture is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data import limits
from core.data.layouts.thumbnails import look_alikes, thumbnail


def picture(seed: int, size: int = 96) -> np.ndarray:
    """A bright blob of its own shape on black."""
    rng = np.random.default_rng(seed)
    small = rng.uniform(60, 250, (6, 6))
    large = np.asarray(Image.fromarray(small.astype(np.float32)).resize((size, size), Image.Resampling.BICUBIC))
    axis = np.linspace(-1, 1, size)
    return np.where(axis[:, None] ** 2 + axis**2 < 0.8, large, 0).clip(0, 255).astype(np.uint8)


def as_jpeg(path: Path, pixels: np.ndarray, quality: int) -> np.ndarray:
    Image.fromarray(pixels).save(path, quality=quality)
    with Image.open(path) as stored:
        return np.asarray(stored)


def test_a_thumbnail_has_zero_mean_and_norm_1() -> None:
    small = thumbnail(picture(0))
    assert small is not None
    assert small.shape == (32, 32)
    assert small.mean() == pytest.approx(0, abs=1e-6)
    assert np.linalg.norm(small) == pytest.approx(1)


def test_a_picture_compressed_resized_or_brighter_looks_the_same(tmp_path: Path) -> None:
    original = picture(1)
    resized = np.asarray(Image.fromarray(original).resize((200, 200), Image.Resampling.BILINEAR))
    copies = [
        original,
        as_jpeg(tmp_path / "a.jpg", original, 30),
        resized,
        original // 2 + 3,
        original.astype(np.uint16) * 200,
    ]
    small = [thumbnail(copy) for copy in copies]
    assert look_alikes(small) == [(a, b) for a in range(5) for b in range(a + 1, 5)]


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_turned_or_mirrored_picture_looks_the_same(turns: int, mirrored: bool) -> None:
    original = picture(2)
    turned = np.rot90(original[:, ::-1] if mirrored else original, turns)
    assert look_alikes([thumbnail(original), thumbnail(turned)]) == [(0, 1)]


def test_other_pictures_do_not() -> None:
    assert look_alikes([thumbnail(picture(seed)) for seed in range(12)]) == []


def test_a_picture_with_next_to_nothing_on_it_is_like_nothing() -> None:
    empty = np.zeros((100, 100), np.uint8)
    assert thumbnail(empty) is None
    empty[:20, :20] = 200  # 4 %
    assert thumbnail(empty) is None
    empty[:25, :25] = 200  # 6.25 %
    assert thumbnail(empty) is not None
    assert thumbnail(np.full((40, 40), np.nan, np.float32)) is None
    assert look_alikes([None, None]) == []


def test_no_more_pictures_are_compared_than_the_limit_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_LOOK_ALIKES", 2)
    assert look_alikes([None, *[thumbnail(picture(3))] * 3]) == [(1, 2)]


def test_more_pictures_than_one_block_are_all_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.data.layouts import thumbnails

    monkeypatch.setattr(thumbnails, "ROWS_AT_ONCE", 2)
    small = [thumbnail(picture(seed)) for seed in (1, 2, 3, 1, 2)]
    assert sorted(look_alikes(small)) == [(0, 3), (1, 4)]
