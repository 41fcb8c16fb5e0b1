"""measure: a label file in numbers, with the side that its image tells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cases import write_nifti
from tests.core.cli.conftest import Ask
from tests.core.measuring.heads import grid, head


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A mask and its image as LPS files: the first voxel axis runs to the patient's left."""
    geometry, shape = grid()
    labels = np.zeros(shape, np.uint8)
    labels[60:70, 40:45, 44] = 3  # to the right of the middle, which is x = 50
    image = head(geometry, shape, (100, 108, 92)).astype(np.int16) * 100
    to_lps = np.diag([-2.0, -2.0, 2.0, 1.0])
    to_lps[:2, 3] = [2.0 * (shape[0] - 1), 2.0 * (shape[1] - 1)]
    mask = write_nifti(tmp_path / "mask.nii.gz", labels[::-1, ::-1], to_lps)
    return mask, write_nifti(tmp_path / "t1n.nii.gz", image[::-1, ::-1], to_lps)


def test_a_mask_and_its_image(ask: Ask, files: tuple[Path, Path]) -> None:
    mask, image = files
    answer = ask("measure", mask, "--image", image, "--json")
    assert answer.code == 0
    enhancing = answer.document["regions"]["ET"]
    assert enhancing["voxels"] == 50
    assert enhancing["ml"] == pytest.approx(0.4)
    assert enhancing["side"] == "right"
    # ten voxels of 2 mm from edge to edge, four from middle to middle
    assert enhancing["diameters"]["longest_mm"] == pytest.approx(np.hypot(20, 8))
    assert answer.document["lesions"]["listed"][0]["centroid_mm"] == pytest.approx([129, 84, 88])
    words = ask("measure", mask, "--image", image).out
    assert words.startswith("Whole tumour 0.4 ml, right, 22 × ")
    assert "WT lesion 1  0.40 ml  at 129, 84, 88 mm  right" in words


def test_without_an_image_no_side_is_claimed(ask: Ask, files: tuple[Path, Path]) -> None:
    answer = ask("measure", files[0])
    assert answer.code == 0
    assert "right" not in answer.out
    assert "No sides: no image of the brain is beside the mask." in answer.out


def test_an_image_of_another_grid_is_refused(ask: Ask, files: tuple[Path, Path], tmp_path: Path) -> None:
    other = write_nifti(tmp_path / "other.nii.gz", np.ones((5, 5, 5), np.int16), np.eye(4))
    answer = ask("measure", files[0], "--image", other)
    assert answer.code == 1
    assert "another grid than the mask" in answer.err
