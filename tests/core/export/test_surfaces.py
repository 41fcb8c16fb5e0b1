"""Surfaces of regions as files, read by trimesh: their millilitres, their place, their names and colours."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import trimesh

from core.data.formats.grid import grid_from_affine
from core.export import NotExportableError, SegmentedCase, SegmentedRegion
from core.export.surfaces import no_millimetres, write_glb, write_ply, write_stl
from core.volume import Grid
from tests.core.export.segmented import BRATS, FIRST, changed, segmented, spheres
from tests.core.export.test_nifti import oblique

RADII = (30.0, 20.0, 12.0)
SHAPE = (80, 78, 40)


def balls(affine: np.ndarray | None = None) -> SegmentedCase:
    """Three balls within each other on voxels of 1 x 1 x 2 mm."""
    affine = np.diag([1.0, 1.0, 2.0, 1.0]) if affine is None else affine
    grid = grid_from_affine(SHAPE, affine)
    geometry = grid.geometry()
    assert geometry is not None
    shape = grid.ras_shape
    centre = geometry.affine[:3, :3] @ (np.array(shape) / 2) + geometry.affine[:3, 3]
    bits = spheres(geometry, shape, centre, RADII)
    return changed(segmented(), grid=grid, bits=bits, prediction=None, measurements=None, images={})


def ml_of(case: SegmentedCase, region: str) -> float:
    assert case.geometry is not None
    return float(case.mask_of(region).sum()) * case.geometry.voxel_ml


@pytest.mark.parametrize("suffix", [".stl", ".ply"])
@pytest.mark.parametrize("region", ["WT", "TC", "ET"])
def test_a_closed_surface_encloses_the_millilitres_of_the_mask(tmp_path: Path, suffix: str, region: str) -> None:
    case = balls()
    path = tmp_path / f"one{suffix}"
    (write_stl if suffix == ".stl" else write_ply)(path, SegmentedRegion(case, region))
    mesh = trimesh.load(path)
    assert isinstance(mesh, trimesh.Trimesh)
    assert mesh.is_watertight
    assert mesh.volume / 1000 == pytest.approx(ml_of(case, region), rel=0.005)


def test_it_lies_where_the_mask_lies_on_an_oblique_mirrored_grid_too(tmp_path: Path) -> None:
    affine = oblique()
    affine[:3, 2] *= 2 / 5.5
    case = balls(affine)
    write_ply(tmp_path / "one.ply", SegmentedRegion(case, "TC"))
    mesh = trimesh.load(tmp_path / "one.ply")
    assert case.geometry is not None
    places = np.argwhere(case.mask_of("TC")) @ case.geometry.affine[:3, :3].T + case.geometry.affine[:3, 3]
    assert np.allclose(mesh.center_mass, places.mean(axis=0), atol=0.1)
    assert np.abs(np.linalg.norm(mesh.vertices - places.mean(axis=0), axis=1) - RADII[1]).max() < 2.5
    assert mesh.volume > 0, "faces look outwards"


def test_slicer_is_told_the_coordinates_and_anyone_where_it_comes_from(tmp_path: Path) -> None:
    """3D Slicer takes a surface that does not say SPACE=RAS for LPS."""
    region = SegmentedRegion(balls(), "ET")
    write_stl(tmp_path / "one.stl", region)
    write_ply(tmp_path / "one.ply", region)
    header = (tmp_path / "one.stl").read_bytes()[:80].decode("ascii")
    assert header.rstrip() == f"SPACE=RAS mm ET Segscope {FIRST[:12]}. For research; not for diagnosis."
    lines = (tmp_path / "one.ply").read_bytes().split(b"end_header")[0].decode("ascii").splitlines()
    assert lines[:4] == ["ply", "format binary_little_endian 1.0", "comment SPACE=RAS", "comment unit mm"]
    said = next(line for line in lines if line.startswith("comment provenance "))
    assert json.loads(said.removeprefix("comment provenance "))["checkpoint_ids"] == [FIRST]


def tree_of(path: Path) -> dict:  # type: ignore[type-arg]
    """The JSON of a binary glTF, and that its chunks are as long as they say."""
    content = path.read_bytes()
    magic, version, length = struct.unpack("<4sII", content[:12])
    assert (magic, version, length) == (b"glTF", 2, len(content))
    size, kind = struct.unpack("<I4s", content[12:20])
    assert (kind, size % 4) == (b"JSON", 0)
    return json.loads(content[20 : 20 + size])


def test_glb_has_a_named_coloured_node_for_each_region(tmp_path: Path) -> None:
    case = balls()
    path = tmp_path / "one.glb"
    write_glb(path, case)
    scene = trimesh.load(path)
    assert isinstance(scene, trimesh.Scene)
    assert set(scene.graph.nodes_geometry) == {"WT", "TC", "ET"}
    for region in case.regions:
        assert scene.geometry[region].volume / 1000 == pytest.approx(ml_of(case, region), rel=0.005)
    tree = tree_of(path)
    colours = {each["name"]: each["pbrMetallicRoughness"]["baseColorFactor"] for each in tree["materials"]}
    assert np.allclose(np.array(colours["WT"][:3]) * 255, (0x56, 0xB4, 0xE9), atol=1)
    assert [colours[name][3] < 1 for name in ("WT", "TC", "ET")] == [True, True, False], "the innermost is opaque"
    extras = tree["asset"]["extras"]
    assert (extras["unit"], extras["space"], tree["asset"]["generator"]) == ("mm", "RAS+", "Segscope")
    assert extras["provenance"]["checkpoint_ids"] == [FIRST]


def test_an_empty_region_has_no_node_and_no_file(tmp_path: Path) -> None:
    case = balls()
    without = changed(case, bits=case.bits & np.uint8(1))
    write_glb(tmp_path / "one.glb", without)
    assert set(trimesh.load(tmp_path / "one.glb").graph.nodes_geometry) == {"WT"}
    with pytest.raises(NotExportableError, match="ET of case-001 is empty: there is no surface to write"):
        write_stl(tmp_path / "one.stl", SegmentedRegion(without, "ET"))
    assert not (tmp_path / "one.stl").exists()


def test_without_voxel_sizes_there_are_no_millimetres(tmp_path: Path) -> None:
    bits = np.zeros((4, 4, 1), np.uint8)
    case = changed(segmented(), grid=Grid((4, 4, 1)), bits=bits, prediction=None, measurements=None, images={})
    assert case.scheme is BRATS
    assert "has no voxel sizes" in no_millimetres(case)
    with pytest.raises(NotExportableError, match="export the mask as NIfTI"):
        write_glb(tmp_path / "one.glb", case)
    assert list(tmp_path.iterdir()) == []


def test_one_voxel_has_a_surface(tmp_path: Path) -> None:
    case = balls()
    bits = np.zeros_like(case.bits)
    bits[40, 39, 20] = 1
    write_ply(tmp_path / "one.ply", SegmentedRegion(changed(case, bits=bits), "WT"))
    assert trimesh.load(tmp_path / "one.ply").volume > 0
