"""The report's sentences: methods, tests, numbers."""

from __future__ import annotations

from typing import Any

import pytest

from core.export.report import CohortFacts, Member
from core.export.report.formatting import interval, listed, number, p_value
from core.export.report.methods import methods, model_paragraph
from core.export.report.tests_in_words import sentences
from tests.core.export.report.sample import card, comparison, document


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [(0.12345, "", "0.123"), (-0.5, "", "−0.500"), (12.34, "mm", "12.3"), (1234.5, "ml", "1,234.5"), (None, "", "–")],
)
def test_decimals_go_by_the_unit(value: float | None, unit: str, expected: str) -> None:
    assert number(value, unit) == expected


def test_intervals_p_values_and_lists() -> None:
    assert interval((-0.25, 0.5), signed=True) == "−0.250 to +0.500"
    assert p_value(0.0004).split() == ["<", "0.001"]
    assert p_value(0.0312).split() == ["=", "0.031"]
    assert listed(["a", "b", "c"]) == "a, b and c"


def said(**changes: Any) -> str:
    (test,) = [each for each in document()["tests"] if each["metric"] == "dice"]
    ((_, (sentence,)),) = sentences(document() | {"tests": [test | changes]}, "dice")
    return " ".join(sentence.split())


def test_no_difference_shown_is_not_equivalence() -> None:
    sentence = said(
        verdict="no difference shown (n = 5, whatever)", p_holm=0.25, margin=0.02, ci90=[-0.1, 0.3], equivalent=False
    )
    assert "; no difference shown" in sentence
    assert "whatever" not in sentence  # the sentence gives the numbers itself
    assert sentence.endswith("; equivalence within ±0.02 is not shown, 90 % CI −0.100 to +0.300.")


def test_a_model_with_brackets_in_its_name_is_called_by_all_of_it() -> None:
    assert "; U-Net (batch norm) is better (p" in said(verdict="U-Net (batch norm) is better")


def test_what_was_not_tested_has_its_reason() -> None:
    sentence = said(verdict="not tested", p_holm=None, reason="2 independent groups, at least 5 are needed")
    assert sentence == "first and second: not tested, for 2 independent groups, at least 5 are needed."


def test_the_methods_are_those_of_the_card_and_the_split() -> None:
    found = dict(methods(comparison()))
    assert found["Data"].startswith(
        "Cohort small holds 6 cases of 6 patients with T1 and FLAIR, 8 × 6 × 9 voxels of 1 × 1 × 2 mm. Split default "
        "divides it by patient (seed 7): 4 cases train, 1 validate, 1 test."
    )
    for words in (
        "U-Net (channels 4-8, norm instance, dropout 0.1; Ronneberger, Fischer, Brox.",
        "1,000 parameters, trained from random weights; it predicts overlapping regions (WT), a sigmoid each.",
        "axial slices of T1, T1c, T2 and FLAIR, standardised to mean 0 and standard deviation 1, at their own size.",
        "Loss: Binary cross-entropy + Dice; AdamW, learning rate 0.01,",
        "batches of 4 slices, at most 8 steps, seed 0.",
        "The weights scored are those after 10 steps.",
        "from a probability of 128/255 on.",
    ):
        assert words in found["first"]
    assert "Empty masks, policy leave-out: a region whose reference is empty is left out" in found["Scoring"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"tta": True}, "the mean over each slice's flips, and over its quarter turns where it is square"),
        ({"mc_dropout": 8, "seed": 3}, "the mean of 8 passes with dropout switched on, seed 3."),
        ({"planes": ["axial", "coronal"]}, "cut into axial and coronal slices, whose probabilities are averaged."),
    ],
)
def test_passes_that_were_averaged_are_told(asked: dict[str, Any], words: str) -> None:
    found = dict(methods(comparison(document=document() | {"passes": asked})))
    assert words in found["Prediction"]
    assert "Prediction" not in dict(methods(comparison())), "one pass is nothing to tell"


def test_an_ensemble_is_told_with_how_many_and_no_steps_of_its_own() -> None:
    paragraph = model_paragraph([Member("a", card(members=["one", "two", "three"], recipe={}, steps=30))])
    assert "It is an ensemble of 3 networks, whose probabilities are averaged." in paragraph
    assert "How each of its networks was trained stands in their own cards." in paragraph
    assert "30" not in paragraph


def test_what_cleans_the_mask_up_is_told_in_order() -> None:
    steps = [{"name": "fill_holes", "regions": [], "arguments": {}}, {"name": "largest_component", "regions": ["WT"]}]
    inference = card()["inference"] | {"post": steps}
    paragraph = model_paragraph([Member("a", card(inference=inference))])
    assert paragraph.endswith(
        "from a probability of 128/255 on. The mask is then cleaned up: holes filled, "
        "the largest component alone kept (WT)."
    )


def test_folds_whose_recipes_differ_are_told_apart() -> None:
    other = card(fold=1, steps=20) | {"recipe": {}}
    paragraph = model_paragraph([Member("a", card(fold=0)), Member("b", other)])
    assert "trained 2 times, on folds 0 and 1; the weights scored are those after 10 and 20 steps." in paragraph
    assert "The recipes differ between the folds; described is that of fold 0." in paragraph


def test_a_leaking_model_is_called_so() -> None:
    assert "It is marked leaks" in model_paragraph([Member("a", card(leaks=True))])


def test_of_masks_made_elsewhere_nothing_is_invented() -> None:
    elsewhere = [{"model": "first", "scheme": "brats-2023", "cases": 5, "sha256": "0" * 64, "refused": []}]
    made = comparison(members={"first": ()}, document=document() | {"made_elsewhere": elsewhere})
    assert dict(methods(made))["first"] == (
        "Masks made elsewhere: how is not known here, nor what had been trained on, so that no patient could be "
        "dropped. There are masks of 5 cases. Labels are read as brats-2023."
    )


def test_a_cohort_of_pictures_is_scored_in_2d_and_its_groups_are_not_called_patients() -> None:
    flat = CohortFacts("flat", 40, 40, "unknown", ("grey",), {}, (), ((64, 64, 1),))
    found = dict(methods(comparison(cohort=flat)))
    assert "Which cases belong to one patient is not known" in found["Data"]
    assert "without voxel sizes" in found["Data"]
    assert found["Scoring"].startswith("Each image is scored in 2D")
