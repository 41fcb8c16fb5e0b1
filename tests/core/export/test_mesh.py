"""A surface lies where its mask lies, is as large, looks outwards, and has as many triangles as asked."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from core.data.load import load_label_file
from core.export.mesh import head_mask, surface
from core.labels import SCHEMES

Affine = npt.NDArray[np.float64]


def ellipsoid(shape: tuple[int, int, int], affine: Affine, centre_mm: Affine, half_axes_mm: Affine) -> Affine:
    """Voxels whose centres lie in an ellipsoid along the patient's axes."""
    voxels = np.stack(np.meshgrid(*(np.arange(length) for length in shape), indexing="ij"), axis=-1)
    mm = voxels @ affine[:3, :3].T + affine[:3, 3]
    inside: Affine = (((mm - centre_mm) / half_axes_mm) ** 2).sum(axis=-1) <= 1
    return inside


def affine_of(spacing: tuple[float, float, float], turn_degrees: float = 0.0) -> Affine:
    turn = np.deg2rad(turn_degrees)
    rotation = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]])
    affine = np.eye(4)
    affine[:3, :3] = rotation @ tilt @ np.diag(spacing)
    affine[:3, 3] = (-40.0, 17.0, 8.0)
    return affine


def middle_mm(affine: Affine, shape: tuple[int, int, int]) -> Affine:
    centre: Affine = affine[:3, :3] @ (np.array(shape) / 2) + affine[:3, 3]
    return centre


@pytest.mark.parametrize("turn_degrees", [0.0, 17.0])
@pytest.mark.parametrize(
    ("spacing", "half_axes"),
    [((1.0, 1.0, 1.0), (25.0, 16.0, 10.0)), ((0.9, 0.9, 5.0), (30.0, 24.0, 30.0)), ((0.5, 0.5, 0.5), (8.0, 8.0, 8.0))],
)
@pytest.mark.parametrize("triangles", [20_000, 3_000])
def test_an_ellipsoid_keeps_its_place_its_shape_and_its_volume(
    spacing: tuple[float, float, float], half_axes: tuple[float, float, float], turn_degrees: float, triangles: int
) -> None:
    affine = affine_of(spacing, turn_degrees)
    x, y, z = (int(2 * max(half_axes) / each) + 8 for each in spacing)
    centre = middle_mm(affine, (x, y, z))
    mask = ellipsoid((x, y, z), affine, centre, np.array(half_axes))
    found = surface(mask, affine, triangles=triangles)
    assert found is not None
    # distance from the true surface, to first order: the ellipsoid's function over its gradient
    from_centre = found.vertices_mm - centre
    value = ((from_centre / half_axes) ** 2).sum(axis=1)
    gradient = 2 * np.linalg.norm(from_centre / np.square(half_axes), axis=1)
    off_mm = np.abs(value - 1) / gradient
    assert off_mm.max() < found.step_mm * np.sqrt(3)
    assert off_mm.mean() < 0.15 * found.step_mm
    assert np.allclose((found.vertices_mm.max(axis=0) + found.vertices_mm.min(axis=0)) / 2, centre, atol=found.step_mm)
    voxels_ml = mask.sum() * float(np.prod(spacing)) / 1000
    assert found.volume_ml == pytest.approx(voxels_ml, rel=0.005)
    assert voxels_ml == pytest.approx(4 / 3 * np.pi * float(np.prod(half_axes)) / 1000, rel=0.01)
    # anisotropic voxels are not made finer than they are, so there may be fewer
    assert len(found.faces) <= 1.1 * triangles
    assert found.vertices_mm.dtype == np.float32
    assert found.faces.dtype == np.int32


@pytest.mark.parametrize("mirrored", [False, True])
def test_it_is_closed_and_looks_outwards_in_either_handedness(mirrored: bool) -> None:
    affine = np.diag([-1.0 if mirrored else 1.0, 1.0, 2.0, 1.0])
    mask = np.zeros((30, 30, 20), np.uint8)
    mask[5:20, 8:22, 4:15] = 3
    found = surface(mask, affine)
    assert found is not None
    assert found.volume_ml == pytest.approx(15 * 14 * 22 / 1000, rel=0.005)  # negative if it looked inwards
    edges = Counter((int(face[i]), int(face[(i + 1) % 3])) for face in found.faces for i in range(3))
    # on a closed surface each edge is walked once in each direction
    assert all(count == 1 and edges[b, a] == 1 for (a, b), count in edges.items())


