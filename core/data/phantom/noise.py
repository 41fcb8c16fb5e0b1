"""Seeded random fields: smooth ones and band-passed ones, periodic, sampled at any point."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]

# A period above the head's length, so that a head never meets the same noise twice.
PERIOD_MM = 216.0


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """A periodic random field with mean 0 and standard deviation 1.

    Attributes:
        values: (n, n, n) float32 over one period of `PERIOD_MM` in each direction.
    """

    values: Field

    def at(self, x_mm: Field, y_mm: Field, z_mm: Field) -> Field:
        """Sample the field, linearly, at points in mm; the result has the points' shape, float32."""
        from scipy.ndimage import map_coordinates

        per_mm = np.float32(self.values.shape[0] / PERIOD_MM)
        points = np.stack([x_mm * per_mm, y_mm * per_mm, z_mm * per_mm])
        return map_coordinates(self.values, points, np.float32, order=1, mode="grid-wrap")

    def on_grid(self, shape: tuple[int, int, int], step_mm: float = 1.0) -> Field:
        """Sample the field, linearly, on a grid of cubes; one axis after the other, so far cheaper than `at`."""
        field = self.values
        n = field.shape[0]
        # the leading axis last: its rows are long and copied whole
        for axis in (2, 1, 0):
            where = np.arange(shape[axis]) * (step_mm * n / PERIOD_MM)
            before = where.astype(np.intp)
            share = (where - before).astype(np.float32).reshape([-1 if a == axis else 1 for a in range(3)])
            low, high = field.take(before % n, axis), field.take((before + 1) % n, axis)
            high -= low
            high *= share
            field = high
            field += low
        return field


def stream(seed: int, purpose: str) -> np.random.Generator:
    """Return the generator for one purpose, so that a change to one field leaves all others alone."""
    return np.random.Generator(np.random.PCG64([seed, zlib.crc32(purpose.encode())]))


def noise(seed: int, purpose: str, wavelength_mm: float, octaves: float = 0.5) -> Noise:
    """Make band-passed Gaussian noise.

    Args:
        seed: of the patient.
        purpose: what the field is for; two purposes give independent fields.
        wavelength_mm: middle of the band.
        octaves: standard deviation of the band, in octaves; narrow bands look regular, broad ones natural.
    """
    n = 2 * round(PERIOD_MM / min(wavelength_mm / 4, 13.5) / 2)
    white = stream(seed, purpose).standard_normal((n, n, n), np.float32)
    squared = np.fft.fftfreq(n, PERIOD_MM / n)[:, None, None] ** 2 + np.fft.fftfreq(n, PERIOD_MM / n)[:, None] ** 2
    frequency = np.sqrt(squared + np.fft.rfftfreq(n, PERIOD_MM / n) ** 2)
    frequency[0, 0, 0] = 1e-9
    gain = np.exp(-0.5 * (np.log2(frequency * wavelength_mm) / octaves) ** 2)
    values = np.fft.irfftn(np.fft.rfftn(white) * gain, s=(n, n, n), axes=(0, 1, 2))
    return Noise((values / values.std()).astype(np.float32))
