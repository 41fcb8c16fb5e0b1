"""Pictures without masks are proposed to an import, and taken as they are for what is segmented at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.layouts import read_layout
from core.data.load import load_case
from core.data.refusal import InputRefusedError
from core.importing import ImportChoices, read_study


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def grey(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (20, 30), np.uint8)


def test_an_import_asks_before_it_takes_pictures_without_masks(tmp_path: Path) -> None:
    save(tmp_path / "slice_1.png", grey(1))
    save(tmp_path / "slice_2.tif", grey(2))
    with pytest.raises(InputRefusedError) as refused:
        read_layout(tmp_path)
    (error,) = refused.value.findings
    assert (error.severity, error.code, error.found) == ("error", "pictures_alone", "2 pictures without masks")
    assert error.fix == "segment them as they are; to import without masks, say --layout pictures"
    layout = read_layout(tmp_path, "pictures")
    assert [(case.case_id, case.reference) for case in layout.cases] == [("slice_1", None), ("slice_2", None)]


def test_pictures_to_segment_are_a_case_each_with_their_own_voxels(tmp_path: Path) -> None:
    save(tmp_path / "slice_2.png", grey(2))
    save(tmp_path / "slice_1.png", np.repeat(grey(1)[..., np.newaxis], 3, axis=2))
    first, second = read_study(tmp_path, ImportChoices()).cases
    for case, seed in ((first, 1), (second, 2)):
        volume = load_case(case, None).volume
        assert volume.modalities == ("image",)
        assert np.array_equal(volume.voxels[0, :, :, 0], grey(seed).T)


def test_masks_beside_them_are_not_taken_for_pictures(tmp_path: Path) -> None:
    save(tmp_path / "images" / "1.png", grey(1))
    save(tmp_path / "masks" / "1.png", np.where(grey(2) > 127, 255, 0).astype(np.uint8))
    assert [case.case_id for case in read_layout(tmp_path, "pictures").cases] == ["1"]
    assert read_layout(tmp_path).name == "paired"


def test_a_file_in_place_of_a_folder_is_said_to_be_one(tmp_path: Path) -> None:
    save(tmp_path / "slice_1.png", grey(1))
    with pytest.raises(
        InputRefusedError, match=r"found the file 'slice_1\.png'; expected a folder with cases; name the"
    ):
        read_layout(tmp_path / "slice_1.png")
