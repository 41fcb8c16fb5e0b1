"""What a missing sequence costs: the Dice of masks that are made here again, of validation patients alone."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.atomic import read_json
from core.checkpoints import CARD, Checkpoint, made_names, read_checkpoint, write_ensemble
from core.data.load import load_case
from core.evaluation.missing_cost import MissingCostRefusedError, combinations_of, measure_missing
from core.inference.device import Compute
from core.inference.segment import Segmenter
from core.workspace import Cohort, Workspace
from tests import narrow
from tests.cases import case_id

CPU = Compute("cpu", bf16=False, channels_last=False)
FIVE, SIX = case_id(5), case_id(6)


def trained(folder: Path, cohort: Cohort, seed: int = 0) -> Checkpoint:
    """A checkpoint with patients five and six for its validation part; random weights."""
    seen = {case: list(cohort.cases[case].content.values()) for case in (FIVE, SIX)}
    return narrow.checkpoint(folder, seed, validation=seen, recipe=narrow.DROPPING)


def dice_by_hand(workspace: Workspace, cohort: Cohort, case: str, checkpoint: Checkpoint, *without: str) -> list[float]:
    """Dice of each region of the mask of a case whose files lack some sequences: 2 |A and B| / (|A| + |B|)."""
    entry = cohort.cases[case]
    lacking = replace(entry.case, sources={n: s for n, s in entry.case.sources.items() if n not in without})
    loaded = load_case(lacking, cohort.scheme)
    assert loaded.reference is not None
    mask = Segmenter(workspace, CPU, keep=False).segment_volume(lacking, loaded.volume, checkpoint).mask()
    found = []
    for bit in range(3):
        ours, theirs = mask >> bit & 1 == 1, loaded.reference >> bit & 1 == 1
        found.append(2 * float((ours & theirs).sum()) / float(ours.sum() + theirs.sum()))
    return found


def test_the_card_says_the_mean_dice_of_masks_made_without_each_sequence_and_each_pair(
    workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    checkpoint = trained(tmp_path / "made", small)
    made = measure_missing(workspace, Segmenter(workspace, CPU), checkpoint, "measured")
    after = read_checkpoint(workspace.made_checkpoint("measured"))
    cost = after.card.missing_cost
    assert cost is not None
    assert cost == made.cost
    for without in ((), ("t2f",), ("t1n",), ("t1c", "t2w")):
        by_hand = np.mean([dice_by_hand(workspace, small, case, checkpoint, *without) for case in (FIVE, SIX)], axis=0)
        said = cost.without["+".join(sorted(without))] if without else cost.everything
        assert [said[region] for region in ("WT", "TC", "ET")] == pytest.approx(by_hand, abs=1e-6)
    assert cost.everything != cost.without["t2f"], "the network looks at it"
    assert (len(cost.without), cost.cases, cost.part) == (10, 2, "validation")
    assert cost.whose == "2 validation patients"
    assert cost.counted == {"WT": 2, "TC": 2, "ET": 2}
    assert cost.checkpoint == after.id == checkpoint.id, "it predicts what it did"
    assert cost.split_sha256 == checkpoint.card.split_sha256


def test_nobody_else_is_read(workspace: Workspace, small: Cohort, tmp_path: Path, cohort_files: Path) -> None:
    """The files and slices of every other patient are away, and nothing is missed."""
    checkpoint = trained(tmp_path / "made", small)
    files = tmp_path / "moved"
    for case in (FIVE, SIX):
        shutil.copytree(cohort_files / case, files / case)
        shutil.copytree(workspace.store_folder("small", case), tmp_path / "kept" / case)
    shutil.rmtree(workspace.store_folder("small", FIVE).parent)
    shutil.copytree(tmp_path / "kept", workspace.store_folder("small", FIVE).parent)
    cohort_json = next(workspace.root.glob("cohorts/small/cohort.json"))
    cohort_json.write_text(cohort_json.read_text().replace(str(cohort_files), str(files)))
    made = measure_missing(workspace, Segmenter(workspace, CPU), checkpoint, "measured", at_once=1)
    assert (made.cost.cases, len(made.cost.without)) == (2, 4)
    kept = list((workspace.root / "predictions" / checkpoint.id).iterdir())
    assert len(kept) == 2, "with every sequence, of the two; a case that nobody has is not kept"


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        ({"recipe": {}}, "refuses a study that lacks one: there is no cost to measure; train one that does without by"),
        ({"validation_content": {}}, "no validation part, and the cost of a missing sequence is measured on nothing"),
        (
            {"validation_content": {"gone": ["x"]}},
            "gone, of the validation part of narrow-0001, is not in",
        ),
    ],
)
def test_what_cannot_be_measured_is_a_sentence_and_writes_nothing(
    workspace: Workspace, small: Cohort, tmp_path: Path, says: dict[str, Any], sentence: str
) -> None:
    checkpoint = trained(tmp_path / "made", small)
    checkpoint = replace(checkpoint, card=checkpoint.card.model_copy(update=says))
    with pytest.raises(MissingCostRefusedError, match=sentence):
        measure_missing(workspace, Segmenter(workspace, CPU), checkpoint, "measured")
    assert made_names(workspace) == []


def test_one_sequence_is_always_kept(small: Cohort, tmp_path: Path) -> None:
    checkpoint = trained(tmp_path / "made", small)
    assert [len(combinations_of(checkpoint, count)) for count in (1, 2, 3, 9)] == [4, 10, 14, 14]
    reads_ct = checkpoint.spec.model_copy(update={"modalities": ("ct",)})
    alone = replace(checkpoint, card=checkpoint.card.model_copy(update={"inference": reads_ct}))
    with pytest.raises(MissingCostRefusedError, match="reads ct alone"):
        combinations_of(alone, 1)


def test_cards_from_before_have_no_such_section(small: Cohort, tmp_path: Path) -> None:
    checkpoint = trained(tmp_path / "made", small)
    assert "missing_cost" not in read_json(checkpoint.folder / CARD)


def test_an_ensemble_is_measured_as_one_and_keeps_its_id(workspace: Workspace, small: Cohort, tmp_path: Path) -> None:
    members = [trained(tmp_path / str(seed), small, seed) for seed in range(2)]
    write_ensemble(workspace.made_checkpoint("both"), "both", members)
    both = read_checkpoint(workspace.made_checkpoint("both"))
    made = measure_missing(workspace, Segmenter(workspace, CPU), both, "measured", at_once=1)
    by_hand = np.mean([dice_by_hand(workspace, small, case, both, "t1c") for case in (FIVE, SIX)], axis=0)
    assert list(made.cost.without["t1c"].values()) == pytest.approx(by_hand, abs=1e-6)
    assert made.checkpoint.id == both.id
