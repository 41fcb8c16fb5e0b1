from __future__ import annotations

import numpy as np
import pytest

from core.data.phantom.noise import PERIOD_MM, noise


def test_noise_has_mean_0_and_deviation_1() -> None:
    values = noise(1, "a", 20.0).values
    assert float(values.mean()) == pytest.approx(0, abs=1e-5)
    assert float(values.std()) == pytest.approx(1, abs=1e-5)


def test_noise_has_the_wavelength_asked_for() -> None:
    values = noise(1, "a", 27.0, 0.1).values
    power = np.abs(np.fft.fftn(values)) ** 2
    per_mm = np.fft.fftfreq(values.shape[0], PERIOD_MM / values.shape[0])
    frequency = np.sqrt(per_mm[:, None, None] ** 2 + per_mm[:, None] ** 2 + per_mm**2)
    assert 1 / float((frequency * power).sum() / power.sum()) == pytest.approx(27, rel=0.05)


def test_purposes_and_seeds_give_independent_fields() -> None:
    a = noise(1, "a", 20.0).values
    for other in (noise(1, "b", 20.0).values, noise(2, "a", 20.0).values):
        assert abs(np.corrcoef(a.ravel(), other.ravel())[0, 1]) < 0.1


def test_the_grid_and_the_points_agree() -> None:
    field = noise(3, "a", 30.0)
    x, y, z = np.meshgrid(*(np.arange(n, dtype=np.float32) * 1.5 for n in (20, 30, 25)), indexing="ij")
    np.testing.assert_allclose(field.on_grid((20, 30, 25), 1.5), field.at(x, y, z), atol=1e-4)
