"""What the workspace remembers of a case besides its voxels."""

from __future__ import annotations

import hashlib
from typing import Any

from core.case import Case, Source
from core.data.formats.gzip_bounded import CHUNK
from core.data.load import LoadedCase
from core.data.store import SlicedCase
from core.labels import LabelScheme


def case_facts(case: Case, loaded: LoadedCase, sliced: SlicedCase, scheme: LabelScheme) -> dict[str, Any]:
    """Return a case's shape, place, content, files, acquisition and tumour volumes as plain JSON types."""
    volume = loaded.volume
    x, y, z = volume.shape
    facts: dict[str, Any] = {
        "shape": [x, y, z],
        "spacing_mm": list(volume.geometry.spacing_mm) if volume.geometry else None,
        "affine": volume.geometry.affine.tolist() if volume.geometry else None,  # of the RAS+ voxels
        "axis_codes": volume.native.axis_codes,
        "grid": volume.native.to_json(),  # of the files
        "voxels": x * y * z,
        "box_voxels": sliced.box.size,
        "slices": {sliced.plane: len(sliced.slice_index)},
        "content_hashes": sliced.content,
        "files": {name: _file_facts(source) for name, source in case.sources.items()},
        "context": {name: dict(image.context) for name, image in loaded.files.images.items() if image.context},
        "volumes_ml": None,
        "reference_voxels": None,
        "tumour_slice": None,
    }
    if loaded.reference is not None:
        area = [(loaded.reference >> bit & 1).sum(axis=(0, 1)) for bit in range(len(scheme.regions))]
        names = scheme.region_names
        facts["reference_voxels"] = {n: int(a.sum()) for n, a in zip(names, area, strict=True)}
        if volume.geometry:
            voxel_ml = volume.geometry.voxel_ml
            facts["volumes_ml"] = {n: float(a.sum() * voxel_ml) for n, a in zip(names, area, strict=True)}
        facts["tumour_slice"] = int(area[0].argmax()) if area[0].any() else None
    return facts


def _file_facts(source: Source) -> dict[str, Any]:
    digest = hashlib.sha256()
    for file in source.files:
        with file.open("rb") as stream:
            while block := stream.read(CHUNK):
                digest.update(block)
    return {"bytes": sum(file.stat().st_size for file in source.files), "sha256": digest.hexdigest()}
