"""Segment one case from files to a mask file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.case import Case
from core.checkpoints import Checkpoint
from core.errors import RefusedError
from core.export import EXPORTS, MaskOnGrid
from core.importing import ImportChoices, read_case
from core.inference.cleaned import cleaned_mask
from core.inference.missing import missing_modalities
from core.inference.segment import Segmenter, Stopwatch
from core.labels import LabelScheme, scheme_from_json

if TYPE_CHECKING:
    from core.inference.cancelling import OnSlices


@dataclass(frozen=True, slots=True)
class Segmentation:
    """What segmenting one case gave.

    Attributes:
        case_id: which case.
        file: the mask that was written.
        volumes_ml: ml per region, None for images without voxel sizes.
        seconds: time per step.
    """

    case_id: str
    file: Path
    volumes_ml: dict[str, float | None]
    seconds: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        return {"case": self.case_id, "file": str(self.file), "volumes_ml": self.volumes_ml, "seconds": self.seconds}


def segment_case(
    segmenter: Segmenter,
    case: Case,
    checkpoint: Checkpoint,
    out: Path,
    choices: ImportChoices | None = None,
    private: bool = False,
    on_slices: OnSlices | None = None,
) -> Segmentation:
    """Read a case, segment it and write `<case_id>_seg.nii.gz` on the input's own grid.

    Args:
        segmenter: computes the prediction.
        case: what to read.
        checkpoint: with what.
        out: the folder to write into.
        choices: how it is read; its scheme says what the written labels mean, None keeps the checkpoint's.
        private: its files' names may be a person's and are not repeated.
        on_slices: told how many slices of how many are done; what it raises ends the work.

    Raises:
        InputRefusedError: the files cannot be used.
        NotSegmentableError: a modality is missing.
        RefusedError: the scheme has no such regions.
    """
    choices = choices or ImportChoices()
    scheme = choices.scheme or scheme_from_json(checkpoint.spec.scheme)
    require_same_regions(checkpoint, scheme)
    missing_modalities(checkpoint, case)
    watch = Stopwatch()
    volume = read_case(case, None, choices, private).loaded.volume
    watch.lap("load")
    prediction = segmenter.segment_volume(case, volume, checkpoint, on_slices)
    watch.lap("forward")
    mask = cleaned_mask(prediction, checkpoint.spec, volume.geometry)
    labels = scheme.to_labels(mask)
    volumes = volumes_ml(mask, prediction.regions, volume.geometry.voxel_ml if volume.geometry else None)
    watch.lap("postprocess")
    file = out / f"{case.case_id}_seg.nii.gz"
    EXPORTS["nifti"].write(file, MaskOnGrid(labels, volume.native))
    watch.lap("write")
    return Segmentation(case.case_id, file, volumes, watch.seconds)


def volumes_ml(
    mask: npt.NDArray[np.uint8], regions: tuple[str, ...], voxel_ml: float | None
) -> dict[str, float | None]:
    """Return ml per region of region bits (X, Y, Z); None without voxel sizes."""
    counts = [int(np.count_nonzero(mask >> bit & 1)) for bit in range(len(regions))]
    return {name: None if voxel_ml is None else n * voxel_ml for name, n in zip(regions, counts, strict=True)}


def require_same_regions(checkpoint: Checkpoint, scheme: LabelScheme) -> None:
    """Refuse a scheme whose regions are not the checkpoint's, in order.

    Raises:
        RefusedError: they differ.
    """
    if scheme.region_names != checkpoint.spec.regions:
        raise RefusedError(
            f"the checkpoint predicts {', '.join(checkpoint.spec.regions)}; {scheme.name} has "
            f"{', '.join(scheme.region_names)}: choose another --scheme"
        )
