from __future__ import annotations

import numpy as np
import pytest

from core.data.phantom.mass_effect import PUSHING_SHARE, displaced
from core.data.phantom.noise import Field
from core.data.phantom.traits import Lesion

LESION = Lesion(site_mm=(10.0, 0.0, 0.0), radius_mm=20.0, oedema_mm=0.0, rim_mm=2.0)


def row(x: float) -> tuple[Field, Field, Field]:
    return np.array([x], np.float32), np.zeros(1, np.float32), np.zeros(1, np.float32)


def test_without_lesions_nothing_moves() -> None:
    x, _, _ = displaced(row(33.0), np.array([50.0], np.float32), ())
    assert x[0] == 33


def test_tissue_moves_outwards_so_that_its_volume_is_kept() -> None:
    # 40 mm from the middle; the volume pushed aside is that of a ball with radius^3 = share * 20^3
    x, y, z = displaced(row(50.0), np.array([50.0], np.float32), (LESION,))
    was = (40**3 - PUSHING_SHARE * 20**3 * 0.98) ** (1 / 3)
    assert x[0] - 10 == pytest.approx(was, rel=1e-4)
    assert (y[0], z[0]) == (0, 0)


def test_the_skull_holds_the_surface() -> None:
    x, _, _ = displaced(row(50.0), np.array([0.0], np.float32), (LESION,))
    assert x[0] == pytest.approx(50)
