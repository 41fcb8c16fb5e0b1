"""The table in the terminal."""

from __future__ import annotations

from core.evaluation.metric_words import LEADING
from core.evaluation.scoring import DEFAULT_METRICS, RegionScores
from core.evaluation.tables import table
from tests.core.evaluation.documents import dice_of, document, found, left_out, whole_tumour


def lines_of(text: str, start: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(start)]


def test_each_model_has_a_line_with_its_numbers_under_the_heads() -> None:
    text = table(document({"unet": dice_of(0.5, 0.7, 0.9, 0.8, 0.6), "attention-unet": dice_of(*[0.7] * 5)}))
    head, rule, unet, attention = text.splitlines()[:4]
    assert " ".join(head.split()) == "region metric model mean 95 % CI median IQR n groups empty flagged"
    assert set(rule) == {"-", " "}
    assert unet.split()[:4] == ["WT", "Dice", "unet", "0.700"]
    assert attention.split()[:6] == ["WT", "Dice", "attention-unet", "0.700", "[0.700,", "0.700]"]
    assert head.index("median") + len("median") == unet.index(" 0.700 ", unet.index("]")) + len(" 0.700")
    # the second and the fourth of 0.5, 0.6, 0.7, 0.8, 0.9
    assert "[0.600, 0.800]" in unet


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


def everything(value: float) -> RegionScores:
    return {"prediction_voxels": 10, "reference_voxels": 10} | dict.fromkeys(DEFAULT_METRICS, value)


def test_three_models_three_regions_and_every_metric_stay_readable() -> None:
    scores = {
        model: {f"c{n}": {region: everything(0.5 + 0.01 * n + off) for region in ("WT", "TC", "ET")} for n in range(11)}
        for model, off in (("unet", 0.0), ("attention-unet", 0.1), ("resnet34", 0.2))
    }
    report = document(scores)
    assert len(report["tests"]) == 3 * 3 * len(DEFAULT_METRICS)
    text = table(report)
    summary, others, tests, _ = text.split("\n\n")
    led = [name for name in LEADING if name in DEFAULT_METRICS]
    # a head, a rule, and a row per model, region and leading metric
    assert len(summary.splitlines()) == 2 + 3 * 3 * len(led)
    assert [line.split()[1] for line in summary.splitlines()[2:11:3]] == ["Dice", "NSD", "HD95"]
    assert len(others.splitlines()) == 2 + 3 * (len(DEFAULT_METRICS) - len(led))
    assert len(tests.splitlines()) == 2 + 3 * 3 * len(led)
    assert "The tests of the other metrics: --all, or --json." in text
    assert max(map(len, text.splitlines())) <= 130
    whole = table(report, everything=True)
    assert len(whole.split("\n\n")[1].splitlines()) == 2 + 3 * 3 * len(DEFAULT_METRICS)
    assert "--all" not in whole


def test_a_verdict_stands_short_beside_its_numbers() -> None:
    values = (0.80, 0.85, 0.78, 0.91, 0.88, 0.70)
    text = table(document({"first": dice_of(*values), "second": dice_of(*values)}, margin=0.05))
    (row,) = lines_of(text, "WT      Dice       first - second")
    assert row.split("  ")[-1].strip() == "equivalent within ±0.05, 90 % CI [+0.000, +0.000]"
    assert "+0.000  [+0.000, +0.000]" in row
    assert "Equivalence: two one-sided paired t-tests" in text


def test_subgroups_have_a_grid_of_their_own() -> None:
    facts = {f"c{n}": {"site": "A" if n < 5 else "B"} for n in range(7)}
    text = table(document({"unet": dice_of(0.1, 0.2, 0.3, 0.4, 0.5, 0.8, 0.9)}, facts=facts))
    (head,) = lines_of(text, "region  metric  Site")
    first, second = text[text.index(head) :].splitlines()[2:4]
    assert first.split()[:4] == ["WT", "Dice", "A", "0.300"]
    assert first.endswith("(n 5)")
    assert second.split() == ["WT", "Dice", "B", "0.850", "(n", "2)"], "two patients have no interval"
    assert "Subgroups: the same cases by subgroup" in text
