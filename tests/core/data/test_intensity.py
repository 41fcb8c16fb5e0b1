"""Intensities vary in units of their own spread, and background stays 0."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from core.data.intensity import (
    IntensitySettings,
    add_noise,
    apply_bias,
    apply_gain,
    apply_gamma,
    blur,
    draw_bias,
    drop_modalities,
    vary_intensity,
)

EVERYTHING: dict[str, Any] = {
    "intensity_probability": 1, "gain": 0.3, "offset": 0.3, "gamma": 2, "noise_probability": 1, "noise": 0.2,
    "blur_probability": 1, "blur": 1.5, "bias_probability": 1, "bias_field": 0.3,
}  # fmt: skip


def values(*numbers: float) -> npt.NDArray[np.float32]:
    return np.array(numbers, np.float32)


def test_gain_is_about_the_mean_and_offset_in_standard_deviations() -> None:
    # mean 2, sd 1: 2 + 1.5 (v - 2) + 0.5 * 1
    assert apply_gain(values(1, 3), 1.5, 0.5).tolist() == [1.0, 4.0]


def test_gamma_keeps_the_ends_and_squares_the_shares_between() -> None:
    # shares 0, 1/2, 1 of the range -1 ... 3: squared 0, 1/4, 1
    assert apply_gamma(values(-1, 1, 3), 2.0).tolist() == [-1.0, 0.0, 3.0]


def test_gamma_of_a_constant_channel_is_that_channel() -> None:
    assert apply_gamma(values(2, 2), 1.7).tolist() == [2.0, 2.0]


def test_noise_has_the_spread_asked_for_in_units_of_the_channels_own() -> None:
    rng = np.random.default_rng(0)
    original = (rng.standard_normal(100_000) * 50 + 300).astype(np.float32)
    noise = add_noise(original, 0.1, rng) - original
    assert noise.std() == pytest.approx(5, rel=0.01)
    assert noise.mean() == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_background_stays_zero_and_everything_finite_whatever_the_preparing(scale: float) -> None:
    rng = np.random.default_rng(1)
    image = (rng.standard_normal((3, 40, 50)) * scale).astype(np.float32)
    image[:, :10] = 0
    image[2] = 0  # a blank modality
    for seed in range(20):
        varied = image.copy()
        vary_intensity(varied, IntensitySettings(**EVERYTHING), np.random.default_rng(seed))
        assert np.isfinite(varied).all()
        assert not varied[:, :10].any()
        assert not varied[2].any()
        assert (varied[:2, 10:] != image[:2, 10:]).mean() > 0.99


def test_amounts_scale_with_the_data() -> None:
    image = np.random.default_rng(1).standard_normal((2, 30, 30)).astype(np.float32)
    small, large = image.copy(), image * 64
    vary_intensity(small, IntensitySettings(**EVERYTHING), np.random.default_rng(7))
    vary_intensity(large, IntensitySettings(**EVERYTHING), np.random.default_rng(7))
    assert np.allclose(large, small * 64, rtol=1e-3, atol=1e-2)


def test_each_modality_draws_its_own_amounts() -> None:
    image = np.repeat(np.random.default_rng(1).standard_normal((1, 30, 30)).astype(np.float32), 2, axis=0)
    vary_intensity(image, IntensitySettings(intensity_probability=1, gain=0.3), np.random.default_rng(0))
    assert not np.allclose(image[0], image[1])


def test_dropout_blanks_modalities_but_never_all_of_them() -> None:
    rng = np.random.default_rng(0)
    drops = np.array([drop_modalities(4, 0.5, rng) for _ in range(2000)])
    assert not drops.all(axis=1).any()
    # of the 16 equal outcomes, the one with all four dropped keeps one: 4 * 1/2 - 1/16 on average
    assert drops.sum(axis=1).mean() == pytest.approx(2 - 1 / 16, abs=0.08)
    assert not drop_modalities(1, 0.99, rng).any()


def test_a_dropped_modality_is_all_zero() -> None:
    image = np.ones((4, 5, 5), np.float32)
    vary_intensity(image, IntensitySettings(modality_dropout=0.6), np.random.default_rng(2))
    levels = sorted({float(channel.mean()) for channel in image})
    assert levels == [0.0, 1.0]


def test_blur_of_a_constant_head_is_that_head() -> None:
    """Its edge does not darken, and nothing spills over it."""
    channel = np.zeros((30, 30), np.float32)
    channel[8:20, 5:25] = 7
    assert np.allclose(blur(channel, 2.0), channel, rtol=1e-5)


def test_blur_spreads_a_point_as_a_gaussian_does() -> None:
    """Next to the centre lies exp(-1 / 2) of it, one step further exp(-2)."""
    channel = np.full((41, 41), 1.0, np.float32)
    channel[20, 20] += 100
    spread = blur(channel, 1.0) - 1
    assert spread[20, 21] / spread[20, 20] == pytest.approx(np.exp(-0.5), rel=1e-3)
    assert spread[20, 22] / spread[20, 20] == pytest.approx(np.exp(-2), rel=1e-3)
    assert spread.sum() == pytest.approx(100, rel=1e-4)
    assert np.array_equal(blur(channel, 0.0), channel)


def test_a_bias_field_is_smooth_positive_and_one_in_the_middle() -> None:
    """The logarithm has no constant, so at the centre it is 0; nine terms of 0.2 add up to 1.8 at the most."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        field = draw_bias((41, 61), 0.2, rng)
        assert field[20, 30] == pytest.approx(1)
        assert np.abs(np.log(field)).max() <= 1.8
        assert np.abs(np.diff(np.log(field), axis=0)).max() < 0.2
        # of third order along every row: fourth differences vanish
        assert np.abs(np.diff(np.log(field.astype(np.float64)), n=4, axis=1)).max() < 1e-5
    assert field.std() > 0.01


def test_a_bias_field_multiplies_what_lies_above_the_darkest() -> None:
    assert apply_bias(values(-1, 0, 3), values(2, 2, 0.5)).tolist() == [-1, 1, 1]
