"""A study is brought onto one grid as asked, says what was done, and is refused where the outcome is no good."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.data.image import StoredImage, plain_image
from core.data.refusal import InputRefusedError
from core.errors import UsageError
from core.harmonise import Harmonised, Harmonising, attempt, harmonise
from core.harmonise import study as study_module
from core.harmonise.quality import dice
from core.harmonise.steps import Step
from core.labels import scheme_named
from core.volume import Grid
from tests.core.harmonise.phantom import FLAIR, T1C, Array, grid, inside, lesion, moved, places, series

MOTION = moved((5.0, -6.0, 3.0), 9.0)
FIXED, MOVING = grid((80, 100, 32), (2, 2, 4)), grid((76, 96, 26), (2.2, 2.2, 5), 10)


def two_series() -> dict[str, StoredImage]:
    return {"t1c": series(T1C, FIXED), "t2f": series(FLAIR, MOVING, MOTION, seed=1)}


def resampled_only() -> dict[str, StoredImage]:
    """Two series whose headers are right."""
    return {"t1c": series(T1C, FIXED), "t2f": series(FLAIR, MOVING, seed=1)}


def true_brain(on: Grid) -> Array:
    return inside("brain", places(on))


def refusals(*arguments: Any) -> list[str]:
    with pytest.raises(InputRefusedError) as refused:
        harmonise(*arguments)
    return [finding.code for finding in refused.value.findings]


@pytest.fixture
def finds_the_brain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Brain networks that are always right, and take no time."""

    def probabilities(scans: list[Array], on: Grid, nets: int, mirror: bool, cache_dir: Path | None) -> list[Array]:
        return [true_brain(on).astype(np.float32) for _ in scans]

    monkeypatch.setattr(study_module, "brain_probabilities", probabilities)


@pytest.fixture(scope="module")
def aligned() -> Harmonised:
    """Registered and resampled to 2 mm, the lesion drawn on the series that moved."""
    asked = Harmonising(register=True, spacing_mm=2.0)
    return harmonise(two_series(), asked, lesion(MOVING, MOTION))


def test_every_series_ends_on_one_cubic_grid_in_ras(aligned: Harmonised) -> None:
    volume = aligned.volume
    assert volume.modalities == ("t1c", "t2f")
    assert volume.shape == (80, 100, 64)
    assert volume.native.axis_codes == "RAS"
    assert volume.geometry is not None
    np.testing.assert_allclose(volume.geometry.spacing_mm, 2)
    assert volume.voxels.dtype == np.int16


def test_what_moved_is_brought_back(aligned: Harmonised) -> None:
    at = places(aligned.volume.native)
    flair = aligned.volume.values(1)
    shown = inside("lesion", at)
    assert abs(np.median(flair[shown]) - FLAIR["lesion"]) < 15
    np.testing.assert_allclose(aligned.transforms["t2f"], MOTION, atol=0.6)
    np.testing.assert_array_equal(aligned.transforms["t1c"], np.eye(4))


def test_the_reference_moves_with_the_series_it_was_drawn_on(aligned: Harmonised) -> None:
    assert aligned.reference is not None
    labels = aligned.reference.values(0)
    assert labels.dtype == np.uint8
    assert set(np.unique(labels)) == {0, 3}
    assert dice(labels == 3, inside("lesion", places(aligned.volume.native))) > 0.85
    assert (scheme_named("brats-2023").to_regions(labels) != 0).sum() == (labels != 0).sum()


def test_the_log_says_what_was_done_in_order_with_numbers_and_no_times(aligned: Harmonised) -> None:
    assert [(step.name, step.series) for step in aligned.steps] == [
        ("grid", "t1c"), ("register", "t2f"), ("resample", "t1c"), ("resample", "t2f"), ("reference", ""),
    ]  # fmt: skip
    moved_by = aligned.steps[1].numbers
    assert moved_by["turned_degrees"] == pytest.approx(9, abs=0.4)
    assert moved_by["information_nats"] > moved_by["information_header_nats"]
    assert "turned by 9." in aligned.steps[1].sentence or "turned by 8." in aligned.steps[1].sentence
    facts = aligned.to_json()
    assert facts["asked"]["spacing_mm"] == 2.0
    assert facts["brain_networks"] is None
    assert not any("second" in name for step in aligned.steps for name in step.numbers)


