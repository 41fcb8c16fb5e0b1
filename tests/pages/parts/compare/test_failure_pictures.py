"""The picture beside a failure: what is outlined, in which colour, and what a place at the border shows."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from core.evaluation.saved_failures import saved_failures
from core.workspace import Workspace
from pages.parts.compare.contenders import compared as rows_of
from pages.parts.compare.failure_pictures import SIDE, draw_failure, failure_pictures
from tests.cases import case_id
from tests.pages.parts.compare.conftest import FAR, shipped

BLUE = "#0000ff"


def test_outlines_run_along_the_inside_of_each_mask_and_the_models_lies_on_top() -> None:
    """Three voxels a side are 48 pixels each: the middle one is outlined from 48 to 95."""
    nothing = np.zeros((3, 3), bool)
    middle = nothing.copy()
    middle[1, 1] = True
    picture = draw_failure(np.zeros((3, 3), np.float32), middle, nothing, BLUE)
    third = SIDE // 3
    white = np.zeros((SIDE, SIDE), bool)
    white[third : 2 * third, third : 2 * third] = True
    white[third + 1 : 2 * third - 1, third + 1 : 2 * third - 1] = False
    assert np.array_equal(picture[..., 0] == 255, white)
    over = draw_failure(np.zeros((3, 3), np.float32), middle, middle, BLUE)
    assert np.array_equal((over == (0, 0, 255)).all(axis=-1), white)


def test_a_mask_that_goes_on_beyond_the_picture_has_no_edge_there() -> None:
    everywhere = np.ones((3, 3), bool)
    assert not draw_failure(np.zeros((3, 3), np.float32), everywhere, everywhere, BLUE).any()


def test_an_invented_lesion_is_outlined_in_the_middle_of_its_picture(compared: Workspace) -> None:
    """It is two voxels a side, far from the tumour, so that nothing is white."""
    cohort, (name, model) = compared.cohort("small"), next(iter(shipped().items()))
    found = saved_failures(compared, cohort, case_id(1), model)
    assert found is not None
    (lesion,) = found["WT"]["invented"]
    contenders = rows_of({name: model})
    entry = {"case": case_id(1), "region": "WT", "voxel": lesion["voxel"]}
    (address,) = failure_pictures(cohort, contenders, [(contenders[0].name, entry)])
    head, _, data = address.partition(",")
    assert head == "data:image/jpeg;base64"
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"), int)
    assert picture.shape == (SIDE, SIDE, 3)
    red, green, blue = (picture[..., channel] for channel in range(3))
    rows, columns = np.nonzero((blue > red + 60) & (green > red + 30))  # #56b4e9
    assert len(rows), f"nothing is drawn around {FAR}"
    assert abs(rows.mean() - SIDE / 2) < SIDE / 8
    assert abs(columns.mean() - SIDE / 2) < SIDE / 8


def test_a_failure_without_a_place_has_no_picture(compared: Workspace) -> None:
    cohort, (name, model) = compared.cohort("small"), next(iter(shipped().items()))
    contenders = rows_of({name: model})
    nowhere = {"case": case_id(1), "region": "WT", "voxel": None}
    assert failure_pictures(cohort, contenders, [(contenders[0].name, nowhere)]) == [""]
