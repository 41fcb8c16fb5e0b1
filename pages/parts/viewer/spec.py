"""What a page says to the viewer, and what the viewer says back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeGuard

from core.labels import LabelScheme

PLANES = ("axial", "coronal", "sagittal")
# Apart for colour-blind readers, on grey and from each other; in the order of a scheme's regions.
PALETTE = ("#56b4e9", "#e69f00", "#f0e442", "#009e73", "#cc79a7", "#0072b2", "#d55e00", "#999999")
# The reader's other choice: further apart, also as seen with protanopia, deuteranopia or tritanopia.
STRONG_PALETTE = ("#6666ff", "#b36600", "#ccffcc", "#ffccff", "#80b380", "#ffb300", "#b380b3", "#9999ff")


@dataclass(frozen=True, slots=True)
class VolumeRef:
    """A volume in the cache, and this browser's token for it.

    Attributes:
        hash: the volume's key in the cache.
        token: what the browser shows when it asks for it.
        kind: "ct" is in Hounsfield units and gets their windows; anything else has no scale that is known.
    """

    hash: str
    token: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Probabilities:
    """What a model said about each region, in 255ths: the bytes that its mask and its scores come from.

    Attributes:
        regions: one uint8 volume per region, in bit order.
        thresholds: a voxel belongs to a region from this value on, 1 to 255.
        why_not: why no other threshold can be tried; empty where one can.
    """

    regions: tuple[VolumeRef, ...]
    thresholds: tuple[int, ...]
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class SavedDoubts:
    """How sure a model was, as it was saved with a prediction that is the mean of several opinions.

    Attributes:
        entropy: of the mean, one uint8 volume per region, in bit order.
        disagreement: how far the opinions are apart, likewise.
        between: what the opinions are, such as "3 members".
        bits: what a byte of 255 stands for.
    """

    entropy: tuple[VolumeRef, ...]
    disagreement: tuple[VolumeRef, ...]
    between: str
    bits: float = 1.0


@dataclass(frozen=True, slots=True)
class RegionStyle:
    """A region as it is drawn; its place in the list is its bit in the mask volumes.

    Attributes:
        strong: its colour in the palette with more contrast; empty keeps `colour`.
    """

    name: str
    title: str
    colour: str
    strong: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture of the grid.

    Attributes:
        title: top left; `{image}`, `{region}` and `{plane}` are replaced by what is chosen in the viewer.
        subtitle: beside the title, in grey; the same words are replaced.
        image: a key of `images`; None follows the viewer's control row.
        mask: a key of `masks`, drawn over the image.
        error_against: a key of `masks`; what `mask` has too much, misses and has right is drawn instead of it.
        map: draw a map instead of the mask: errors, agreement with another model, disagreement of all, uncertainty,
            whichever the case allows and the reader chooses; `error_against` alone says the same.
        scores: region name and text, top right in the region's colour.
        plane: keeps this panel in one plane; None follows the control row.
    """

    title: str
    subtitle: str = ""
    image: str | None = None
    mask: str | None = None
    error_against: str | None = None
    map: bool = False
    scores: tuple[tuple[str, str], ...] = ()
    plane: str | None = None

    @property
    def id(self) -> str:
        """What tells the panel from the others, whatever else stands beside it."""
        return "|".join(each or "" for each in (self.title, self.mask, self.error_against, self.image, self.plane))


@dataclass(frozen=True, slots=True)
class Stops:
    """What the third axis holds where it is not space, such as the validations of a training.

    Attributes:
        word: what one of them is called, in lower case; "slice" is replaced by it.
        labels: what each is, read after its number; empty where there is nothing to say.
    """

    word: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ViewerView:
    """Where the viewer is, or where it should open.

    Attributes:
        plane: axial, coronal or sagittal.
        slice: voxel index along the plane's axis, from 0; None opens where the reference is largest.
        image: a key of `images`; None is the first.
        window: lowest and highest value that differ on screen; None is automatic.
        cursor: voxel under the crosshair, as the viewer reports it.
    """

    plane: str = "axial"
    slice: int | None = None
    image: str | None = None
    window: tuple[float, float] | None = None
    cursor: tuple[int, int, int] | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what the browser sends; whatever is not well-formed is left out."""
        plane, index, image, window, cursor = (data.get(k) for k in ("plane", "slice", "image", "window", "cursor"))
        return cls(
            plane=plane if plane in PLANES else "axial",
            slice=index if isinstance(index, int) else None,
            image=image if isinstance(image, str) else None,
            window=(float(window[0]), float(window[1])) if _is_numbers(window, 2) else None,
            cursor=(int(cursor[0]), int(cursor[1]), int(cursor[2])) if _is_numbers(cursor, 3) else None,
        )


def region_styles(scheme: LabelScheme) -> list[RegionStyle]:
    """Return a scheme's regions in their colours, in bit order."""
    return [
        RegionStyle(region.name, region.title, colour, strong)
        for region, colour, strong in zip(scheme.regions, PALETTE, STRONG_PALETTE, strict=False)
    ]


def _is_numbers(value: Any, count: int) -> TypeGuard[list[float]]:
    return isinstance(value, list) and len(value) == count and all(isinstance(item, int | float) for item in value)
