"""A case that lacks a sequence: refused, unless the training left sequences out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.case import BRATS_MODALITIES, Case
from core.checkpoints import Checkpoint, MissingCost
from core.data.load import load_case
from core.data.store import slice_case
from core.inference.device import Compute
from core.inference.missing import NotSegmentableError, cost_sentence, doing_without, missing_modalities
from core.inference.predictor import Predictor
from core.inference.segment import Segmenter
from core.volume import Grid, Volume
from core.workspace import Cohort, Workspace
from tests import narrow
from tests.cases import SHAPE, case_id, channels, tumour_labels

CPU = Compute("cpu", bf16=False, channels_last=False)
CASE = case_id(1)
DROPPED = narrow.DROPPING


def trained(folder: Path, recipe: dict[str, Any], **inference: Any) -> Checkpoint:
    made = narrow.checkpoint(folder, inference=narrow.spec(**inference))
    return replace(made, card=made.card.model_copy(update={"recipe": recipe}))


def without(case: Case, *names: str) -> Case:
    return replace(case, sources={name: source for name, source in case.sources.items() if name not in names})


def test_a_checkpoint_that_learned_to_do_without_takes_a_channel_of_zeros(
    workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    """What the network sees is the case with that sequence blank after preparing, in its place among the others."""
    checkpoint = trained(tmp_path / "made", DROPPED)
    case = without(small.cases[CASE].case, "t1c")
    volume = load_case(case, None).volume
    segmenter = Segmenter(workspace, CPU)
    found = segmenter.segment_volume(case, volume, checkpoint)
    sliced = slice_case(CASE, volume, None, "axial")
    fed = sliced.prepared(np.arange(len(sliced.slices)), ("t1n", "t2w", "t2f"), "zscore")
    blank = np.insert(fed, 1, 0.0, axis=1)
    predictor = segmenter.predictor(checkpoint)
    expected = predictor.probabilities(predictor.logits(blank))
    inside = [number - sliced.box.start[2] for number in sliced.slice_index]
    assert np.abs(np.moveaxis(found.probabilities, 3, 0)[inside].astype(int) - expected).max() <= 1
    assert found.mask().any()


def test_neighbouring_slices_lack_it_too() -> None:
    """Channels are slice by slice: below, own, above, each with all modalities."""
    parts = channels(1, tumour_labels(1))
    del parts["t2w"]
    volume = Volume(np.stack(list(parts.values())), tuple(parts), (1.0,) * 3, (0.0,) * 3, None, Grid(SHAPE))
    case = slice_case("x", volume, None, "axial")
    fed = Predictor(torch.nn.Identity(), narrow.spec(neighbours=1), CPU).prepared(case, np.arange(4))
    missing = BRATS_MODALITIES.index("t2w")
    assert fed.shape[1] == 12
    assert [channel for channel in range(12) if not fed[1:3, channel].any()] == [missing, 4 + missing, 8 + missing]


@pytest.mark.parametrize(
    "recipe",
    [{}, {"augment": {"preset": "strong", "settings": {}}}, {"augment": {"preset": "of another release"}}],
    ids=["nothing is said", "no dropout", "unknown"],
)
def test_any_other_checkpoint_refuses(small: Cohort, tmp_path: Path, recipe: dict[str, Any]) -> None:
    case = without(small.cases[CASE].case, "t1c")
    with pytest.raises(NotSegmentableError, match="the checkpoint also reads t1c: add the sequence or choose"):
        missing_modalities(trained(tmp_path / "made", recipe), case)


def test_a_case_with_nothing_of_what_is_read_is_refused_by_all(small: Cohort, tmp_path: Path) -> None:
    checkpoint = trained(tmp_path / "made", DROPPED, modalities=("ct",))
    with pytest.raises(NotSegmentableError, match="nothing of what it reads is there"):
        missing_modalities(checkpoint, small.cases[CASE].case)


def test_one_sequence_of_another_name_may_be_the_same(small: Cohort, tmp_path: Path) -> None:
    checkpoint = trained(tmp_path / "made", {}, modalities=("image",))
    case = without(small.cases[CASE].case, "t1c", "t2w", "t2f")
    with pytest.raises(NotSegmentableError) as refused:
        missing_modalities(checkpoint, case)
    assert str(refused.value) == (
        f"{CASE} has t1n; the checkpoint reads image, so nothing of what it reads is there: choose another checkpoint, "
        "or, if it is the same, say --call t1n=image"
    )


def test_the_cost_is_told_where_it_was_measured_and_else_that_it_was_not_and_how(tmp_path: Path) -> None:
    checkpoint = trained(tmp_path / "made", DROPPED)
    told = doing_without("a", checkpoint, ("t1c",)).sentence
    assert told == (
        "a: found no t1c; expected all of t1n, t1c, t2w, t2f; without T1c: what that costs was not measured; "
        "python -m core missing measures it on the checkpoint's validation part, in a new checkpoint."
    )
    cost = MissingCost(
        checkpoint=checkpoint.id, split_sha256="0" * 64, cases=4, groups=4, group_word="patient",
        counted={"WT": 4, "TC": 4, "ET": 3}, everything={"WT": 0.82, "TC": 0.7, "ET": 0.5},
        without={"t2f": {"WT": 0.61, "TC": 0.7, "ET": 0.496}, "t1c+t1n": {"WT": 0.5, "TC": None, "ET": 0.0}},
    )  # fmt: skip
    measured = replace(checkpoint, card=checkpoint.card.model_copy(update={"missing_cost": cost}))
    assert cost_sentence(measured, ("t2f",)) == (
        "Without FLAIR: whole tumour Dice 0.61 instead of 0.82, tumour core Dice 0.70 instead of 0.70, enhancing "
        "tumour Dice 0.50 instead of 0.50 (3 of them) on 4 validation patients"
    )
    assert cost_sentence(measured, ("t1n", "t1c")).startswith("Without T1 and T1c: whole tumour Dice 0.50 instead of")
    assert "tumour core" not in cost_sentence(measured, ("t1n", "t1c"))
    assert "not measured" in cost_sentence(measured, ("t2w",))


def test_a_cost_of_other_thresholds_is_not_told(tmp_path: Path) -> None:
    """Tuning takes the card along, and what stands in it was measured of the checkpoint before."""
    checkpoint = trained(tmp_path / "made", DROPPED)
    cost = MissingCost(
        checkpoint="f" * 64, split_sha256="0" * 64, cases=1, groups=1, group_word="patient",
        counted={"WT": 1}, everything={"WT": 0.8}, without={"t2f": {"WT": 0.6}},
    )  # fmt: skip
    other = replace(checkpoint, card=checkpoint.card.model_copy(update={"missing_cost": cost}))
    assert "not measured" in cost_sentence(other, ("t2f",))
