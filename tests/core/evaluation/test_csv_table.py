"""Scores as CSV: a row per model, case and region, units in the header, reasons for what is empty."""

from __future__ import annotations

import csv
import io
from typing import Any

from core.evaluation.csv_table import scores_csv

DOCUMENT: dict[str, Any] = {
    "models": {
        "=HYPERLINK(1)": {
            "cases": {
                "a": {
                    "WT": {"dice": 0.1 + 0.2, "hd95_mm": 2.5, "volume_ml": 4.0, "prediction_voxels": 4000},
                    "ET": {"dice": None, "dice_reason": "the reference is empty", "hd95_mm": 300.0,
                           "hd95_mm_flag": "set by the policy", "volume_ml": 0.0, "false_positive_ml": 0.5},
                }
            }
        }
    }
}  # fmt: skip


def rows() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(scores_csv(DOCUMENT))))


def test_every_number_has_a_column_with_its_unit() -> None:
    head = scores_csv(DOCUMENT).splitlines()[0]
    assert head == (
        "model,case,region,dice,hd95_mm [mm],volume_ml [ml],prediction_voxels [voxels],false_positive_ml [ml],"
        "reasons,flags"
    )


def test_a_row_per_model_case_and_region_with_every_digit() -> None:
    wt, et = rows()
    assert (wt["case"], wt["region"], float(wt["dice"])) == ("a", "WT", 0.1 + 0.2)
    assert (wt["prediction_voxels [voxels]"], wt["false_positive_ml [ml]"]) == ("4000", "")
    assert (et["dice"], et["reasons"], et["flags"]) == (
        "",
        "dice: the reference is empty",
        "hd95_mm: set by the policy",
    )


def test_a_name_that_a_spreadsheet_would_compute_is_text() -> None:
    assert rows()[0]["model"] == "'=HYPERLINK(1)"


def test_without_a_score_there_is_a_header() -> None:
    assert scores_csv({"models": {"m": {"cases": {}}}}) == "model,case,region,reasons,flags\r\n"
