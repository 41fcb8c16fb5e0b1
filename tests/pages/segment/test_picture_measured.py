"""A picture's mask is measured in pixels on the page, as in its sentence to copy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.atomic import read_json, write_json
from core.measuring import measure
from core.workspace import Workspace
from tests.pages.segment.page import done, opened, words


@pytest.mark.parametrize(("slices", "word", "count"), [(1, "pixel", 12), (2, "voxel", 24)])
def test_what_has_no_voxel_sizes_is_counted_in_pixels_of_a_picture_and_voxels_of_a_stack(
    place: Workspace, tmp_path: Path, slices: int, word: str, count: int
) -> None:
    job = done(place, tmp_path)
    view = read_json(job.folder / "view.json")
    bits = np.zeros((20, 20, slices), np.uint8)
    bits[4:8, 6:9] = 7
    found = measure(bits, ("WT", "TC", "ET"), {}, None, None).to_json()
    write_json(job.folder / "view.json", view | {"shape": list(bits.shape), "spacing_mm": None, "measured": found})
    app = opened(job.id)
    assert not app.exception
    assert any(f"{word}s across" in str(table.proto.body) for table in app.get("html"))
    assert f"1 · {count} {word}s" in words(app)
    assert [each.value.split(", ")[0] for each in app.code] == [f"ET {count} {word}s"]
