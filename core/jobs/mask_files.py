"""A case's masks on the disk: on the grid that was segmented, and on each series's own where a study was raw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.checkpoints import Checkpoint
from core.export import EXPORTS, Provenance, SegmentedCase
from core.harmonise.carry_back import carried_back
from core.inference.prediction import Prediction, region_bits
from core.jobs.ready_case import ReadyCase
from core.labels import LabelScheme
from core.measuring.familiarity import Familiarity
from core.postprocess import clean
from core.volume import Grid

Bits = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class MaskFile:
    """A mask on one series's own grid."""

    file: Path
    volumes_ml: Mapping[str, float | None]

    def to_json(self) -> dict[str, Any]:
        return {"file": self.file.name, "volumes_ml": dict(self.volumes_ml)}


@dataclass(frozen=True, slots=True)
class Written:
    """What was written of a case.

    Attributes:
        file: the mask on the grid that was segmented.
        files: everything, `file` first.
        series: of a raw study, series to its mask.
    """

    file: Path
    files: tuple[Path, ...]
    series: Mapping[str, MaskFile] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a checkpoint found in a case.

    Attributes:
        checkpoint: which.
        prediction: its probabilities.
        bits: (X, Y, Z) uint8 region bits, cleaned up as the checkpoint's card says.
        scheme: what label maps are painted by.
        provenance: what every file made of it says of itself.
        familiarity: how like the checkpoint's training data the case is; None where that cannot be told.
    """

    checkpoint: Checkpoint
    prediction: Prediction
    bits: Bits
    scheme: LabelScheme
    provenance: Provenance
    familiarity: Familiarity | None = None


def carried_masks(ready: ReadyCase, found: Found) -> dict[str, Bits]:
    """Return a raw study's mask on each series's own grid, (X, Y, Z) uint8 region bits in RAS+; else nothing.

    Probabilities are carried back and decided there, by the same thresholds and the same clean-up.
    """
    if ready.harmonised is None:
        return {}
    prediction, spec = found.prediction, found.checkpoint.spec
    common = ready.volume.native
    whole = [prediction.box.paste(np.asarray(each), prediction.shape) for each in prediction.probabilities]
    masks = {}
    for name, grid in ready.series.items():
        shares = carried_back(whole, common, ready.harmonised.transforms[name], grid)
        bits = np.ascontiguousarray(grid.to_ras(region_bits(shares, prediction.thresholds, prediction.class_bits)))
        geometry = grid.geometry()
        spacing = geometry.spacing_mm if geometry else None
        masks[name] = clean(bits, prediction.regions, spacing, spec.post, prediction.class_bits)
    return masks


def write_masks(out: Path, ready: ReadyCase, found: Found, carried: Mapping[str, Bits]) -> Written:
    """Write a case's masks; each file appears whole or not at all.

    Args:
        out: the folder.
        ready: the case.
        found: its mask on the grid that was segmented.
        carried: what `carried_masks` made of it.
    """
    case_id = ready.case.case_id
    file = _write(out / f"{case_id}_seg.nii.gz", case_id, found.bits, ready.volume.native, found)
    series = {}
    for name, bits in carried.items():
        grid = ready.series[name]
        geometry = grid.geometry()
        written = _write(out / f"{case_id}_seg_on_{name}.nii.gz", case_id, bits, grid, found)
        regions = found.prediction.regions
        series[name] = MaskFile(written, volumes_ml(bits, regions, geometry.voxel_ml if geometry else None))
    return Written(file, (file, *(mask.file for mask in series.values())), series)


def volumes_ml(mask: Bits, regions: tuple[str, ...], voxel_ml: float | None) -> dict[str, float | None]:
    """Return ml per region of region bits (X, Y, Z); None without voxel sizes."""
    return {name: None if voxel_ml is None else n * voxel_ml for name, n in voxels_of(mask, regions).items()}


def voxels_of(mask: Bits, regions: tuple[str, ...]) -> dict[str, int]:
    """Return how many voxels each region of region bits (X, Y, Z) has."""
    return {name: int(np.count_nonzero(mask & np.uint8(1 << bit))) for bit, name in enumerate(regions)}


def _write(path: Path, case_id: str, bits: Bits, grid: Grid, found: Found) -> Path:
    regions = found.prediction.regions
    EXPORTS["nifti"].write(path, SegmentedCase(case_id, bits, regions, found.scheme, grid, found.provenance))
    return path
