"""What the integers of a mask mean: labels, regions and the schemes that name them.

A bare integer says nothing: 4 is enhancing tumour up to BraTS 2021 and resection cavity in 2024.
A label map therefore always travels with a `LabelScheme`, and the rest of the program works on
*regions*: named sets of labels that may overlap, stored as one uint8 volume in which bit r is region r.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from core.errors import RefusedError
from core.registry import look_up

MAX_REGIONS = 8
MAX_LABEL = 65535  # label maps are stored as uint8 or uint16
SCHEME_HINT = "name the scheme the mask was drawn in with --scheme, or a file that says what its values mean"
LISTED_VALUES = 10  # unknown values that a sentence names; a probability map would list hundreds


class UnknownSchemeError(RefusedError):
    """A scheme name that is not one of `SCHEMES`."""


class UnknownLabelError(RefusedError):
    """A label map holds `values` that its scheme does not define."""

    def __init__(self, message: str, values: tuple[int, ...]) -> None:
        super().__init__(message, values)
        self.values = values

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Region:
    """A named set of labels that is predicted and scored as one mask."""

    name: str
    title: str
    labels: tuple[int, ...]


@dataclass(frozen=True)
class LabelScheme:
    """The meaning of each label value, and the regions made of them.

    Attributes:
        name: How the scheme is called on the command line.
        labels: Label value to its name; 0 is background and is not listed.
        regions: What is predicted and scored; region r is bit r of a region volume.
        paint: (region, label) pairs in the order in which a label map is painted from regions.
    """

    name: str
    labels: dict[int, str]
    regions: tuple[Region, ...]
    paint: tuple[tuple[str, int], ...]

    def __post_init__(self) -> None:
        if len(self.regions) > MAX_REGIONS:
            raise ValueError(f"scheme {self.name}: {len(self.regions)} regions, at most {MAX_REGIONS} fit one uint8")
        if wrong := [value for value in self.labels if not 1 <= value <= MAX_LABEL]:
            raise ValueError(f"scheme {self.name}: label values {wrong}; expected 1 to {MAX_LABEL}")
        if stray := {label for region in self.regions for label in region.labels} - set(self.labels):
            raise ValueError(f"scheme {self.name}: regions of the labels {sorted(stray)}, which it does not define")

    @property
    def region_names(self) -> tuple[str, ...]:
        return tuple(region.name for region in self.regions)

    @cached_property
    def class_bits(self) -> tuple[int, ...]:
        """The region bits of each exclusive class, background (0) first, then in the order of the labels.

        Labels that lie in the same regions are one class; those that lie in none are background.
        """
        found = [int(self._bits_of_label[label]) for label in self.labels]
        return (0, *dict.fromkeys(bits for bits in found if bits))

    @property
    def legend(self) -> str:
        """Every label value with its name, for a sentence."""
        return ", ".join(f"{value} {name}" for value, name in self.labels.items())

    @cached_property
    def _bits_of_label(self) -> npt.NDArray[np.uint8]:
        table = np.zeros(max(self.labels, default=0) + 1, np.uint8)
        for bit, region in enumerate(self.regions):
            table[list(region.labels)] |= np.uint8(1 << bit)
        return table

    @cached_property
    def _label_of_bits(self) -> npt.NDArray[Any]:
        bits = np.arange(256, dtype=np.uint8)
        table = np.zeros(256, np.min_scalar_type(max(self.labels, default=0)))
        for name, label in self.paint:
            table[(bits >> self.region_names.index(name)) & 1 == 1] = label
        pattern = {label: int(self._bits_of_label[label]) for label in self.labels}
        for label, own in pattern.items():  # regions that overlap in part are painted wrong in any order
            if own and list(pattern.values()).count(own) == 1:
                table[own] = label
        return table

    def unknown_values(self, values: Iterable[int]) -> tuple[int, ...]:
        """Return the values that are neither background nor a label of this scheme, sorted."""
        return tuple(sorted({int(v) for v in values} - {0, *self.labels}))

    def to_regions(self, labels: npt.NDArray[np.integer]) -> npt.NDArray[np.uint8]:
        """Turn a label map into a region volume of the same shape.

        Args:
            labels: integer label map, any shape.

        Returns:
            uint8 volume, bit r set where region r is.

        Raises:
            UnknownLabelError: a value has no meaning in this scheme.
        """
        if unknown := self.unknown_values(np.unique(labels)):
            raise UnknownLabelError(
                f"found label value(s) {listed(unknown)}; {self.name} knows 0 background, {self.legend}; {SCHEME_HINT}",
                unknown,
            )
        bits: npt.NDArray[np.uint8] = self._bits_of_label[labels.astype(np.uint16)]
        return bits

    def to_labels(self, regions: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
        """Paint a region volume back into a label map of the same shape: uint8, or uint16 for labels above 255."""
        return self._label_of_bits[regions]

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "labels": {str(value): name for value, name in self.labels.items()},
            "regions": [{"name": r.name, "title": r.title, "labels": list(r.labels)} for r in self.regions],
            "paint": [[name, label] for name, label in self.paint],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(
            name=data["name"],
            labels={int(value): name for value, name in data["labels"].items()},
            regions=tuple(Region(r["name"], r["title"], tuple(r["labels"])) for r in data["regions"]),
            paint=tuple((name, label) for name, label in data["paint"]),
        )


def listed(values: tuple[int, ...]) -> str:
    """Return values for a sentence, a long list cut short."""
    named, more = values[:LISTED_VALUES], len(values) - LISTED_VALUES
    return ", ".join(map(str, named)) + (f" and {more} more" if more > 0 else "")


def paint_order(regions: tuple[Region, ...]) -> tuple[tuple[str, int], ...]:
    """Return (region, label) pairs that paint a label map from regions, the largest sets of labels first.

    Each region paints a label that no later one holds; one that is the union of later ones paints its first,
    which shows only where it was predicted without them.
    """
    order = sorted(regions, key=lambda region: -len(region.labels))
    pairs = []
    for index, region in enumerate(order):
        later = {label for other in order[index + 1 :] for label in other.labels}
        own = [label for label in region.labels if label not in later]
        pairs.append((region.name, (own or region.labels)[0]))
    return tuple(pairs)


def _brats(name: str, necrotic: int, oedema: int, enhancing: int, cavity: int | None = None) -> LabelScheme:
    labels = {necrotic: "necrotic core", oedema: "oedema", enhancing: "enhancing tumour"}
    regions = [
        Region("WT", "whole tumour", (necrotic, oedema, enhancing)),
        Region("TC", "tumour core", (necrotic, enhancing)),
        Region("ET", "enhancing tumour", (enhancing,)),
    ]
    paint = [("WT", oedema), ("TC", necrotic), ("ET", enhancing)]
    if cavity is not None:
        labels[cavity] = "resection cavity"
        regions.append(Region("RC", "resection cavity", (cavity,)))
        paint.append(("RC", cavity))
    return LabelScheme(name, dict(sorted(labels.items())), tuple(regions), tuple(paint))


SCHEMES: dict[str, LabelScheme] = {
    "brats-2021": _brats("brats-2021", necrotic=1, oedema=2, enhancing=4),
    "brats-2023": _brats("brats-2023", necrotic=1, oedema=2, enhancing=3),
    "brats-2024": _brats("brats-2024", necrotic=1, oedema=2, enhancing=3, cavity=4),
    "msd-task01": _brats("msd-task01", necrotic=2, oedema=1, enhancing=3),
    "binary": LabelScheme(
        "binary", {1: "foreground"}, (Region("foreground", "foreground", (1,)),), (("foreground", 1),)
    ),
}


def scheme_named(name: str) -> LabelScheme:
    """Return the scheme called `name`.

    Raises:
        UnknownSchemeError: no such scheme; the message lists the known ones.
    """
    return look_up(SCHEMES, name, "label scheme", UnknownSchemeError)


def scheme_to_json(scheme: LabelScheme) -> str | dict[str, Any]:
    """Return what a record keeps of a scheme: the name of one that ships, else the whole scheme."""
    return scheme.name if SCHEMES.get(scheme.name) == scheme else scheme.to_json()


def scheme_from_json(kept: str | dict[str, Any]) -> LabelScheme:
    """Return the scheme that `scheme_to_json` kept.

    Raises:
        UnknownSchemeError: it is a name that no scheme has.
    """
    return scheme_named(kept) if isinstance(kept, str) else LabelScheme.from_json(kept)
