"""Whoever is told how far the work is may stop it, and nothing is left half done."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.checkpoints import read_checkpoint, write_ensemble
from core.errors import Cancelled, JobFailedError
from core.inference.device import Compute
from core.inference.options import InferenceOptions
from core.inference.segment import Segmenter
from core.workspace import Cohort, Workspace
from tests import narrow
from tests.cases import case_id

CPU = Compute("cpu", bf16=False, channels_last=False)
CASE = case_id(1)


@pytest.mark.parametrize("options", [InferenceOptions(), InferenceOptions(tta=True)], ids=["plain", "turns"])
def test_a_wish_to_stop_ends_a_prediction_and_nothing_of_it_is_kept(
    workspace: Workspace, small: Cohort, tmp_path: Path, options: InferenceOptions
) -> None:
    checkpoint = narrow.checkpoint(tmp_path / "made")
    told: list[int] = []

    def stop_at_once(done: int, total: int) -> bool:
        told.append(done)
        return True

    with pytest.raises(Cancelled, match=r"cancelled after \d+ of 12 slices"):
        Segmenter(workspace, CPU, options).segment_stored(small, CASE, checkpoint, stop_at_once)
    assert len(told) == 1, "nothing is computed after the wish"
    assert not list(workspace.root.glob("predictions/*/*"))


def test_an_ensemble_stops_between_its_members(workspace: Workspace, small: Cohort, tmp_path: Path) -> None:
    """What the first member made is whole and stays; the ensemble's own prediction is not there."""
    members = [narrow.checkpoint(tmp_path / str(seed), seed=seed) for seed in (0, 1)]
    write_ensemble(tmp_path / "both", "both", members)
    ensemble = read_checkpoint(tmp_path / "both")
    with pytest.raises(Cancelled):
        Segmenter(workspace, CPU).segment_stored(small, CASE, ensemble, lambda done, total: 2 * done > total)
    kept = {path.parent.name for path in workspace.root.glob("predictions/*/*")}
    assert kept == {members[0].id}


def test_what_a_listener_raises_goes_through(workspace: Workspace, small: Cohort, tmp_path: Path) -> None:
    def fail(done: int, total: int) -> bool:
        raise Cancelled("by its owner")

    with pytest.raises(JobFailedError, match="by its owner"):
        Segmenter(workspace, CPU).segment_stored(small, CASE, narrow.checkpoint(tmp_path / "made"), fail)
