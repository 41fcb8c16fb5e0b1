"""One segmented case: all that any of its exports is written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.errors import RefusedError
from core.export.provenance import Provenance
from core.labels import LabelScheme
from core.volume import Array, Geometry, Grid

if TYPE_CHECKING:
    from core.export.dicom.series import DicomSeries
    from core.inference.prediction import Prediction
    from core.measuring import Measurements


class NotExportableError(RefusedError):
    """A case cannot be written in a format; the message says what it lacks and what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class SegmentedCase:
    """A mask, where it lies, what it means and where it comes from.

    Attributes:
        case_id: the case's pseudonym, which names its files.
        bits: (X, Y, Z) uint8 in RAS+; bit r is region r. May be empty.
        regions: the name of each bit.
        scheme: what label maps are painted by; its regions are `regions`.
        grid: the input's own grid, through which everything goes back.
        provenance: what made the mask.
        prediction: the probabilities behind it, on the same voxels; None where only the mask is left.
        measurements: what `core.measuring.measure` said of the same mask; None where nobody asked.
        dicom: the series whose grid this is, with its identifiers; None where the input was not DICOM.
        images: modality to its values (X, Y, Z) in RAS+, for pictures.
        on: of a study as the scanner left it, the series whose grid this is; it stands in the names of files.
    """

    case_id: str
    bits: npt.NDArray[np.uint8]
    regions: tuple[str, ...]
    scheme: LabelScheme
    grid: Grid
    provenance: Provenance
    prediction: Prediction | None = None
    measurements: Measurements | None = None
    dicom: DicomSeries | None = None
    images: Mapping[str, Array] = field(default_factory=dict)
    on: str = ""

    def __post_init__(self) -> None:
        if self.bits.shape != self.grid.ras_shape:
            raise ValueError(f"a mask of shape {self.bits.shape}; expected {self.grid.ras_shape}, its grid")
        if self.scheme.region_names != self.regions:
            raise ValueError(f"regions {self.regions}; expected {self.scheme.region_names}, those of its scheme")

    @property
    def geometry(self) -> Geometry | None:
        """Where the voxels lie; None for images without voxel sizes."""
        return self.grid.geometry()

    @property
    def titles(self) -> dict[str, str]:
        """Region to its name in words."""
        return {region.name: region.title for region in self.scheme.regions}

    def mask_of(self, region: str) -> npt.NDArray[np.bool_]:
        """Return one region (X, Y, Z).

        Raises:
            ValueError: no region is called that.
        """
        mask: npt.NDArray[np.bool_] = self.bits >> self.regions.index(region) & 1 != 0
        return mask


@dataclass(frozen=True, slots=True, eq=False)
class SegmentedRegion:
    """One region of a case, for formats of which a file holds one.

    Attributes:
        case: the whole.
        region: which.
    """

    case: SegmentedCase
    region: str

    @property
    def is_empty(self) -> bool:
        """Whether no voxel is in it."""
        return not self.case.mask_of(self.region).any()
