"""Regions as surfaces in millimetres: STL and PLY of one region, GLB of all.

Coordinates are those of the patient, RAS+ mm; STL and PLY say so in the words that 3D Slicer reads, which takes files
without them for LPS. A surface lies within the diagonal of one cell from the voxels' own; see `core.export.mesh`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.export.colours import colour_of
from core.export.mesh import Surface, surface
from core.export.provenance import PROGRAM, RESEARCH_ONLY
from core.export.segmented_case import NotExportableError, SegmentedCase, SegmentedRegion
from core.export.writing import written

if TYPE_CHECKING:
    from trimesh import Trimesh

TRIANGLES = 100_000  # of one region: five times what a page turns at ease
STL_HEADER = 80  # bytes
SPACE = "SPACE=RAS"
OPACITY = 128  # of a region that holds others, of 255


def write_stl(path: Path, region: SegmentedRegion) -> None:
    """Write one region as binary STL, with provenance in its header.

    Raises:
        NotExportableError: the region is empty, or the case has no voxel sizes.
        NotWrittenError: the disk is full, or the folder cannot be written.
    """
    from trimesh.exchange.stl import export_stl

    exported = export_stl(_trimesh(_surface(region)))
    # "solid" at the start would be text
    header = f"{SPACE} mm {region.region[:8]} {region.case.provenance.short}".encode("ascii", "replace")[:STL_HEADER]
    with written(path) as stream:
        stream.write(header.ljust(STL_HEADER))
        stream.write(exported[STL_HEADER:])


def write_ply(path: Path, region: SegmentedRegion) -> None:
    """Write one region as binary PLY, with provenance in comments.

    Raises:
        NotExportableError: the region is empty, or the case has no voxel sizes.
        NotWrittenError: the disk is full, or the folder cannot be written.
    """
    from trimesh.exchange.ply import export_ply

    case = region.case
    exported = export_ply(_trimesh(_surface(region)), vertex_normal=False)
    header, voxels = exported.split(b"end_header\n", 1)
    kept = [line for line in header.splitlines() if not line.startswith(b"comment")]
    said = (SPACE, "unit mm", f"region {region.region}: {case.titles[region.region]}", RESEARCH_ONLY)
    comments = [f"comment {text}".encode() for text in (*said, f"provenance {case.provenance.canonical()}")]
    with written(path) as stream:
        stream.write(b"\n".join([*kept[:2], *comments, *kept[2:], b"end_header", b""]))
        stream.write(voxels)


def write_glb(path: Path, case: SegmentedCase) -> None:
    """Write all regions as one binary glTF: a node per region with its name and colour, provenance in `extras`.

    An empty region has no node; of an empty mask the scene is empty. Vertices are in mm, though glTF means metres:
    `extras` says so.

    Raises:
        NotExportableError: the case has no voxel sizes.
        NotWrittenError: the disk is full, or the folder cannot be written.
    """
    import trimesh
    from trimesh.exchange.gltf import export_glb

    if sentence := no_millimetres(case):
        raise NotExportableError(sentence)
    scene = trimesh.Scene(base_frame=case.case_id)
    textured: Any = trimesh.visual.TextureVisuals
    for bit, name in enumerate(case.regions):
        region = SegmentedRegion(case, name)
        found = None if region.is_empty else _surface_of(region)
        if found is not None:
            mesh = _trimesh(found)
            inner = any(_lies_within(case, other, bit) for other in range(len(case.regions)) if other != bit)
            mesh.visual = textured(material=_material(name, bit, inner))
            scene.add_geometry(mesh, node_name=name, geom_name=name)

    exported: Any = export_glb

    def describe(tree: dict[str, Any]) -> None:
        tree["asset"] = {"version": "2.0", "generator": PROGRAM, "extras": _extras(case)}

    with written(path) as stream:
        stream.write(exported(scene, include_normals=False, tree_postprocessor=describe))


def no_millimetres(of: SegmentedCase | SegmentedRegion) -> str:
    """Say why a surface cannot be written; empty where it can."""
    case = of.case if isinstance(of, SegmentedRegion) else of
    if case.geometry is None:
        return f"{case.case_id} has no voxel sizes, and a surface is in millimetres; export the mask as NIfTI"
    if isinstance(of, SegmentedRegion) and of.is_empty:
        return f"{of.region} of {case.case_id} is empty: there is no surface to write"
    return ""


def _surface(region: SegmentedRegion) -> Surface:
    if sentence := no_millimetres(region):
        raise NotExportableError(sentence)
    found = _surface_of(region)
    if found is None:
        raise NotExportableError(f"{region.region} of {region.case.case_id} is too small for a surface")
    return found


def _surface_of(region: SegmentedRegion) -> Surface | None:
    geometry = region.case.geometry
    assert geometry is not None, "no_millimetres says so"
    return surface(region.case.mask_of(region.region), geometry.affine, triangles=TRIANGLES)


def _trimesh(found: Surface) -> Trimesh:
    import trimesh

    return trimesh.Trimesh(found.vertices_mm, found.faces, process=False)


def _lies_within(case: SegmentedCase, inner: int, outer: int) -> bool:
    """Tell whether a region that is not empty lies within another."""
    inside = case.bits >> inner & 1 != 0
    return bool(inside.any() and (case.bits[inside] >> outer & 1).all())


def _material(name: str, bit: int, holds_others: bool) -> Any:
    from trimesh.visual.material import PBRMaterial

    opacity = OPACITY if holds_others else 255
    made: Any = PBRMaterial
    return made(
        name=name,
        baseColorFactor=np.array([*colour_of(bit), opacity], np.uint8),
        metallicFactor=0.0,
        roughnessFactor=0.8,
        alphaMode="BLEND" if holds_others else "OPAQUE",
    )


def _extras(case: SegmentedCase) -> dict[str, Any]:
    return {
        "unit": "mm",
        "space": "RAS+",
        "case": case.case_id,
        "regions": case.titles,
        "provenance": case.provenance.to_json(),
    }
