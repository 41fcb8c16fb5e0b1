"""Along which axes the cases of a cohort fall into subgroups, and into which.

Everything is read from what the import kept of a case and from what a facts file told. A site is what a user calls
it: no institution's name is read from an image.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

AXES: dict[str, str] = {
    "tumour_size": "Tumour size",
    "site": "Site",
    "scanner": "Scanner",
    "vendor": "Vendor",
    "field_strength": "Field strength",
    "spacing": "Coarsest spacing",
}
# what a facts file may tell; it is believed before the images' headers
TOLD: tuple[str, ...] = ("site", "scanner", "vendor", "field_strength")

NO_TUMOUR = "no tumour"
_SIZES = ("small", "medium", "large")
_SPACINGS_MM = (1.5, 3.0)
# scanners write the exact field, such as 2.8936 or 1.494
_FIELDS_T = (0.5, 1.0, 1.5, 3.0, 7.0)
_NEAR = 0.05

Facts = Mapping[str, Any]


def axes_of(
    facts: Mapping[str, Facts], region: str, size_bounds_ml: Sequence[float] | None = None
) -> dict[str, dict[str, str | None]]:
    """Return the subgroup of each case along every axis, None where nothing is known.

    Args:
        facts: case id to what the import kept of it.
        region: whose reference volume is the tumour's size.
        size_bounds_ml: volumes between the sizes, rising; None takes the tertiles of these cases.

    Raises:
        ValueError: the bounds do not rise from above 0.
    """
    sizes = tumour_sizes(facts, region, size_bounds_ml)
    return {
        case: {
            "tumour_size": sizes[case],
            "site": _told(each, "site"),
            "scanner": _told(each, "scanner") or _in_context(each, "ManufacturerModelName"),
            "vendor": _told(each, "vendor") or _in_context(each, "Manufacturer"),
            "field_strength": _told(each, "field_strength") or _field_strength(each),
            "spacing": _spacing(each),
        }
        for case, each in facts.items()
    }


def tumour_sizes(
    facts: Mapping[str, Facts], region: str, bounds_ml: Sequence[float] | None = None
) -> dict[str, str | None]:
    """Return each case's size by the volume of a region of its reference; the names state the bounds.

    Empty masks: `no tumour`. Without a reference, on images without voxel sizes, and where tertiles are asked for and
    fewer than three cases have a tumour, None.

    Args:
        facts: case id to what the import kept of it.
        region: a region of the cohort's scheme.
        bounds_ml: volumes between the sizes, rising; None takes the tertiles of the volumes above 0.

    Raises:
        ValueError: the bounds do not rise from above 0.
    """
    volumes = {case: (each.get("volumes_ml") or {}).get(region) for case, each in facts.items()}
    present = [volume for volume in volumes.values() if volume]
    if bounds_ml is None:
        if len(present) < len(_SIZES):
            return dict.fromkeys(facts)
        bounds = [float(bound) for bound in np.percentile(present, (100 / 3, 200 / 3))]
    else:
        bounds = [float(bound) for bound in bounds_ml]
        if not bounds or not all(low < high for low, high in itertools.pairwise([0.0, *bounds, math.inf])):
            raise ValueError(f"found bounds of {bounds} ml between tumour sizes; expected rising volumes above 0")
    names = _between(bounds, "ml", _SIZES if len(bounds) + 1 == len(_SIZES) else None)
    return {
        case: None if volume is None else names[int(np.searchsorted(bounds, volume))] if volume else NO_TUMOUR
        for case, volume in volumes.items()
    }


def _between(bounds: Sequence[float], unit: str, words: Sequence[str] | None = None) -> list[str]:
    """Name the ranges between bounds; a value at a bound belongs below it."""
    said = [f"{bound:.3g}" for bound in bounds]
    ranges = [f"up to {said[0]} {unit}"]
    ranges += [f"{low} to {high} {unit}" for low, high in itertools.pairwise(said)]
    ranges += [f"over {said[-1]} {unit}"]
    return [f"{word}, {span}" for word, span in zip(words, ranges, strict=True)] if words else ranges


def _told(facts: Facts, axis: str) -> str | None:
    return (facts.get("told") or {}).get(axis)


def _in_context(facts: Facts, keyword: str) -> str | None:
    """Return what the headers of a case's images say; images that differ are named together."""
    found = {str(each[keyword]) for each in (facts.get("context") or {}).values() if each.get(keyword)}
    return " and ".join(sorted(found)) or None


def _field_strength(facts: Facts) -> str | None:
    keyword = "MagneticFieldStrength"
    found = {tesla(float(each[keyword])) for each in (facts.get("context") or {}).values() if each.get(keyword)}
    return " and ".join(sorted(found)) or None


def tesla(field: float) -> str:
    """Name a field strength in tesla: within 5 % of a usual one it is that one."""
    near = next((known for known in _FIELDS_T if abs(field - known) <= _NEAR * known), field)
    return f"{near:.2g} T"


def _spacing(facts: Facts) -> str | None:
    spacing = facts.get("spacing_mm")
    if not spacing:
        return None
    # a header's 1.4999999 is 1.5
    coarsest = round(max(float(each) for each in spacing), 3)
    return _between(_SPACINGS_MM, "mm")[int(np.searchsorted(_SPACINGS_MM, coarsest))]
