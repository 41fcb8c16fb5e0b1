"""Steps as recipes and cards write them, and one after the other."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from core.checkpoints import InferenceSpec
from core.postprocess import Step, StepError, UnknownStepError, check_steps, clean, clean_up_words, step_named
from tests import narrow
from tests.core.postprocess.drawn import cleaned, draw, shown, step

RING = "###\n#.#\n###"


def test_steps_follow_each_other_in_order() -> None:
    """A ring of eight around a hole: filled first it is nine voxels and stays, cut first it goes."""
    fill, large = step("fill_holes"), step("smallest_component", voxels=9)
    assert shown(cleaned(draw(RING), fill, large)) == ["###\n###\n###"]
    assert not cleaned(draw(RING), large, fill).any()


def test_without_steps_the_mask_itself_comes_back_and_an_empty_one_stays_empty() -> None:
    mask, empty = draw(RING), np.zeros((3, 3, 1), np.uint8)
    assert cleaned(mask) is mask
    assert not cleaned(empty, step("fill_holes"), step("largest_component")).any()


def test_a_mask_somewhere_in_a_large_image_is_cleaned_as_by_itself() -> None:
    large = np.zeros((40, 30, 20), np.uint8)
    large[11:14, 7:10, 5] = draw(RING)[..., 0]
    large[30, 20, 10] = 1
    found = cleaned(large, step("smallest_component", voxels=2), step("fill_holes", per_slice=True))
    assert found.sum() == 9
    assert found[12, 8, 5] == 1


def test_exclusive_classes_stay_classes() -> None:
    """An organ of class 2 in a hole of class 1: the hole is another class's and is not filled; background is."""
    bits = draw("#####\n#.#.#\n#####")
    bits[1, 1, 0] = 2
    found = clean(bits, ("one", "two"), None, [step("fill_holes")], class_bits=(0, 1, 2))
    assert found[1].ravel().tolist() == [1, 2, 1, 1, 1]
    overlapping = clean(bits, ("one", "two"), None, [step("fill_holes")])
    assert overlapping[1].ravel().tolist() == [1, 3, 1, 1, 1]


def test_a_step_says_all_of_its_arguments_and_reads_back() -> None:
    made = step("fill_holes", ["WT"])
    document = made.model_dump(mode="json")
    assert document == {"name": "fill_holes", "regions": ["WT"], "arguments": {"per_slice": False}}
    assert Step.model_validate(document) == made
    assert step("smallest_component", ml=1).model_dump()["arguments"] == {"ml": 1.0}, "what is not given has no say"
    assert hash(made) == hash(Step.model_validate(document))


def test_what_is_not_plugged_in_or_does_not_fit_is_a_sentence() -> None:
    with pytest.raises(UnknownStepError, match="no post-processing step is called 'erode'; known: smallest_component"):
        step_named("erode")
    with pytest.raises(ValidationError, match="no post-processing step is called 'erode'"):
        step("erode")
    with pytest.raises(ValidationError, match="step opening has no argument 'ml'; known: mm, voxels"):
        step("opening", ml=3)
    with pytest.raises(ValidationError, match="WT is listed twice; name each region once"):
        step("fill_holes", ["WT", "TC", "WT"])
    with pytest.raises(StepError, match="step fill_holes is for region RC; the model predicts WT, TC, ET"):
        check_steps([step("fill_holes", ["RC"])], ("WT", "TC", "ET"))


def test_it_is_said_in_words() -> None:
    steps = [step("smallest_component", ["ET"], ml=0.1), step("fill_holes", per_slice=True), step("opening", mm=1.5)]
    assert clean_up_words(steps) == (
        "components below 0.1 ml removed (ET), holes filled slice by slice, opened by a ball of 1.5 mm"
    )
    assert clean_up_words([]) == ""


def test_a_card_without_steps_is_as_it_was_and_one_with_them_has_another_id() -> None:
    plain = narrow.spec()
    assert "post" not in plain.model_dump(mode="json")
    assert b"post" not in plain.canonical()
    made = narrow.spec(post=[{"name": "fill_holes"}])
    assert made.canonical() != plain.canonical()
    assert InferenceSpec.model_validate(made.model_dump(mode="json")) == made
    with pytest.raises(ValidationError, match="step fill_holes is for region liver; the model predicts WT, TC, ET"):
        narrow.spec(post=[{"name": "fill_holes", "regions": ["liver"]}])
    with pytest.raises(ValidationError, match="WT does not lie inside TC"):
        narrow.spec(post=[{"name": "region_consistency", "regions": ["TC", "WT"]}])
