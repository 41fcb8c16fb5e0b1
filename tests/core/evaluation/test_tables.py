"""The table in the terminal."""

from __future__ import annotations

from core.evaluation.tables import table
from tests.core.evaluation.documents import dice_of, document, found, left_out, whole_tumour


def lines_of(text: str, start: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(start)]


def test_each_model_has_a_line_with_its_numbers_under_the_heads() -> None:
    text = table(document({"unet": dice_of(0.5, 0.7, 0.9, 0.8, 0.6), "attention-unet": dice_of(*[0.7] * 5)}))
    head, rule, unet, attention = text.splitlines()[:4]
    assert " ".join(head.split()) == "region metric model mean 95 % CI median n groups empty flagged"
    assert set(rule) == {"-", " "}
    assert unet.split()[:4] == ["WT", "Dice", "unet", "0.700"]
    assert attention.split()[:6] == ["WT", "Dice", "attention-unet", "0.700", "[0.700,", "0.700]"]
    assert head.index("median") + len("median") == unet.index(" 0.700 ", unet.index("]")) + len(" 0.700")


def test_units_stand_in_the_name_of_the_metric() -> None:
    (row,) = lines_of(table(document({"unet": dice_of(0.5)})), "WT      HD95 (mm)")
    assert row.split()[4:6] == ["1.0", "-"]


def test_false_positives_show_only_where_a_reference_was_empty() -> None:
    assert "False pos." not in table(document({"unet": dice_of(0.5)}))
    assert "False pos. (ml)" in table(document({"unet": whole_tumour(found(0.5), left_out(3.0))}))


def test_what_the_numbers_mean_is_printed_with_them() -> None:
    text = table(document({"unet": dice_of(0.5, 0.6)}))
    assert "Groups: patient;" in text
    assert "Empty masks (leave-out): a region whose reference is empty is left out for every model" in text
    assert "Interval: 95 % percentile bootstrap" in text
    assert "HD95 (mm): larger of the two directed 95th percentiles" in text
    assert max(map(len, text.splitlines())) <= 100


def test_tests_and_their_absence_are_told() -> None:
    text = table(document({"first": dice_of(0.5, 0.6), "second": dice_of(0.7, 0.9)}))
    (row,) = lines_of(text, "WT      Dice       first - second")
    assert "-0.250" in row
    assert row.endswith("not tested: 2 independent groups, at least 5 are needed")


def test_dropped_cases_are_named() -> None:
    dropped = [{"model": "unet", "case": "c7", "matches_part": "train"}]
    text = table(document({"unet": {}}, dropped=dropped))
    assert text.startswith("No case was scored.")
    assert "Dropped: c7 for unet (in its train part)." in text
