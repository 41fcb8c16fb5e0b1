"""Sides on real brains: two data sets whose x runs on different sides of zero, and a head that lies turned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.data.load import load_case
from core.data.prepare import head_mask
from core.importing import ImportChoices, read_cases
from core.labels import scheme_named
from core.measuring import Measurements, measure

AFRICA, BRATS_2021 = "brats_africa/BraTS-SSA-{}-000", "brats_2021/BraTS2021_{}"


def measured(folder: Path, scheme_name: str) -> Measurements:
    scheme = scheme_named(scheme_name)
    (case,) = read_cases(folder, ImportChoices()).cases
    loaded = load_case(case, scheme)
    assert loaded.reference is not None
    titles = {region.title: region.title for region in scheme.regions}
    geometry = loaded.volume.geometry
    return measure(loaded.reference, scheme.region_names, titles, geometry, head_mask(loaded.volume))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "scheme", "middle_mm", "side"),
    [
        (AFRICA.format("00002"), "brats-2023", 120, "right"),
        (AFRICA.format("00049"), "brats-2023", 120, "left"),
        (BRATS_2021.format("01478"), "brats-2021", -120, "left"),
    ],
)
def test_the_plane_is_the_atlas_s_whatever_sign_x_has(
    real_data: Path, folder: str, scheme: str, middle_mm: float, side: str
) -> None:
    found = measured(real_data / folder, scheme)
    assert found.mid_plane
    assert found.mid_plane.point_mm[0] == pytest.approx(middle_mm, abs=3)  # both sets lie on one symmetric atlas
    assert np.degrees(np.arccos(found.mid_plane.normal[0])) < 5
    assert found.region("WT").side == side
    assert found.lesions.listed[0].side == side


@pytest.mark.slow
def test_a_head_that_lies_turned_is_halved_as_it_lies(real_data: Path) -> None:
    """On its pictures the fissure leans by about 30 degrees."""
    found = measured(real_data / AFRICA.format("00068"), "brats-2023")
    assert found.mid_plane
    lean = np.degrees(np.arcsin(found.mid_plane.normal[2]))
    assert 24 < lean < 36
