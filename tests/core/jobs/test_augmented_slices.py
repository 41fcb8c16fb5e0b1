"""What the page of a recipe's augmentation gets to see: the training's own variations, drawn by a child and kept."""

from __future__ import annotations

import time

import numpy as np
import pytest

from core.data.augment import Augmenter, augment_settings
from core.data.splits import Fold
from core.data.store import open_case
from core.jobs.augmented_slices import DRAWS, SHOWN, Varied, draw_variations, varied_slices
from core.recipe import DataSection
from core.training.batches.sampling import SliceSampler
from core.workspace import Cohort, Workspace
from tests import narrow
from tests.cases import case_id

ASKED = {"which": 3, "block": 0, "cohort": "small", "case": case_id(1)}


def test_variations_are_those_of_the_training_the_original_first(workspace: Workspace, small: Cohort) -> None:
    """The masks, which no grey scale changes, against the sampler's own reading and varying of the same slice."""
    recipe = narrow.document(augment={"preset": "strong"})
    found = draw_variations(workspace, ASKED | {"recipe": recipe})
    case = open_case(workspace.store_folder("small", case_id(1)), "axial")
    position = case.slice_index.index(int(found["slice_number"]))
    data = DataSection.model_validate(recipe["data"])
    sampler = SliceSampler([case], data, 3, 2, Augmenter(augment_settings("strong")), 0)
    image, mask = sampler.read(0, position)
    assert mask.any(), "a slice with tumour where there is one"
    assert np.array_equal(found["masks"][0], mask)
    seeds = np.random.SeedSequence([3, 0, 2]).generate_state(DRAWS * SHOWN)
    for number in (1, 2, 30):
        varied, moved = sampler.vary(image, mask, int(seeds[number - 1]))
        assert np.array_equal(found["masks"][number], moved)
        assert not found["images"][number][varied[1] == 0].any(), "background is black"
    assert (str(found["modality"]), str(found["case_id"])) == ("t1c", case_id(1))
    assert found["images"].shape == (1 + DRAWS * SHOWN, *mask.shape)


@pytest.mark.slow
def test_a_child_draws_them_and_another_draw_is_there_at_once(workspace: Workspace, small: Cohort) -> None:
    recipe = narrow.recipe(augment={"preset": "strong"})
    fold = Fold((case_id(1), case_id(2)), (), ())
    ending = time.monotonic() + 120
    while (first := varied_slices(workspace, recipe, small, fold)) is None and time.monotonic() < ending:
        time.sleep(0.1)
    assert isinstance(first, Varied), first
    second = varied_slices(workspace, recipe, small, fold, draw=1)
    assert isinstance(second, Varied)
    assert np.array_equal(first.images[0], second.images[0])
    assert not np.array_equal(first.images[1:], second.images[1:])
    assert len(first.images) == len(first.masks) == 1 + SHOWN


def test_without_training_cases_there_is_a_sentence(workspace: Workspace, small: Cohort) -> None:
    assert varied_slices(workspace, narrow.recipe(), small, Fold((), (), ())) == "the split has no training part"
