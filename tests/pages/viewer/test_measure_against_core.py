"""The viewer's diameters and those that `core.measuring` prints are the same numbers, on the same slice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from core.measuring import diameters_of
from core.service.modules import modules_version
from core.volume import Geometry
from pages.parts.viewer.component import FOLDER
from tests.pages.viewer.test_measure import GRIDS, Browser, blob


@pytest.fixture
def functions(harness: str, page: Page) -> Browser:
    folder = f"{harness}/viewer/{modules_version(Path(FOLDER))}"
    page.goto(f"{folder}/main.js")
    return Browser(page, folder)


@pytest.mark.parametrize("grid", GRIDS)
def test_the_viewer_and_core_measure_alike(functions: Browser, grid: str) -> None:
    affine = GRIDS[grid]
    for seed in range(12):
        mask = blob(seed)
        shown = functions.diameters(mask, affine)
        found = diameters_of(mask, None if affine is None else Geometry(affine))
        assert shown
        assert found
        assert (found.longest, found.across) == pytest.approx((shown["longestMm"], shown["acrossMm"]), abs=1e-6), seed
        assert found.slice_index == shown["slice"]
        for own, viewers in ((found.longest_ends, shown["longest"]), (found.across_ends, shown["across"])):
            np.testing.assert_allclose(sorted(own), sorted(map(tuple, viewers)), atol=1e-6)
