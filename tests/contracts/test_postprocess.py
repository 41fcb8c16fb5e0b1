"""What every registered step promises, whatever it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.postprocess import POSTPROCESS, Bits, Spacing, Step, clean

every_step = pytest.mark.parametrize("name", POSTPROCESS)
NAMES = ("WT", "TC", "ET")
SIZES: Spacing = (1.0, 1.2, 2.0)


def steps_of(name: str, **changes: Any) -> list[Step]:
    return [Step(name=name, arguments={**POSTPROCESS[name].small, **changes})]


def messy(seed: int = 0, shape: tuple[int, int, int] = (24, 22, 14)) -> Bits:
    """Three regions of blobs, holes and specks, not one inside the other, away from the border."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    bits = np.zeros(shape, np.uint8)
    inner = tuple(n - 8 for n in shape)
    for bit in range(3):
        blobs = gaussian_filter(rng.random(inner), 1.1)
        mask = (blobs > 0.5) & (rng.random(inner) < 0.93)
        bits[4:-4, 4:-4, 4:-4] |= mask.astype(np.uint8) << bit
    return bits


@every_step
def test_its_key_is_its_name_and_it_says_what_it_is(name: str) -> None:
    spec = POSTPROCESS[name]
    assert spec.name == name
    assert spec.title
    assert spec.definition.endswith(".")
    assert spec.citation
    assert spec.words(spec.parse(spec.small))


@every_step
def test_it_changes_a_messy_mask_and_leaves_what_it_was_given_as_it_was(name: str) -> None:
    bits = messy()
    before = bits.copy()
    found = clean(bits, NAMES, SIZES, steps_of(name))
    assert found.dtype == np.uint8
    assert found.shape == bits.shape
    assert (found != bits).any()
    np.testing.assert_array_equal(bits, before)


@every_step
def test_done_twice_it_is_done(name: str) -> None:
    once = clean(messy(), NAMES, SIZES, steps_of(name))
    np.testing.assert_array_equal(clean(once, NAMES, SIZES, steps_of(name)), once)


@every_step
def test_it_removes_or_adds_as_it_says(name: str) -> None:
    bits, found = messy(), clean(messy(), NAMES, SIZES, steps_of(name))
    effect = POSTPROCESS[name].effect
    if effect == "removes":
        assert not (found & ~bits).any()
    if effect == "adds":
        assert not (bits & ~found).any()


@every_step
@pytest.mark.parametrize("spacing", [SIZES, None])
def test_an_empty_mask_stays_empty(name: str, spacing: Spacing | None) -> None:
    assert not clean(np.zeros((5, 4, 3), np.uint8), NAMES, spacing, steps_of(name)).any()
    one = np.zeros((5, 4, 3), np.uint8)
    one[2, 2, 1] = 1
    found = clean(one, NAMES, spacing, steps_of(name))
    assert not (found & 2).any(), "an empty region beside one that is not"


@every_step
def test_it_works_on_images_without_geometry_and_on_single_slices(name: str) -> None:
    assert (clean(messy(), NAMES, None, steps_of(name)) != messy()).any()
    one = np.ascontiguousarray(messy(shape=(40, 38, 9))[..., 4:5])
    assert clean(one, NAMES, None, steps_of(name)).shape == one.shape


@every_step
def test_regions_that_are_not_named_are_left_alone(name: str) -> None:
    named = ("WT", "ET") if POSTPROCESS[name].nested else ("WT",)
    (step,) = steps_of(name)
    bits = messy()
    found = clean(bits, NAMES, SIZES, [step.model_copy(update={"regions": named})])
    np.testing.assert_array_equal(found & 2, bits & 2)
    assert (found != bits).any()


@every_step
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_mirrored_mask_is_cleaned_the_same(name: str, axis: int) -> None:
    straight = clean(messy(1), NAMES, SIZES, steps_of(name))
    np.testing.assert_array_equal(np.flip(clean(np.flip(messy(1), axis), NAMES, SIZES, steps_of(name)), axis), straight)


@every_step
def test_more_air_around_changes_nothing(name: str) -> None:
    room = ((3, 1), (0, 5), (2, 2))
    wide = clean(np.pad(messy(2), room), NAMES, SIZES, steps_of(name))
    np.testing.assert_array_equal(wide, np.pad(clean(messy(2), NAMES, SIZES, steps_of(name)), room))


@every_step
def test_exclusive_classes_stay_exclusive(name: str) -> None:
    """Of three classes that share no voxel, whatever a step does."""
    bits = messy(3)
    exclusive = np.where(bits & 1, 1, np.where(bits & 2, 2, bits & 4)).astype(np.uint8)
    found = clean(exclusive, NAMES, SIZES, steps_of(name), class_bits=(0, 1, 2, 4))
    assert set(np.unique(found)) <= {0, 1, 2, 4}