def test_a_series_already_on_the_grid_keeps_its_stored_numbers() -> None:
    t1c = replace(series(T1C, FIXED), slope=(2.5,))
    done = harmonise({"t1c": t1c, "t2f": series(FLAIR, MOVING, seed=1)}, Harmonising())
    np.testing.assert_array_equal(done.volume.voxels[0], FIXED.to_ras(t1c.stored[0]))
    assert done.volume.slope[0] == 2.5
    assert "kept as stored" in done.steps[1].sentence


def test_by_the_headers_alone_a_series_is_resampled_and_never_moved() -> None:
    done = harmonise(resampled_only(), Harmonising())
    assert done.volume.shape == FIXED.ras_shape
    flair = done.volume.values(1)
    expected = inside("lesion", places(done.volume.native))
    assert dice((flair > 400) & inside("brain", places(done.volume.native) / 0.9), expected) > 0.85
    assert all((transform == np.eye(4)).all() for transform in done.transforms.values())


def test_a_mask_on_another_grid_comes_onto_the_images(finds_the_brain: None) -> None:
    done = harmonise({"t1c": series(T1C, FIXED)}, Harmonising(), lesion(MOVING))
    assert done.reference is not None
    assert dice(done.reference.values(0) == 3, inside("lesion", places(done.volume.native))) > 0.85
    assert "by its header" in done.steps[-1].sentence


def test_outside_the_brain_everything_becomes_zero(finds_the_brain: None) -> None:
    done = harmonise(resampled_only(), Harmonising(spacing_mm=2.0, strip=True))
    assert done.brain is not None
    assert done.brain.sum() * 8 / 1000 == pytest.approx(4 / 3 * np.pi * 65 * 83 * 52 / 1000, rel=0.02)  # ml
    for channel in range(2):
        assert (done.volume.values(channel)[~done.brain] == 0).all()
        assert done.volume.values(channel)[done.brain].mean() > 100
    assert done.steps[-1].numbers["agreement"] == 1
    assert len(done.to_json()["brain_networks"]["sha256"]) == 1


def test_a_bare_brain_is_kept_whole_and_no_network_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study_module, "brain_probabilities", lambda *_: pytest.fail("asked the networks"))
    bare = series(T1C, FIXED).stored + 50
    bare[0][~true_brain(FIXED)] = 0
    study = {"t1c": plain_image(bare, FIXED), "t2f": series(FLAIR, MOVING, seed=1)}
    done = harmonise(study, Harmonising(strip=True))
    np.testing.assert_array_equal(done.brain, true_brain(done.volume.native))
    assert [finding.code for finding in done.findings] == ["already_stripped"]
    assert "shows a brain and nothing else" in done.steps[-1].sentence


def test_stripping_an_image_with_an_intercept_leaves_real_zeros(finds_the_brain: None) -> None:
    image = replace(series(T1C, FIXED), intercept=(-1000.0,))
    done = harmonise({"ct": image}, Harmonising(strip=True))
    assert done.brain is not None
    values = done.volume.values(0)
    assert (values[~done.brain] == 0).all()
    assert np.median(values[done.brain]) == pytest.approx(T1C["brain"] - 1000, abs=5)


def test_steps_are_announced(finds_the_brain: None) -> None:
    told: list[tuple[str, int, int]] = []
    harmonise(resampled_only(), Harmonising(strip=True), None, lambda *step: told.append(step))
    assert [step[1:] for step in told] == [(0, 3), (1, 3), (2, 3)]
    assert told[2][0] == "find the brain in t1c and t2f"


def test_a_bad_brain_refuses_the_study_and_can_still_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def nonsense(scans: list[Array], on: Grid, *_: Any) -> list[Array]:
        spot = np.linalg.norm(places(on), axis=0) < 20
        return [spot.astype(np.float32) for _ in scans]

    monkeypatch.setattr(study_module, "brain_probabilities", nonsense)
    asked = Harmonising(strip=True)
    assert refusals(resampled_only(), asked) == ["brain_volume"]
    looked_at = attempt(resampled_only(), asked)
    assert [finding.code for finding in looked_at.errors] == ["brain_volume"]
    assert looked_at.brain is not None


