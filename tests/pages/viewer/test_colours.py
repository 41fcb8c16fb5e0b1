"""Regions keep apart for readers who see fewer colours."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from pages.parts.viewer.spec import PALETTE, STRONG_PALETTE

Array = npt.NDArray[np.float64]

# Machado, Oliveira and Fernandes, A physiologically-based model for simulation of color vision deficiency,
# IEEE Trans Vis Comput Graph 2009, 15:1291, at severity 1; for linear RGB
SEEN_WITH = {
    "every cone": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
# A CIEDE2000 of 1 can just be told apart side by side; 10 is told apart at a glance.
AT_A_GLANCE = 10.0


def rgb(colours: tuple[str, ...]) -> Array:
    return np.array([[int(each[i : i + 2], 16) for i in (1, 3, 5)] for each in colours]) / 255


def seen(colours: Array, matrix: Array) -> Array:
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    turned = np.clip(linear @ matrix.T, 0, 1)
    return np.where(turned <= 0.0031308, 12.92 * turned, 1.055 * turned ** (1 / 2.4) - 0.055)


def least_distance(colours: tuple[str, ...], matrix: Array) -> float:
    lab = rgb2lab(seen(rgb(colours), matrix)[None])[0]
    distances = deltaE_ciede2000(lab[:, None], lab[None])
    return float(distances[~np.eye(len(colours), dtype=bool)].min())


@pytest.mark.parametrize("kind", SEEN_WITH)
def test_regions_differ_at_a_glance_whatever_the_eye(kind: str) -> None:
    matrix = SEEN_WITH[kind]
    # the eighth of the standard palette is a grey, which only a scheme of eight regions reaches
    assert least_distance(PALETTE[:7], matrix) >= AT_A_GLANCE
    assert least_distance(PALETTE, matrix) >= 6
    assert least_distance(STRONG_PALETTE, matrix) >= 12


@pytest.mark.parametrize("kind", SEEN_WITH)
def test_the_strong_palette_sets_the_three_regions_of_a_glioma_thrice_as_far_apart(kind: str) -> None:
    assert least_distance(STRONG_PALETTE[:3], SEEN_WITH[kind]) >= 30


@pytest.mark.parametrize("kind", SEEN_WITH)
def test_no_colour_of_the_strong_palette_is_taken_for_the_images_grey(kind: str) -> None:
    greys = np.repeat(np.linspace(0, 1, 33)[:, None], 3, 1)
    lab = rgb2lab(seen(np.vstack([rgb(STRONG_PALETTE), greys]), SEEN_WITH[kind])[None])[0]
    assert deltaE_ciede2000(lab[:8, None], lab[None, 8:]).min() >= 8


def test_every_region_name_can_be_read_on_black() -> None:
    for colour in rgb(STRONG_PALETTE + PALETTE[:5]):
        linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
        luminance = linear @ [0.2126, 0.7152, 0.0722]
        assert (luminance + 0.05) / 0.05 >= 4.5
