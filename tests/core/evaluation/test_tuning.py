"""Thresholds and smallest components chosen on validation patients, worked out on masks whose best is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.checkpoints import WEIGHTS, Checkpoint, CheckpointError, made_names, read_checkpoint, write_ensemble
from core.data.load import load_regions
from core.evaluation.case_mask import Bits
from core.evaluation.saved import saved_scores
from core.evaluation.tuning import Tuned, TuningRefusedError, tune_checkpoint
from core.evaluation.tuning_grid import (
    LEAST_GAIN,
    Candidate,
    Chain,
    TuningCase,
    best_of,
    candidates_of,
    dice_of_candidates,
)
from core.inference.device import Compute
from core.inference.prediction import Prediction
from core.inference.segment import Segmenter, prediction_folder
from core.postprocess import Step
from core.postprocess.smallest_component import SmallestComponentArguments
from core.volume import Box
from core.workspace import Cohort, Workspace
from tests import narrow
from tests.cases import case_id

CPU = Compute("cpu", bf16=False, channels_last=False)
FIVE, SIX = case_id(5), case_id(6)
REGIONS = ("WT", "TC", "ET")
VOXEL_ML = 0.003  # 1 x 1.5 x 2 mm
AT_LEAST_A_TENTH = SmallestComponentArguments(ml=0.1)


def reference_of(cohort: Cohort, case: str) -> Bits:
    entry = cohort.cases[case]
    assert entry.case.reference is not None
    return load_regions(entry.case.reference, cohort.scheme, entry.grid)[0]


def said_of(reference: Bits) -> Prediction:
    """WT as it is with an island of 27 voxels, 0.081 ml, as sure as the rest; TC as it is; ET only ever at 0.4."""
    q = np.stack([(reference >> bit & 1) * np.uint8(level) for bit, level in enumerate((200, 200, 102))])
    island = q[0, :4, :4, :4]
    assert not island.any(), "apart from the tumour"
    island[:3, :3, :3] = 200
    return Prediction(q, Box.whole(reference.shape), reference.shape, REGIONS, (128, 128, 128), "of the test")


def save(workspace: Workspace, cohort: Cohort, case: str, checkpoint: Checkpoint) -> None:
    said = replace(said_of(reference_of(cohort, case)), checkpoint_id=checkpoint.id)
    said.save(prediction_folder(workspace, checkpoint, cohort.cases[case].content))


@pytest.fixture
def trained(tmp_path: Path, workspace: Workspace, small: Cohort) -> Checkpoint:
    """A checkpoint with patients five and six for its validation part, and what it says of them."""
    content = {case: list(small.cases[case].content.values()) for case in (FIVE, SIX)}
    checkpoint = narrow.checkpoint(tmp_path / "trained", validation=content)
    for case in (FIVE, SIX):
        save(workspace, small, case, checkpoint)
    return checkpoint


def tune(workspace: Workspace, checkpoint: Checkpoint, name: str = "better") -> Tuned:
    return tune_checkpoint(workspace, Segmenter(workspace, CPU), checkpoint, name)


def test_what_is_best_by_hand_is_chosen_and_ties_keep_the_simpler(
    workspace: Workspace, small: Cohort, trained: Checkpoint
) -> None:
    """The island goes at 0.1 ml, and would at more; ET is found from 0.4 down, and 0.4 is nearest to what it had."""
    made = tune(workspace, trained)
    assert made.chosen == {
        "WT": Candidate(128, AT_LEAST_A_TENTH), "TC": Candidate(128), "ET": Candidate(102),
    }  # fmt: skip
    after = read_checkpoint(workspace.made_checkpoint("better"))
    assert after.spec.thresholds == (128, 128, 102)
    assert after.spec.post == (Step(name="smallest_component", regions=("WT",), arguments={"ml": 0.1}),)
    assert after.id == made.checkpoint.id != trained.id
    assert (after.folder / WEIGHTS).read_bytes() == (trained.folder / WEIGHTS).read_bytes()
    voxels = [int((reference_of(small, case) & 1).sum()) for case in (FIVE, SIX)]
    assert made.dice_before == pytest.approx(
        {"WT": np.mean([2 * n / (2 * n + 27) for n in voxels]), "TC": 1.0, "ET": 0.0}
    )
    assert made.dice_after == {"WT": 1.0, "TC": 1.0, "ET": 1.0}


def test_the_card_says_what_was_chosen_on_whom_and_what_it_changed(workspace: Workspace, trained: Checkpoint) -> None:
    made = tune(workspace, trained)
    said = made.checkpoint.card.tuning
    assert said is not None
    assert (said["from_checkpoint"], said["part"], said["cases"], said["ties"]) == (
        trained.id, "validation", 2, LEAST_GAIN,
    )  # fmt: skip
    assert said["regions"]["ET"] == {
        "threshold": {"before": 128, "after": 102},
        "smallest_component": {"before": None, "after": None},
        "dice": {"before": 0.0, "after": 1.0},
    }
    assert said["regions"]["WT"]["smallest_component"] == {"before": None, "after": {"ml": 0.1}}
    assert made.checkpoint.card.validation_content == trained.card.validation_content
    assert trained.card.tuning is None
    assert made.to_json()["checkpoint_id"] == made.checkpoint.id


def test_the_new_checkpoint_has_the_predictions_of_the_old_and_the_tables_score_its_own_mask(
    workspace: Workspace, small: Cohort, trained: Checkpoint
) -> None:
    made = tune(workspace, trained)
    assert made.adopted == 2
    before, after = (saved_scores(workspace, small, FIVE, each) for each in (trained, made.checkpoint))
    assert before is not None
    assert after is not None
    assert [before[region]["dice"] == 1.0 for region in REGIONS] == [False, True, False]
    assert [after[region]["dice"] for region in REGIONS] == [1.0, 1.0, 1.0]
    again = Segmenter(workspace, CPU).saved(made.checkpoint, small.cases[FIVE].content)
    assert again is not None
    assert (again.checkpoint_id, again.thresholds) == (made.checkpoint.id, (128, 128, 102))


def test_no_other_patient_has_any_say_nor_is_one_read(workspace: Workspace, small: Cohort, trained: Checkpoint) -> None:
    """Nobody else is segmented; and when all others are there and say the opposite of what is drawn, nothing moves."""
    others = [case for case in small.cases if case not in (FIVE, SIX)]
    assert len(others) == 4
    first = tune(workspace, trained)
    folders = {path.name for path in (workspace.root / "predictions" / trained.id).iterdir()}
    of_two = {prediction_folder(workspace, trained, small.cases[case].content).name for case in (FIVE, SIX)}
    assert folders == of_two, "nobody else was segmented"
    for case in others:
        save(workspace, small, case, trained)
        folder = prediction_folder(workspace, trained, small.cases[case].content)
        np.save(folder / "probabilities.npy", 255 - np.load(folder / "probabilities.npy"))
    again = tune(workspace, trained, "again")
    assert again.checkpoint.id == first.checkpoint.id
    assert again.dice_after == first.dice_after


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"validation_content": {}},
            "narrow-0001 has no validation part, and thresholds and clean-up are fitted on nothing else",
        ),
        (
            {"validation_content": {"gone": ["x"]}},
            "gone, of the validation part of narrow-0001, is not in cohort small",
        ),
        ({"validation_content": {FIVE: ["x"]}}, "has other voxels by now in cohort small; import it again"),
    ],
)
def test_without_its_validation_part_nothing_is_tuned_or_written(
    workspace: Workspace, trained: Checkpoint, changes: dict[str, Any], sentence: str
) -> None:
    changed = Checkpoint(trained.folder, trained.id, trained.card.model_copy(update=changes))
    with pytest.raises(TuningRefusedError, match=sentence):
        tune(workspace, changed)
    assert not workspace.made_checkpoints.exists()


def test_what_is_best_already_is_left_as_it_is_and_a_name_is_taken_once(
    workspace: Workspace, trained: Checkpoint
) -> None:
    made = tune(workspace, trained)
    with pytest.raises(TuningRefusedError, match=r"nothing in the grid gains 0\.001 of Dice on the 2 validation"):
        tune(workspace, made.checkpoint, "twice")
    with pytest.raises(CheckpointError, match="'better' is taken"):
        tune(workspace, trained)


def test_other_steps_stay_and_the_smallest_component_keeps_its_place(
    tmp_path: Path, workspace: Workspace, small: Cohort, trained: Checkpoint
) -> None:
    steps = [
        {"name": "fill_holes"},
        {"name": "smallest_component", "arguments": {"ml": 0.05}},
        {"name": "region_consistency"},
    ]
    content = trained.card.validation_content
    checkpoint = narrow.checkpoint(tmp_path / "steps", inference=narrow.spec(post=steps), validation=content)
    for case in (FIVE, SIX):
        save(workspace, small, case, checkpoint)
    post = tune(workspace, checkpoint).checkpoint.spec.post
    assert [(step.name, step.regions, step.arguments.get("ml")) for step in post] == [
        ("fill_holes", (), None),
        ("smallest_component", ("WT",), 0.1),
        ("smallest_component", ("TC", "ET"), 0.05),
        ("region_consistency", (), None),
    ]


def test_the_grid_begins_with_what_there_is_and_goes_on_from_the_simplest() -> None:
    grid = candidates_of(Candidate(128), False, [True])
    assert grid[:3] == [Candidate(128), Candidate(153), Candidate(102)]
    assert len(grid) == 7 * 6
    assert grid[7] == Candidate(128, SmallestComponentArguments(ml=0.05))
    assert len(candidates_of(Candidate(90), False, [True])) == 8 * 6
    assert {each.threshold for each in candidates_of(Candidate(128), True, [True])} == {128}, "classes have none"
    bare = candidates_of(Candidate(128), True, [False, False])[1].least
    mixed = candidates_of(Candidate(128), True, [True, False])[1].least
    assert (bare, mixed) == (SmallestComponentArguments(voxels=20), SmallestComponentArguments(ml=0.05, voxels=20))


def test_the_simplest_that_ties_with_the_best_is_taken() -> None:
    three = [Candidate(128), Candidate(102), Candidate(153)]
    assert best_of(three, [[0.8, 0.8 + LEAST_GAIN / 2, 0.7]]) == (three[0], 0.8)
    assert best_of(three, [[0.8, 0.8 + 2 * LEAST_GAIN, 0.7]])[0] == three[1]
    assert best_of(three, [[0.2, 0.9, 0.7], [0.9, 0.3, 0.7]])[0] == three[2], "the mean over patients counts"
    assert best_of(three, [[None, None, None], [0.1, 0.2, 0.3]])[0] == three[2], "an empty reference is left out"
    assert best_of(three, [[None, None, None]]) == (three[0], None)


def test_a_candidate_scores_as_its_whole_mask_would() -> None:
    """The pieces are counted once per threshold; the answer is that of the steps themselves."""
    from core.evaluation.scoring import score_case
    from core.postprocess import clean

    rng = np.random.default_rng(5)
    reference = (rng.random((16, 14, 10)) < 0.4).astype(np.uint8)
    q = (255 * rng.random((1, 16, 14, 10)) ** 3).astype(np.uint8)  # the higher, the sparser
    said = Prediction(q, Box.whole((16, 14, 10)), (16, 14, 10), ("WT",), (128,), "x")
    case = TuningCase(said, reference, (2.0, 2.0, 5.0))
    chain = Chain.of([Step(name="smallest_component", arguments={"ml": 9}), Step(name="fill_holes")])
    grid = candidates_of(Candidate(210), False, [True])
    found = dice_of_candidates(case, "WT", grid, chain)
    for candidate, dice in zip(grid, found, strict=True):
        steps = chain.with_least({"WT": candidate.least})
        bits = clean((q[0] >= candidate.threshold).astype(np.uint8), ("WT",), case.spacing_mm, steps)
        assert dice == score_case(bits, reference, ("WT",), None)["WT"]["dice"]
    assert len(set(found)) > 10, "they differ"


def joined(workspace: Workspace, members: list[Checkpoint]) -> Checkpoint:
    write_ensemble(workspace.made_checkpoint("both"), "both", members)
    return read_checkpoint(workspace.made_checkpoint("both"))


def test_an_ensemble_is_tuned_as_one_and_its_members_share_what_was_chosen(
    tmp_path: Path, workspace: Workspace, small: Cohort, trained: Checkpoint
) -> None:
    """One member says what the other does, so their mean does, and the best is that of one alone."""
    twin = narrow.checkpoint(tmp_path / "twin", seed=1, validation=trained.card.validation_content)
    for case in (FIVE, SIX):
        save(workspace, small, case, twin)
    both = joined(workspace, [trained, twin])
    made = tune(workspace, both)
    alone = tune(workspace, trained, "alone")
    after = made.checkpoint
    assert made.chosen == alone.chosen
    assert made.dice_after == {"WT": 1.0, "TC": 1.0, "ET": 1.0}
    assert (after.spec.thresholds, after.spec.post) == (alone.checkpoint.spec.thresholds, alone.checkpoint.spec.post)
    assert after.id not in (both.id, alone.checkpoint.id)
    assert after.members[0].id == alone.checkpoint.id, "the same weights with the same thresholds"
    assert after.card.tuning is not None
    assert (after.card.tuning["from_checkpoint"], after.members[1].card.tuning) == (both.id, after.card.tuning)
    assert made.adopted == 2
    saved = Segmenter(workspace, CPU).saved(after, small.cases[FIVE].content)
    assert saved is not None
    assert (saved.checkpoint_id, saved.thresholds) == (after.id, (128, 128, 102))


def test_an_ensemble_is_tuned_on_patients_that_no_member_was_trained_on(
    tmp_path: Path, workspace: Workspace, small: Cohort, trained: Checkpoint
) -> None:
    content = trained.card.validation_content
    twin = narrow.checkpoint(tmp_path / "twin", seed=1, train={FIVE: content[FIVE]}, validation={SIX: content[SIX]})
    save(workspace, small, SIX, twin)
    assert tune(workspace, joined(workspace, [trained, twin])).cases == 1


def test_an_ensemble_whose_members_were_trained_on_each_others_validation_is_not_tuned(
    tmp_path: Path, workspace: Workspace, small: Cohort
) -> None:
    content = {case: list(small.cases[case].content.values()) for case in (FIVE, SIX)}
    one, other = (
        narrow.checkpoint(tmp_path / name, seed=seed, train={a: content[a]}, validation={b: content[b]})
        for seed, (name, a, b) in enumerate([("one", FIVE, SIX), ("other", SIX, FIVE)])
    )
    both = joined(workspace, [one, other])
    sentence = f"every validation patient of both trained one of its members \\({FIVE} trained narrow-0001\\)"
    with pytest.raises(TuningRefusedError, match=sentence):
        tune(workspace, both)
    assert made_names(workspace) == ["both"]
