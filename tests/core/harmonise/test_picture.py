"""The picture shows each series before and after, the right way round, with the brain outlined."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as Picture

from core.data.image import StoredImage, plain_image
from core.harmonise import Harmonised, Harmonising
from core.harmonise.picture import GAP, LINE, MARGIN, OUTLINE, before_and_after
from core.volume import Volume
from tests.core.harmonise.phantom import Array, grid, places

SHAPE = (40, 50, 30)
GRID = grid(SHAPE, (2.0, 2.0, 3.0))  # 80 x 100 x 90 mm
ROOM = 80 + 80 + 100 + 3 * GAP  # one side: axial and coronal 80 mm wide, sagittal 100 mm
TOP = MARGIN + 2 * LINE


def pixels(images: dict[str, StoredImage], done: Harmonised) -> npt.NDArray[np.uint8]:
    return np.array(Picture.open(io.BytesIO(before_and_after(images, done))))


def outcome(values: Array, brain: Array | None) -> Harmonised:
    from core.harmonise.resample import grid_over

    common = grid_over(GRID, None)
    voxels = np.ascontiguousarray(values)[np.newaxis].astype(np.int16)
    volume = Volume(voxels, ("t1c",), (1.0,), (0.0,), common.geometry(), common)
    return Harmonised(Harmonising(), "t1c", volume, None, brain, (), (), {})


@pytest.fixture
def right_and_front() -> Array:
    """Bright only in the patient's right front upper corner, in RAS+ order."""
    x, y, z = GRID.to_ras(places(GRID))
    return np.asarray((x > 0) & (y > 0) & (z > 0)) * 200


def test_each_series_has_a_row_of_three_planes_before_and_after(right_and_front: Array) -> None:
    image = plain_image(GRID.from_ras(right_and_front)[np.newaxis].astype(np.int16), GRID)
    picture = pixels({"t1c": image}, outcome(right_and_front, None))
    assert picture.shape == (2 * MARGIN + LINE + 100 + LINE, 2 * MARGIN + 2 * ROOM + GAP, 3)


def test_the_patients_right_is_on_the_left_the_front_and_the_top_are_up(right_and_front: Array) -> None:
    image = plain_image(GRID.from_ras(right_and_front)[np.newaxis].astype(np.int16), GRID)
    picture = pixels({"t1c": image}, outcome(right_and_front, None))
    for left in (MARGIN, MARGIN + ROOM + GAP):  # before and after alike
        axial = picture[TOP : TOP + 100, left : left + 80, 0]
        coronal = picture[TOP : TOP + 90, left + 80 + GAP : left + 160 + GAP, 0]
        for plane in (axial, coronal):
            rows, columns = (side // 2 for side in plane.shape)
            assert plane[: rows - 3, : columns - 3].min() > 200
            assert plane[rows + 3 :].max() < 50
            assert plane[:, columns + 3 :].max() < 50


def test_the_brain_is_outlined_on_both_sides(right_and_front: Array) -> None:
    brain = np.zeros(SHAPE, bool)
    brain[10:30, 10:40, 5:25] = True  # 40 x 60 x 60 mm
    image = plain_image(GRID.from_ras(right_and_front)[np.newaxis].astype(np.int16), GRID)
    drawn = (pixels({"t1c": image}, outcome(right_and_front, brain)) == OUTLINE).all(axis=2)
    half = MARGIN + ROOM
    assert drawn[:, :half].sum() == drawn[:, half:].sum() == (2 * 40 + 2 * 60 - 4) * 2 + (4 * 60 - 4)
