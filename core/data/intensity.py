"""How the intensities of prepared slices are varied, modality by modality.

Our own, because albumentations clips its intensity transforms to 0-1, which z-scored voxels are not.
Amounts are in units of each channel's own spread on the slice, so that they mean the same for every
way of preparing. Voxels that are 0 are background and stay 0.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from pydantic import Field

from core.arguments import Arguments

Image = npt.NDArray[np.float32]


class IntensitySettings(Arguments):
    """How far intensities may stray; 0 turns a variation off."""

    intensity_probability: float = Field(
        default=0.0, ge=0, le=1, description="Share of slices whose gain, offset and gamma are varied."
    )
    gain: float = Field(default=0.0, ge=0, lt=1, description="Contrast about the mean: factor in 1 ± this.")
    offset: float = Field(default=0.0, ge=0, le=3, description="Brightness: ± this many standard deviations.")
    gamma: float = Field(
        default=1.0, ge=1, le=4, description="Exponent on the slice's own range, between 1 / this and this."
    )
    noise_probability: float = Field(default=0.0, ge=0, le=1, description="Share of slices that get noise.")
    noise: float = Field(default=0.0, ge=0, le=3, description="Largest Gaussian noise, in standard deviations.")
    blur_probability: float = Field(default=0.0, ge=0, le=1, description="Share of slices that are blurred.")
    blur: float = Field(default=0.0, ge=0, le=10, description="Largest blur: a Gaussian's sd, in pixels.")
    bias_probability: float = Field(
        default=0.0, ge=0, le=1, description="Share of slices that get a coil's uneven brightness."
    )
    bias_field: float = Field(
        default=0.0, ge=0, le=1, description="Uneven brightness: ± this for each of its polynomial's nine terms."
    )
    modality_dropout: float = Field(
        default=0.0, ge=0, lt=1, description="Chance for each modality to be blanked; one is always kept."
    )


def vary_intensity(image: Image, settings: IntensitySettings, rng: np.random.Generator, slices: int = 1) -> None:
    """Vary a slice's intensities in place; each modality draws its own amounts.

    Args:
        image: (C, H, W) float32, prepared, contiguous. Voxels that are 0 stay 0; a channel of zeros stays as it is.
        settings: how far.
        rng: where the amounts are drawn from.
        slices: how many slices the channels come from, each with all modalities; a modality varies alike on all.
    """
    varied = rng.random() < settings.intensity_probability
    noisy = rng.random() < settings.noise_probability
    blurred = settings.blur_probability > 0 and rng.random() < settings.blur_probability
    uneven = settings.bias_probability > 0 and rng.random() < settings.bias_probability
    by_slice = image.reshape(slices, -1, *image.shape[1:])
    for modality in range(by_slice.shape[1]):
        if not (varied or noisy or blurred or uneven):
            break
        channel = by_slice[:, modality]
        if blurred:
            sigma = rng.uniform(0, settings.blur)
            for one in channel:
                one[...] = blur(one, sigma)
        voxels = np.ascontiguousarray(channel).reshape(-1)  # of one slice a view
        head = voxels != 0
        values = voxels[head]
        if not values.size:
            continue
        if uneven:
            field = draw_bias(image.shape[1:], settings.bias_field, rng)
            values = apply_bias(values, np.broadcast_to(field, channel.shape).reshape(-1)[head])
        if varied:
            values = vary_values(values, settings, rng)
        if noisy:
            values = add_noise(values, rng.uniform(0, settings.noise), rng)
        voxels[head] = values
        if slices > 1:
            channel[...] = voxels.reshape(channel.shape)
    if settings.modality_dropout:
        by_slice[:, drop_modalities(by_slice.shape[1], settings.modality_dropout, rng)] = 0


def vary_values(values: Image, settings: IntensitySettings, rng: np.random.Generator) -> Image:
    """Draw and apply gamma, then gain and offset, to one channel's voxels (n,) float32, n at least 1."""
    gain = 1 + rng.uniform(-settings.gain, settings.gain)
    offset = rng.uniform(-settings.offset, settings.offset)
    exponent = math.exp(rng.uniform(-1, 1) * math.log(settings.gamma))
    return apply_gain(apply_gamma(values, exponent), gain, offset)


def apply_gain(values: Image, gain: float, offset: float) -> Image:
    """Return mean + gain (v - mean) + offset sd, for voxels (n,) float32 with that mean and sd."""
    mean, sd = float(values.mean()), float(values.std())
    return values * np.float32(gain) + np.float32(mean * (1 - gain) + offset * sd)


def apply_gamma(values: Image, exponent: float) -> Image:
    """Return low + range ((v - low) / range)^exponent for voxels (n,) float32.

    The lowest and highest voxel keep their values, so z-scores, which may be negative, are safe. A
    constant channel is returned as it is.
    """
    low, high = values.min(), values.max()
    if exponent == 1.0 or high <= low:
        return values
    span = high - low
    # rounding may leave a share a hair outside 0-1
    share = np.clip((values - low) / span, 0, 1)
    return low + span * np.power(share, np.float32(exponent))  # type: ignore[no-any-return]


def add_noise(values: Image, sigma: float, rng: np.random.Generator) -> Image:
    """Add Gaussian noise of `sigma` standard deviations of the voxels (n,) float32 themselves."""
    noise = rng.standard_normal(values.size, dtype=np.float32)
    return values + np.float32(sigma * float(values.std())) * noise


def blur(channel: Image, sigma: float) -> Image:
    """Blur one channel (H, W) by a Gaussian of `sigma` pixels, over the head alone.

    Weighted by where the head is, so that its edge does not darken; what is 0 stays 0.

    Reference:
        Knutsson and Westin, Normalized and differential convolution, CVPR 1993.
    """
    import cv2

    head = (channel != 0).astype(np.float32)
    if sigma <= 0:
        return channel
    weight = cv2.GaussianBlur(head, (0, 0), sigma)
    blurred = cv2.GaussianBlur(channel, (0, 0), sigma)
    return np.asarray(np.divide(blurred, weight, out=np.zeros_like(channel), where=head > 0))


def draw_bias(shape: tuple[int, ...], largest: float, rng: np.random.Generator) -> Image:
    """Draw a smooth positive field (H, W) float32: the exponential of a polynomial of third order without constant.

    Its nine coefficients are even in ± `largest`; rows and columns run from -1 to 1.

    Reference:
        Van Leemput et al., Automated model-based bias field correction of MR images of the brain, IEEE Trans. Med.
        Imaging 18(10), 1999.
    """
    order = np.arange(4)
    chosen = order[:, None] + order
    coefficients = np.where((chosen > 0) & (chosen < 4), rng.uniform(-largest, largest, (4, 4)), 0)
    down, across = (np.vander(np.linspace(-1, 1, size), 4, increasing=True) for size in shape)
    return np.exp(down @ coefficients @ across.T).astype(np.float32)


def apply_bias(values: Image, field: Image) -> Image:
    """Return low + (v - low) field for voxels (n,) float32 and the field at them: brightness above the darkest."""
    low = values.min()
    return np.asarray(low + (values - low) * field)


def drop_modalities(count: int, probability: float, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Choose which of `count` modalities to blank, (count,) bool; at least one is kept."""
    dropped = rng.random(count) < probability
    kept = rng.integers(count)
    if dropped.all():
        dropped[kept] = False
    return dropped
