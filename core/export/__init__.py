"""What a mask can be written as. `EXPORTS` is what is plugged in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.export.nifti import write_label_map
from core.volume import Grid


@dataclass(frozen=True, slots=True)
class ExportSpec:
    """One way to write a label map (X, Y, Z) uint8 or uint16 in RAS+ onto the grid it came from."""

    name: str
    title: str
    suffix: str
    write: Callable[[Path, npt.NDArray[np.uint8 | np.uint16], Grid], None]


EXPORTS: dict[str, ExportSpec] = {
    "nifti": ExportSpec("nifti", "NIfTI-1 label map on the input's own grid", ".nii.gz", write_label_map),
}
