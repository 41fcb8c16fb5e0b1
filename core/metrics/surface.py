"""Surfaces of masks and the distances between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint8]
Distances = npt.NDArray[np.float64]

QUERY_WORKERS = 2
LEAF_SIZE = 32


def surface_bits(regions: Bits, axes: Sequence[int] = (0, 1, 2)) -> Bits:
    """Keep the surface of every region at once.

    A voxel is on the surface of a region when one of its face neighbours is not in the region; beyond the
    array there is background.

    Args:
        regions: (X, Y, Z) uint8, bit r set where region r is.
        axes: the axes along which neighbours count. A single slice has none across it, or all of
            its voxels would be surface.

    Returns:
        (X, Y, Z) uint8, bit r set on the surface of region r; zeros for an empty region.

    Reference:
        P. Soille, Morphological Image Analysis, 2nd ed., 2004: internal gradient by erosion,
        6-connected structuring element.
    """
    interior = regions.copy()
    for axis in axes:
        inside, around = np.moveaxis(interior, axis, 0), np.moveaxis(regions, axis, 0)
        inside[1:] &= around[:-1]
        inside[:-1] &= around[1:]
        inside[0] = 0
        inside[-1] = 0
    return regions & ~interior


def points_of(mask: npt.NDArray[np.bool_], spacing: Sequence[float]) -> npt.NDArray[np.float64]:
    """Return where the True voxels of `mask` (X, Y, Z) lie: (N, 3) float64 in the unit of `spacing`."""
    index = np.unravel_index(np.flatnonzero(mask), mask.shape)
    return np.stack([axis * step for axis, step in zip(index, spacing, strict=True)], axis=1)


def nearest_distances(points: npt.NDArray[np.float64], targets: npt.NDArray[np.float64]) -> Distances:
    """Return the Euclidean distance from each point to its nearest target.

    Args:
        points: (N, 3) float64.
        targets: (M, 3) float64, M at least 1.

    Returns:
        (N,) float64, exact, in the unit of the points.

    Reference:
        J. L. Bentley, Multidimensional binary search trees used for associative searching,
        Commun. ACM 18, 1975.
    """
    if len(points) == 0:
        return np.zeros(0)
    from scipy.spatial import cKDTree

    # Each tree answers one batch of queries: a quick build is worth more than a balanced tree.
    tree = cKDTree(targets, leafsize=LEAF_SIZE, balanced_tree=False, compact_nodes=False)
    distances, _ = tree.query(points, workers=QUERY_WORKERS)
    return np.asarray(distances, np.float64)


def distances_between(
    prediction_surface: npt.NDArray[np.bool_], reference_surface: npt.NDArray[np.bool_], spacing: Sequence[float]
) -> tuple[Distances, Distances]:
    """Measure two surfaces against each other.

    Args:
        prediction_surface: (X, Y, Z) bool, at least one voxel.
        reference_surface: (X, Y, Z) bool, at least one voxel.
        spacing: edge lengths of a voxel; their unit is the unit of the answer.

    Returns:
        The distance of every predicted surface voxel to the reference surface, and of every
        reference surface voxel to the predicted one, each float64 in no particular order.

    Raises:
        ValueError: a surface is empty, so that no distance exists.
    """
    predicted, referred = points_of(prediction_surface, spacing), points_of(reference_surface, spacing)
    if len(predicted) == 0 or len(referred) == 0:
        raise ValueError(
            f"found {len(predicted)} predicted and {len(referred)} reference surface voxels, expected at least one "
            "of each; an empty mask is scored by the empty-mask policy"
        )
    shared = prediction_surface & reference_surface
    zeros = np.zeros(np.count_nonzero(shared))  # voxels on both surfaces need no search
    strays = points_of(prediction_surface & ~shared, spacing)
    misses = points_of(reference_surface & ~shared, spacing)
    return (
        np.concatenate([zeros, nearest_distances(strays, referred)]),
        np.concatenate([zeros, nearest_distances(misses, predicted)]),
    )
