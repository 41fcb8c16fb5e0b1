"""What was measured of a case, as JSON and as a table: one row per region, then one per lesion."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.export.provenance import RESEARCH_ONLY
from core.export.segmented_case import NotExportableError, SegmentedCase
from core.export.writing import written

if TYPE_CHECKING:
    from core.measuring import Measurements

SCHEMA_VERSION = 1
COLUMNS = (
    "case",
    "kind",
    "region",
    "title",
    "lesion",
    "voxels",
    "ml",
    "side",
    "longest",
    "across",
    "length_unit",
    "slice_index",
    "x_voxel",
    "y_voxel",
    "z_voxel",
    "x_mm",
    "y_mm",
    "z_mm",
    "note",
    "checkpoint_ids",
    "recipes",
    "target",
    "thresholds_of_255",
    "versions",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a table program would compute a text that begins so


def not_measured(case: SegmentedCase) -> str:
    """Say why a case's measurements cannot be written; empty where they can."""
    return "" if case.measurements else f"{case.case_id} was not measured; measure its mask, then export"


def write_json_measurements(path: Path, case: SegmentedCase) -> None:
    """Write `{"schema_version", "case", "note", "measurements", "provenance"}`; null where there is no number.

    Raises:
        NotExportableError: the case was not measured.
        NotWrittenError: the disk is full, or the folder cannot be written.
    """
    document = {
        "schema_version": SCHEMA_VERSION,
        "case": case.case_id,
        "note": RESEARCH_ONLY,
        "measurements": _measured(case).to_json(),
        "provenance": case.provenance.to_json(),
    }
    with written(path) as stream:
        stream.write(json.dumps(document, indent=1, allow_nan=False).encode() + b"\n")


def write_csv_measurements(path: Path, case: SegmentedCase) -> None:
    """Write one row per region and one per listed lesion; cells are empty where there is no number.

    Raises:
        NotExportableError: the case was not measured.
        NotWrittenError: the disk is full, or the folder cannot be written.
    """
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for row in _rows(case):
        writer.writerow({name: _cell(value) for name, value in row.items()})
    with written(path) as stream:
        stream.write(table.getvalue().encode())


def _measured(case: SegmentedCase) -> Measurements:
    if case.measurements is None:
        raise NotExportableError(not_measured(case))
    return case.measurements


def _rows(case: SegmentedCase) -> list[dict[str, Any]]:
    found, source = _measured(case), case.provenance
    every: dict[str, Any] = {
        "case": case.case_id,
        "note": RESEARCH_ONLY,
        "checkpoint_ids": " ".join(source.checkpoint_ids),
        "recipes": " ".join(source.recipes),
        "target": source.target,
        "thresholds_of_255": " ".join(f"{region}={value}" for region, value in source.thresholds.items()),
        "versions": " ".join(f"{name}={number}" for name, number in source.versions.items()),
    }
    rows = []
    for region in found.regions:
        row: dict[str, Any] = {"kind": "region", "region": region.name, "title": region.title}
        row |= {"voxels": region.voxels, "ml": region.ml, "side": region.side}
        if lines := region.diameters:
            unit = "mm" if lines.in_mm else region.counted_in
            row |= {"longest": lines.longest, "across": lines.across, "length_unit": unit}
            row["slice_index"] = lines.slice_index
        rows.append(every | row)
    lesions = found.lesions
    title = found.region(lesions.region).title
    for lesion in lesions.listed:
        row = {"kind": "lesion", "region": lesions.region, "title": title, "lesion": lesion.number}
        row |= {"voxels": lesion.voxels, "ml": lesion.ml, "side": lesion.side}
        row |= dict(zip(("x_voxel", "y_voxel", "z_voxel"), lesion.centroid_voxel, strict=True))
        row |= dict(zip(("x_mm", "y_mm", "z_mm"), lesion.centroid_mm or (None,) * 3, strict=True))
        rows.append(every | row)
    return rows


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value
