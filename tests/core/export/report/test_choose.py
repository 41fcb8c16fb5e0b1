"""Which cases are pictured."""

from __future__ import annotations

from typing import Any

from core.export.report.choose import ChosenCase, typical_cases


def of(**dice: tuple[float | None, ...]) -> dict[str, Any]:
    """A document in which each case has a Dice of WT for model a and model b."""
    return {
        "models": {
            model: {
                "cases": {case: {"WT": {"dice": values[number]}} for case, values in dice.items()},
                "summary": {"WT": {}},
            }
            for number, model in enumerate("ab")
        }
    }


def test_the_best_the_median_and_the_worst_by_the_mean_over_the_models() -> None:
    """The means are 0.5, 0.75, 0.625, 0.25 and 0.875: in the middle of five is 0.625."""
    document = of(p1=(0.5, 0.5), p2=(1.0, 0.5), p3=(0.75, 0.5), p4=(0.25, 0.25), p5=(0.75, 1.0))
    assert typical_cases(document) == [
        ChosenCase("p5", "best", 0.875),
        ChosenCase("p3", "median", 0.625),
        ChosenCase("p4", "worst", 0.25),
    ]


def test_of_two_in_the_middle_the_lower_is_the_median() -> None:
    document = of(p1=(0.5, 0.5), p2=(0.75, 0.75), p3=(0.25, 0.25), p4=(1.0, 1.0))
    assert [(each.case, each.why) for each in typical_cases(document)] == [
        ("p4", "best"),
        ("p1", "median"),
        ("p3", "worst"),
    ]


def test_a_case_without_the_region_is_never_chosen() -> None:
    document = of(p1=(None, None), p2=(0.5, 0.5), p3=(0.25, 0.25))
    assert [(each.case, each.why) for each in typical_cases(document)] == [("p2", "best"), ("p3", "worst")]


def test_one_case_is_shown_once_and_none_not_at_all() -> None:
    assert [each.case for each in typical_cases(of(p1=(0.5, 0.5)))] == ["p1"]
    assert typical_cases(of(p1=(None, 0.5))) == []