def test_the_patients_right_front_and_top_are_where_millimetres_grow() -> None:
    """A voxel axis that runs to the patient's left still gives RAS+ millimetres."""
    affine = np.diag([-2.0, 1.0, 1.0, 1.0])
    affine[:3, 3] = (58.0, 0.0, 0.0)
    mask = np.zeros((30, 20, 20), bool)
    mask[2:8, 12:18, 12:18] = True  # x = 58 - 2 i: 44 to 54 mm, the right
    found = surface(mask, affine)
    assert found is not None
    low, high = found.vertices_mm.min(axis=0), found.vertices_mm.max(axis=0)
    # to the faces of the outermost voxels: half a voxel past their centres
    assert low == pytest.approx([43.0, 11.5, 11.5], abs=0.5)
    assert high == pytest.approx([55.0, 17.5, 17.5], abs=0.5)


def test_the_smallest_lesion_and_one_at_the_volumes_edge_are_kept() -> None:
    mask = np.zeros((20, 20, 20), bool)
    mask[10, 10, 10] = True
    mask[0:2, 0:2, 0:2] = True
    found = surface(mask, np.eye(4))
    assert found is not None
    near = [np.linalg.norm(found.vertices_mm - at, axis=1).min() for at in ([10, 10, 10], [0.5, 0.5, 0.5])]
    assert max(near) < 1.5


def test_nothing_has_no_surface_and_holes_can_be_left_out() -> None:
    assert surface(np.zeros((5, 5, 5), np.uint8), np.eye(4)) is None
    hollow = np.ones((30, 30, 30), bool)
    hollow[10:20, 10:20, 10:20] = False
    for fill_holes, ml in ((False, 26.0), (True, 27.0)):
        found = surface(hollow, np.eye(4), fill_holes=fill_holes)
        assert found is not None
        assert found.volume_ml == pytest.approx(ml, rel=0.005)


def test_a_stripped_brain_is_told_from_a_head_and_from_a_body() -> None:
    random = np.random.default_rng(0)
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    ball = ellipsoid((100, 100, 100), affine, np.full(3, 100.0), np.full(3, 70.0))  # 1,437 ml
    head = ellipsoid((100, 100, 100), affine, np.full(3, 100.0), np.full(3, 90.0))  # 3,054 ml
    brain_only = np.where(ball, 300, 0)
    mask, what = head_mask(brain_only, affine)
    assert what == "brain"
    assert (mask == ball).all()
    with_skull = random.integers(0, 30, ball.shape) + 300 * head
    mask, what = head_mask(with_skull, affine)
    assert what == "head"
    assert (mask == head).mean() > 0.999
    assert head_mask(with_skull, affine * 1.6)[1] == "body"


@pytest.mark.parametrize("case", ["BraTS-SSA-00002-000", "BraTS-SSA-00049-000"])
def test_a_real_tumour_keeps_its_millilitres_and_its_box(real_data: Path, case: str) -> None:
    path = real_data / "brats_africa" / case / f"{case}-seg.nii.gz"
    regions, grid = load_label_file(path, SCHEMES["brats-2023"])
    geometry = grid.geometry()
    assert geometry is not None
    for bit in range(3):
        mask = regions >> bit & 1
        found = surface(mask, geometry.affine)
        assert found is not None
        assert found.volume_ml == pytest.approx(mask.sum() * geometry.voxel_ml, rel=0.005)
        voxels = np.argwhere(mask)
        ends = np.array([voxels.min(axis=0), voxels.max(axis=0)]) @ geometry.affine[:3, :3].T + geometry.affine[:3, 3]
        low, high = np.sort(ends, axis=0)
        assert np.allclose(found.vertices_mm.min(axis=0), low, atol=2 * found.step_mm)
        assert np.allclose(found.vertices_mm.max(axis=0), high, atol=2 * found.step_mm)
