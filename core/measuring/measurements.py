"""What was measured of a mask: numbers for tables, and sentences to copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from core.measuring.diameters import Diameters
from core.measuring.lesions import Neighbours
from core.measuring.mid_plane import MidPlane, Side

SCHEMA_VERSION = 1
WHOLE_FROM_MM = 10.0  # a shorter diameter is written with a decimal


@dataclass(frozen=True, slots=True)
class RegionMeasures:
    """One region.

    Attributes:
        name: of the region.
        title: how a reader calls it.
        voxels: how many it has.
        ml: its volume, None without geometry.
        side: of its centre; `both` where it has lesions on the left and on the right; None where it is empty or no
            side can be told.
        diameters: None where it is empty.
        flat: of a single picture without geometry, whose voxels are called pixels.
    """

    name: str
    title: str
    voxels: int
    ml: float | None
    side: Side | Literal["both"] | None
    diameters: Diameters | None
    flat: bool = False

    @property
    def counted_in(self) -> str:
        """What is counted where there are no millimetres: pixels of a picture, else voxels."""
        return "pixels" if self.flat else "voxels"

    @property
    def sentence(self) -> str:
        """The region in a line to copy, such as "Enhancing tumour 12.4 ml, right, 31 × 22 mm"."""
        title = self.title[:1].upper() + self.title[1:]
        if self.diameters is None:
            return f"{title}: none"
        amount = f"{self.voxels:,} {self.counted_in}" if self.ml is None else _millilitres(self.ml)
        side = "both sides" if self.side == "both" else self.side
        return ", ".join(part for part in (f"{title} {amount}", side, _across(self.diameters, self.counted_in)) if part)

    def to_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "voxels": self.voxels,
            "ml": self.ml,
            "side": self.side,
            "diameters": None if self.diameters is None else self.diameters.to_json(),
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True)
class LesionMeasures:
    """One lesion.

    Attributes:
        number: from 1, the largest first.
        voxels: how many it has.
        ml: its volume, None without geometry.
        centroid_voxel: its mean voxel index in RAS+ order, not rounded.
        centroid_mm: the same point in RAS+ mm, None without geometry.
        side: None where it cannot be told.
    """

    number: int
    voxels: int
    ml: float | None
    centroid_voxel: tuple[float, float, float]
    centroid_mm: tuple[float, float, float] | None
    side: Side | None

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "voxels": self.voxels,
            "ml": self.ml,
            "centroid_voxel": list(self.centroid_voxel),
            "centroid_mm": None if self.centroid_mm is None else list(self.centroid_mm),
            "side": self.side,
        }


@dataclass(frozen=True, slots=True)
class LesionList:
    """The lesions of one region.

    Attributes:
        region: which region's.
        neighbours: by how many neighbours voxels hang together.
        smallest_ml: what is smaller is counted but not listed; None without geometry.
        listed: the others, the largest first.
        too_small: how many are smaller.
        left_out: how many more there are than are ever listed.
    """

    region: str
    neighbours: Neighbours
    smallest_ml: float | None
    listed: tuple[LesionMeasures, ...]
    too_small: int = 0
    left_out: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "region": self.region,
            "neighbours": self.neighbours,
            "smallest_ml": self.smallest_ml,
            "listed": [lesion.to_json() for lesion in self.listed],
            "too_small": self.too_small,
            "left_out": self.left_out,
        }


@dataclass(frozen=True, slots=True)
class Measurements:
    """Everything that is measured of one mask.

    Attributes:
        regions: in the order of the mask's bits.
        lesions: of the region that holds the others.
        mid_plane: what sides are told by.
        no_sides: why sides are not told, where they are not.
    """

    regions: tuple[RegionMeasures, ...]
    lesions: LesionList
    mid_plane: MidPlane | None
    no_sides: str | None

    def region(self, name: str) -> RegionMeasures:
        """Return one region's measures.

        Raises:
            KeyError: no region is called that.
        """
        return {region.name: region for region in self.regions}[name]

    def sentence(self, region: str) -> str:
        """Return a region in a line to copy, such as "Enhancing tumour 12.4 ml, right, 31 × 22 mm".

        Raises:
            KeyError: no region is called that.
        """
        return self.region(region).sentence

    @property
    def volumes_ml(self) -> dict[str, float | None]:
        """Volume by region."""
        return {region.name: region.ml for region in self.regions}

    def to_json(self) -> dict[str, Any]:
        return {
            "schema_version": SCHEMA_VERSION,
            "regions": {region.name: region.to_json() for region in self.regions},
            "lesions": self.lesions.to_json(),
            "mid_plane": None if self.mid_plane is None else self.mid_plane.to_json(),
            "no_sides": self.no_sides,
        }


def _millilitres(ml: float) -> str:
    return f"{ml:.1f} ml" if ml >= 0.1 else f"{ml:.3f} ml"


def _across(found: Diameters, counted_in: str) -> str:
    unit = "mm" if found.in_mm else counted_in
    decimals = 0 if found.longest >= WHOLE_FROM_MM else 1
    return f"{found.longest:.{decimals}f} × {found.across:.{decimals}f} {unit}"