def test_two_brains_that_disagree_refuse_the_study(monkeypatch: pytest.MonkeyPatch) -> None:
    def apart(scans: list[Array], on: Grid, *_: Any) -> list[Array]:
        return [inside("brain", places(on) - [[[[shift]]], [[[0]]], [[[0]]]]).astype(np.float32) for shift in (0, 14)]

    monkeypatch.setattr(study_module, "brain_probabilities", apart)
    assert refusals(resampled_only(), Harmonising(strip=True)) == ["brain_disagrees"]


def test_series_of_which_one_covers_half_the_head_are_refused() -> None:
    slab = grid((80, 100, 14), (2, 2, 4))
    assert refusals({"t1c": series(T1C, FIXED), "t2f": series(FLAIR, slab)}, Harmonising()) == ["series_short"]


def test_series_without_a_common_place_are_refused() -> None:
    nowhere = {"t1c": series(T1C, FIXED), "t2f": plain_image(series(FLAIR, MOVING).stored, Grid(MOVING.shape))}
    assert refusals(nowhere, Harmonising()) == ["no_geometry"]


def test_a_reference_without_geometry_is_refused() -> None:
    mask = plain_image(np.zeros((1, *FIXED.shape), np.uint8), Grid(FIXED.shape))
    assert refusals({"t1c": series(T1C, FIXED)}, Harmonising(), mask) == ["no_geometry"]


def test_voxels_that_are_no_numbers_are_refused() -> None:
    values = series(T1C, FIXED).stored.astype(np.float32)
    values[0, 3, 3, 3] = np.nan
    assert refusals({"t1c": plain_image(values, FIXED)}, Harmonising()) == ["not_finite"]


def test_too_few_slices_to_recognise_a_head_are_refused() -> None:
    few = grid((80, 100, 5), (2, 2, 24))
    study = {"t1c": series(T1C, FIXED), "t2f": series(FLAIR, few)}
    assert refusals(study, Harmonising(register=True)) == ["few_slices"]


def test_a_grid_that_would_not_fit_is_refused() -> None:
    wide = plain_image(np.ones((1, 16, 16, 16), np.int16), grid((16, 16, 16), (40, 40, 40)))
    assert refusals({"t1c": wide}, Harmonising(spacing_mm=0.3)) == ["grid_too_large"]
    assert refusals({"t1c": wide}, Harmonising(strip=True)) == ["grid_too_large"]


def test_a_reference_that_belongs_to_no_series_is_not_guessed_a_place() -> None:
    found = attempt(two_series(), Harmonising(register=True), lesion(grid((70, 90, 30), (2.1, 2.1, 4))))
    assert [finding.code for finding in found.errors] == ["reference_off_grid"]


def test_a_reference_that_the_grid_is_too_coarse_for_is_refused() -> None:
    dot = np.zeros((1, *FIXED.shape), np.uint8)
    dot[0, 30, 40, 15] = 1
    study = {"t1c": series(T1C, FIXED)}
    assert refusals(study, Harmonising(spacing_mm=5.0), plain_image(dot, FIXED)) == ["reference_changed"]


@pytest.mark.parametrize(
    ("names", "asked", "fixed"),
    [
        (("t2f", "t1n", "t1c"), None, "t1c"),
        (("t2f", "t1n", "t2w"), None, "t1n"),
        (("t2f", "t2w"), None, "t2w"),  # the finer one
        (("t2f", "t1c"), "t2f", "t2f"),
    ],
)
def test_the_series_that_stays(names: tuple[str, ...], asked: str | None, fixed: str) -> None:
    images = {name: plain_image(np.zeros((1, 9, 9, 9), np.int16), grid((9, 9, 9), (2, 2, 2))) for name in names}
    if "t2w" in images:
        images["t2w"] = plain_image(np.zeros((1, 9, 9, 9), np.int16), grid((9, 9, 9), (1, 2, 2)))
    assert study_module.choose_fixed(images, asked) == fixed


def test_a_fixed_series_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(UsageError, match="t1c"):
        harmonise({"t1c": series(T1C, FIXED)}, Harmonising(fixed="t1n"))


def test_a_step_can_be_written_down() -> None:
    step = Step("strip", "", "A sentence.", {"brain_ml": 1500.0})
    assert step.to_json() == {"name": "strip", "series": "", "sentence": "A sentence.", "numbers": {"brain_ml": 1500.0}}
