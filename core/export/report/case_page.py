"""One segmented case becomes one HTML page that needs nothing else: measurements, key images, provenance."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from core.export.provenance import RESEARCH_ONLY
from core.export.report import svg
from core.export.report.environment import STYLE, environment
from core.export.report.formatting import ABSENT, listed, number, plural
from core.export.report.key_images import KeyImages, key_images
from core.export.report.pictures import PERCENTILES
from core.export.report.table import Table
from core.export.segmented_case import SegmentedCase

if TYPE_CHECKING:
    from core.measuring import LesionList, Measurements

MOST_PRINTED = 20  # lesions; the others are in the table of measurements


def case_page(case: SegmentedCase) -> str:
    """Return the report as HTML; the same case gives the same text. What is not there is left out."""
    found = case.measurements
    pictures = key_images(case) if case.images else KeyImages((), ())
    content: dict[str, Any] = {
        "style": STYLE.read_text(encoding="utf-8"),
        "title": f"Case {case.case_id}",
        "note": RESEARCH_ONLY,
        "made_by": f"Segmented by {case.provenance.title} from {listed(case.provenance.modalities)}.",
        "sentences": [f"{region.sentence}." for region in found.regions] if found else [],
        "tables": [_regions(found), *_lesions(found.lesions)] if found else [],
        "measured": _measured(found) if found else [],
        "regions": [
            (name, case.titles[name], svg.colour_of(bit, svg.ON_GREY)) for bit, name in enumerate(case.regions)
        ],
        "rows": pictures.rows,
        "caption": _caption(case, pictures),
        "provenance": [_provenance(case)],
    }
    return environment().get_template("case.html").render(content)


def _regions(found: Measurements) -> Table:
    in_mm = all(region.diameters is None or region.diameters.in_mm for region in found.regions)
    unit = "mm" if in_mm else "voxels"
    rows = tuple(
        (
            region.name,
            region.title,
            region.side or ABSENT,
            number(region.ml, "ml"),
            f"{region.voxels:,}",
            number(region.diameters.longest if region.diameters else None, unit),
            number(region.diameters.across if region.diameters else None, unit),
            str(region.diameters.slice_index + 1) if region.diameters else ABSENT,
        )
        for region in found.regions
    )
    head = ("Region", "", "Side", "Volume (ml)", "Voxels", f"Longest ({unit})", f"Across ({unit})", "Slice")
    return Table("Regions.", head, rows, words=3)


def _lesions(found: LesionList) -> list[Table]:
    """Return a table of the lesions, or none where there is none."""
    if not found.listed:
        return []
    rows = tuple(
        (
            str(lesion.number),
            lesion.side or ABSENT,
            number(lesion.ml, "ml"),
            f"{lesion.voxels:,}",
            *(number(value, "mm") for value in lesion.centroid_mm or (None,) * 3),
        )
        for lesion in found.listed[:MOST_PRINTED]
    )
    left = len(found.listed) - len(rows) + found.left_out
    caption = f"Lesions of {found.region}, the largest first"
    caption += f"; {plural(left, 'more lesion')} are in the table of measurements" if left else ""
    if found.too_small and found.smallest_ml is not None:
        caption += f"; {plural(found.too_small, 'lesion')} below {found.smallest_ml:g} ml not listed"
    head = ("Lesion", "Side", "Volume (ml)", "Voxels", "Right (mm)", "Front (mm)", "Up (mm)")
    return [Table(f"{caption}.", head, rows, words=2)]


def _measured(found: Measurements) -> list[str]:
    lines = (
        "Longest: the largest distance between two points of a region's outline on an axial slice. Across: the largest "
        "extent of that outline at 90 degrees to it. Slices are counted from below, from 1. Lesions hang together by "
        f"{found.lesions.neighbours} neighbours; their place is their centre in the scanner's millimetres."
    )
    return [lines, f"Sides are not told: {found.no_sides}."] if found.no_sides else [lines]


def _caption(case: SegmentedCase, pictures: KeyImages) -> str:
    cuts = listed(f"{plane} {index} of {count}" for plane, index, count in pictures.cuts)
    which = "with the largest area of the mask" if case.bits.any() else "in the middle, for the mask is empty"
    said = f"The slices {which}: {cuts}. Outlines: the regions. Display window: percentiles {PERCENTILES[0]} and "
    said += f"{PERCENTILES[1]} of the slice's voxels that are not zero."
    if case.geometry is None:
        return f"{said} The files hold no voxel sizes: there is no scale, and images stand as they are stored."
    return f"{said} Radiological convention: the patient's right is on the left. Voxels keep their true shape."


def _provenance(case: SegmentedCase) -> Table:
    found = case.provenance
    rows = [("Checkpoint", each) for each in found.checkpoint_ids]
    rows += [
        ("Called", found.title),
        ("Recipe", listed(dict.fromkeys(found.recipes))),
        ("Reads", listed(found.modalities)),
        ("Target", found.target),
    ]
    if found.thresholds:
        said = ", ".join(f"{region} {value}" for region, value in found.thresholds.items())
        rows.append(("Thresholds (of 255)", said))
    rows += [(f"Option {name}", _said(value)) for name, value in found.options.items()]
    rows.append(("Labels", case.scheme.name))
    rows.append(("Versions", ", ".join(f"{name} {version}" for name, version in found.versions.items())))
    return Table("What made the mask.", ("What", "Which"), tuple(rows), words=2, keys=1)


def _said(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
