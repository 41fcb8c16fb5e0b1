"""From tissue to signal: what each sequence shows, the receive field, and the noise."""

from __future__ import annotations

import numpy as np

from core.data.phantom.grid import SHAPE
from core.data.phantom.noise import Field, noise, stream
from core.data.phantom.tissue import TissueMap
from core.data.phantom.traits import PhantomTraits
from core.data.phantom.tumour import Tumour

# Signal relative to healthy white matter, in the order t1n, t1c, t2w, t2f. Proportions as seen at 1.5 T and 3 T.
SIGNAL: dict[str, tuple[float, float, float, float]] = {
    "csf": (0.26, 0.27, 2.60, 0.22),
    "grey": (0.74, 0.82, 1.42, 1.15),
    "white": (1.00, 1.00, 1.00, 1.00),
    "striatum": (0.80, 0.82, 1.20, 1.14),
    "pallidum": (0.91, 0.92, 0.88, 0.97),
    "thalamus": (0.86, 0.87, 1.16, 1.09),
    "stem": (0.93, 0.94, 1.10, 1.04),
    "plexus": (0.50, 1.30, 1.90, 0.75),
    "vessel": (0.55, 1.75, 0.80, 0.45),
    "oedema": (0.76, 0.77, 1.85, 1.72),
    "solid": (0.66, 0.68, 2.05, 1.66),
    "enhancing": (0.70, 1.42, 1.62, 1.50),
}
# The two ends between which a necrotic core lies.
JELLY = (0.52, 0.56, 2.15, 1.45)
CYST = (0.34, 0.37, 2.50, 0.60)
# How much healthy tissue's signal differs between patients and scanners, as a relative standard deviation.
SIGNAL_SPREAD = 0.025
# What a white-matter hyperintensity adds to the signal.
HYPERINTENSITY = (-0.12, -0.12, 0.55, 0.62)
# Relative standard deviation of the unevenness inside healthy tissue, and inside a tumour.
TEXTURE = 0.012
MOTTLE = (0.05, 0.10, 0.08, 0.09)


def signals(traits: PhantomTraits, brain: TissueMap, growth: Tumour) -> list[Field]:
    """Return the four noisy signals of the voxels inside the head, (N,) float32 each, in stored units."""
    mixture = _mixture(brain, growth)
    table = signal_table(traits)
    patches = hyperintensity(traits, brain) * (1 - sum(growth.shares.values()))
    texture = np.float32(TEXTURE) * _sampled(traits, brain, "texture", 12.0, 0.8)
    core = growth.shares["necrotic"] + growth.shares["enhancing"] + growth.shares["solid"]
    mottle = _sampled(traits, brain, "tumour texture", 11.0, 0.8) * (core + np.float32(0.5) * growth.shares["oedema"])
    result = []
    for channel in range(4):
        signal = sum((np.float32(table[name][channel]) * part for name, part in mixture.items()), np.float32(0))
        signal += patches * np.float32(HYPERINTENSITY[channel])
        signal *= 1 + texture + np.float32(MOTTLE[channel]) * mottle
        receive_field = _sampled(traits, brain, f"receive field {channel}", 150.0, 0.35)
        signal *= np.exp(np.float32(traits.bias) * receive_field)
        result.append(_magnitude(signal, traits, channel) * np.float32(traits.scale[channel]))
    return result


def _magnitude(signal: Field, traits: PhantomTraits, channel: int) -> Field:
    """Add noise to both parts of the complex signal and take its magnitude: Rician noise.

    Reference: Gudbjartsson and Patz, The Rician distribution of noisy MRI data, Magn Reson Med 34 (1995).
    """
    rng = stream(traits.seed, f"noise {channel}")
    real = signal + np.float32(traits.noise) * rng.standard_normal(signal.size, np.float32)
    imaginary = np.float32(traits.noise) * rng.standard_normal(signal.size, np.float32)
    return np.asarray(np.sqrt(real * real + imaginary * imaginary), np.float32)


def signal_table(traits: PhantomTraits) -> dict[str, tuple[float, ...]]:
    """Return the patient's own signals: `SIGNAL`, varied as scanners and tumours vary.

    Returns:
        Tissue to its signal relative to the average white matter, in the order t1n, t1c, t2w, t2f.
    """
    rng = stream(traits.seed, "signal")
    own = {name: np.array(row) * np.exp(rng.normal(0, SIGNAL_SPREAD, 4)) for name, row in SIGNAL.items()}
    for name in ("oedema", "solid"):
        own[name] = 1 + (np.array(SIGNAL[name]) - 1) * traits.conspicuity
    own["necrotic"] = (1 - traits.cystic) * np.array(JELLY) + traits.cystic * np.array(CYST)
    return {name: tuple(float(v) for v in row) for name, row in own.items()}


def _sampled(traits: PhantomTraits, brain: TissueMap, purpose: str, wavelength_mm: float, octaves: float) -> Field:
    return noise(traits.seed, purpose, wavelength_mm, octaves).on_grid(SHAPE)[brain.inside]


def _mixture(brain: TissueMap, growth: Tumour) -> dict[str, Field]:
    healthy = 1 - sum(growth.shares.values())
    return {**{name: part * healthy for name, part in brain.shares.items()}, **growth.shares}


def hyperintensity(traits: PhantomTraits, brain: TissueMap) -> Field:
    """Return the share of each voxel taken by white-matter hyperintensity of old age: caps and spots."""
    load = traits.hyperintensities
    uneven = _sampled(traits, brain, "caps", 24.0, 0.6)
    spots = _sampled(traits, brain, "spots", 11.0, 0.4)
    width = np.float32(0.7 + 3.6 * load) * np.exp(np.float32(0.5) * uneven)
    caps = np.clip(1 - brain.ventricle_mm / width, np.float32(0), np.float32(1))
    deep = np.clip((spots - np.float32(3.2 - 1.3 * load)) * 2, np.float32(0), np.float32(1))
    deep *= np.clip((brain.pial_mm - np.float32(4)) / 2, np.float32(0), np.float32(1))
    return np.asarray(np.maximum(caps, deep) * brain.shares["white"], np.float32)
