"""One segmented case becomes one HTML page that needs nothing else: measurements, key images, provenance."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from core.export.provenance import RESEARCH_ONLY
from core.export.report import svg
from core.export.report.environment import STYLE, environment
from core.export.report.formatting import ABSENT, listed, number, plural, sequences
from core.export.report.key_images import KeyImages, key_images
from core.export.report.pictures import PERCENTILES
from core.export.report.table import Table
from core.export.segmented_case import SegmentedCase

if TYPE_CHECKING:
    from core.measuring import LesionList, Measurements

FACES = 6  # neighbours of a voxel
MOST_PRINTED = 20  # lesions; the others are in the table of measurements


def case_page(case: SegmentedCase) -> str:
    """Return the report as HTML; the same case gives the same text. What is not there is left out."""
    found = case.measurements
    pictures = key_images(case) if case.images else KeyImages((), ())
    content: dict[str, Any] = {
        "style": STYLE.read_text(encoding="utf-8"),
        "title": f"Case {case.case_id}",
        "note": RESEARCH_ONLY,
        "made_by": f"Segmented by {case.provenance.title} from {sequences(case.provenance.modalities)}.",
        "sentences": [f"{region.sentence}." for region in found.regions] if found else [],
        "tables": [_regions(case, found), *_lesions(case, found.lesions)] if found else [],
        "measured": _measured(case, found) if found else [],
        "regions": [
            (name, case.titles[name], svg.colour_of(bit, svg.ON_GREY)) for bit, name in enumerate(case.regions)
        ],
        "rows": pictures.rows,
        "caption": _caption(case, pictures),
        "provenance": [_provenance(case)],
    }
    return environment().get_template("case.html").render(content)


def _regions(case: SegmentedCase, found: Measurements) -> Table:
    """Return the table of regions; what images without voxel sizes, or a single slice, cannot say has no column."""
    placed, several = case.geometry is not None, case.bits.shape[2] > 1
    unit, counted = ("mm", "voxels") if placed else (_counted(case),) * 2
    rows = []
    for region in found.regions:
        lines = region.diameters
        sizes = (region.side or ABSENT, number(region.ml, "ml")) if placed else ()
        lengths = tuple(number(value, unit) for value in ((lines.longest, lines.across) if lines else (None, None)))
        where = (str(lines.slice_index + 1) if lines else ABSENT,) if several else ()
        rows.append((region.name, region.title, *sizes, f"{region.voxels:,}", *lengths, *where))
    head = ["Region", "", *(("Side", "Volume (ml)") if placed else ()), counted.capitalize()]
    head += [f"Longest ({unit})", f"Across ({unit})", *(("Slice",) if several else ())]
    return Table("Regions.", tuple(head), tuple(rows), words=3 if placed else 2)


def _lesions(case: SegmentedCase, found: LesionList) -> list[Table]:
    """Return a table of the lesions, or none where there is none; places are pixels where there are no millimetres."""
    if not found.listed:
        return []
    placed, axes = case.geometry is not None, 3 if case.bits.shape[2] > 1 else 2
    rows = []
    for lesion in found.listed[:MOST_PRINTED]:
        sizes = (lesion.side or ABSENT, number(lesion.ml, "ml")) if placed else ()
        place = tuple(number(value, "mm") for value in lesion.centroid_mm or (None,) * 3)
        if not placed:
            place = tuple(number(value + 1, "pixels") for value in lesion.centroid_voxel[:axes])
        rows.append((str(lesion.number), *sizes, f"{lesion.voxels:,}", *place))
    left = len(found.listed) - len(rows) + found.left_out
    caption = f"Lesions of {found.region}, the largest first"
    caption += f"; {plural(left, 'more lesion')} are in the table of measurements" if left else ""
    if found.too_small and found.smallest_ml is not None:
        caption += f"; {plural(found.too_small, 'lesion')} below {found.smallest_ml:g} ml not listed"
    if placed:
        head: tuple[str, ...] = ("Lesion", "Side", "Volume (ml)", "Voxels", "Right (mm)", "Front (mm)", "Up (mm)")
    else:
        head = ("Lesion", _counted(case).capitalize(), *("Column", "Row", "Slice")[:axes])
    return [Table(f"{caption}.", head, tuple(rows), words=2 if placed else 1)]


def _measured(case: SegmentedCase, found: Measurements) -> list[str]:
    placed, several = case.geometry is not None, case.bits.shape[2] > 1
    on = " on an axial slice" if placed else " on a slice" if several else ""
    lines = f"Longest: the largest distance between two points of a region's outline{on}. Across: the largest "
    lines += "extent of that outline at 90 degrees to it. "
    if placed:
        lines += (
            "Slices are counted from below, from 1. Lesions hang together by "
            f"{found.lesions.neighbours} neighbours; their place is their centre in the scanner's millimetres."
        )
    else:
        counted = "Columns, rows and slices" if several else "Columns and rows"
        on_a_slice = "sides" if found.lesions.neighbours == FACES else "sides and corners"
        touch = f"{found.lesions.neighbours} neighbours" if several else on_a_slice
        lines += (
            f"Lesions hang together by {touch}; their place is their centre. {counted} are counted from 1, from the "
            "upper left."
        )
    return [lines, f"Sides are not told: {found.no_sides}."] if found.no_sides else [lines]


def _counted(case: SegmentedCase) -> str:
    return "voxels" if case.bits.shape[2] > 1 else "pixels"


def _caption(case: SegmentedCase, pictures: KeyImages) -> str:
    low, high = PERCENTILES
    said = f"Outlines: the regions. Display window: percentiles {low} and {high} of the"
    if case.geometry is None and case.bits.shape[2] == 1:
        empty = "" if case.bits.any() else " The mask is empty."
        said += f" picture's pixels that are not zero.{empty} A picture holds no voxel sizes: there is no scale, and"
        return f"{said} it stands as it is stored."
    which = "with the largest area of the mask" if case.bits.any() else "in the middle, for the mask is empty"
    cuts = listed(f"{plane} {index} of {count}" for plane, index, count in pictures.cuts)
    said = f"The slices {which}: {cuts}. {said} slice's voxels that are not zero."
    if case.geometry is None:
        return f"{said} The files hold no voxel sizes: there is no scale, and images stand as they are stored."
    return f"{said} Radiological convention: the patient's right is on the left. Voxels keep their true shape."


def _provenance(case: SegmentedCase) -> Table:
    found = case.provenance
    rows = [("Checkpoint", each) for each in found.checkpoint_ids]
    rows += [
        ("Called", found.title),
        ("Recipe", listed(dict.fromkeys(found.recipes))),
        ("Reads", sequences(found.modalities)),
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
