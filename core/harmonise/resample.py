"""Bring voxels onto another grid: one line of geometry, linear for intensities, nearest neighbour for labels.

Everything here is in RAS+ millimetres, ITK's images included: an ITK image only needs to know where its voxels
are, and no file is read or written by ITK, so its LPS convention never comes in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.data.formats.grid import grid_from_affine
from core.volume import Array, Grid

if TYPE_CHECKING:
    import SimpleITK

Affine = npt.NDArray[np.float64]
Image = npt.NDArray[np.float32]
Place = Callable[[list[float]], None]

FWHM_PER_SIGMA = 2.3548  # 2 sqrt(2 ln 2): full width at half maximum of a Gaussian
LEAST_BLUR_VOXELS = 0.4  # a narrower Gaussian changes less than linear interpolation itself does


def grid_over(grid: Grid, spacing_mm: float | None) -> Grid:
    """Return the grid in RAS+ order that covers the field of view of another.

    Args:
        grid: with geometry; its directions are kept, oblique ones too.
        spacing_mm: edge length of the new voxels; None keeps the voxels as they are.
    """
    geometry = grid.geometry()
    assert geometry is not None
    affine, shape = geometry.affine, np.array(grid.ras_shape)
    if spacing_mm is not None:
        old_mm = np.array(geometry.spacing_mm)
        # a hair less, so that rounding in a header does not add a slice of nothing
        new_shape = np.maximum(np.ceil(shape * old_mm / spacing_mm - 1e-3).astype(int), 1)
        centre = affine @ np.array([*(shape - 1) / 2, 1.0])
        affine = affine.copy()
        affine[:3, :3] *= spacing_mm / old_mm
        affine[:3, 3] = centre[:3] - affine[:3, :3] @ ((new_shape - 1) / 2)
        shape = new_shape
    x, y, z = (int(n) for n in shape)
    return grid_from_affine((x, y, z), affine)


def resample(
    values: Array, affine: Affine, onto: Grid, transform: Affine | None = None, *, labels: bool = False
) -> Array:
    """Bring an image onto a grid.

    Where the new voxels are wider than the old, the image is first blurred to their width, so that fine detail
    does not alias. Voxels outside the image become 0.

    Args:
        values: (I, J, K).
        affine: (4, 4), its voxel index to mm.
        onto: the new grid.
        transform: (4, 4), mm on the new grid to mm in the image; None for the same place.
        labels: take the nearest voxel's value and never blur.

    Returns:
        The grid's shape; float32, or float64 for labels, whose values are the image's own.

    Reference: the blur's width is Cardoso et al., "Scale factor point spread function matching", MICCAI 2015.
    """
    import SimpleITK

    assert onto.affine is not None
    source = values.astype(np.float64) if labels else _blurred(values.astype(np.float32), affine, onto)
    moving = itk_image(source, affine)
    resampler = SimpleITK.ResampleImageFilter()
    resampler.SetSize(onto.shape)
    _place(resampler.SetOutputSpacing, resampler.SetOutputDirection, resampler.SetOutputOrigin, onto.affine)
    resampler.SetTransform(itk_transform(np.eye(4) if transform is None else transform))
    resampler.SetInterpolator(SimpleITK.sitkNearestNeighbor if labels else SimpleITK.sitkLinear)
    resampler.SetDefaultPixelValue(0.0)
    return np.ascontiguousarray(SimpleITK.GetArrayFromImage(resampler.Execute(moving)).transpose(2, 1, 0))


def itk_image(values: Array, affine: Affine) -> SimpleITK.Image:
    """Return an ITK image (I, J, K) whose physical space is RAS+ millimetres."""
    import SimpleITK

    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(values.transpose(2, 1, 0)))
    _place(image.SetSpacing, image.SetDirection, image.SetOrigin, affine)
    return image


def itk_transform(matrix: Affine) -> SimpleITK.AffineTransform:
    """Return an ITK transform of millimetres from a (4, 4) matrix."""
    import SimpleITK

    transform = SimpleITK.AffineTransform(3)
    transform.SetMatrix(matrix[:3, :3].ravel().tolist())
    transform.SetTranslation(matrix[:3, 3].tolist())
    return transform


def _place(spacing: Place, direction: Place, origin: Place, affine: Affine) -> None:
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    spacing(lengths.tolist())
    direction((affine[:3, :3] / lengths).ravel().tolist())
    origin(affine[:3, 3].tolist())


def _blurred(values: Image, affine: Affine, onto: Grid) -> Image:
    from scipy.ndimage import gaussian_filter

    assert onto.affine is not None
    old_mm = np.linalg.norm(affine[:3, :3], axis=0)
    new_mm = float(np.linalg.norm(onto.affine[:3, :3], axis=0).min())
    sigma_voxels = np.sqrt(np.maximum(new_mm**2 - old_mm**2, 0)) / FWHM_PER_SIGMA / old_mm
    sigma_voxels[sigma_voxels < LEAST_BLUR_VOXELS] = 0
    if not sigma_voxels.any():
        return values
    return np.asarray(gaussian_filter(values, sigma_voxels, mode="nearest"), np.float32)
