"""A checkpoint's card keeps what its training cases have in common."""

from __future__ import annotations

from typing import Any

from core.checkpoints import read_checkpoint
from core.data.load import load_case
from core.measuring.familiarity import familiarity_of_volume
from core.training.runs.run_folder import RunFolder
from core.workspace import Cohort
from tests.core.training.conftest import Start, Train


def kept(run: RunFolder) -> dict[str, Any]:
    last = run.pointed("last")
    assert last
    fingerprint = read_checkpoint(last).card.fingerprint
    assert fingerprint
    return fingerprint


def test_a_run_keeps_it_and_one_that_was_paused_keeps_the_same(start: Start, train: Train, small: Cohort) -> None:
    straight, paused = start(), start()
    train(straight)
    train(paused, lambda event: paused.request("pause") if event.get("step") == 3 else None)
    before = kept(paused)
    train(paused)
    assert kept(straight) == before == kept(paused)
    assert before["cases"] == len(straight.split["train"])


def test_a_run_knows_its_own_cases(start: Start, train: Train, small: Cohort) -> None:
    run = start()
    train(run)
    last = run.pointed("last")
    assert last
    checkpoint = read_checkpoint(last)
    for case_id in run.split["train"]:
        volume = load_case(small.cases[case_id].case, None).volume
        familiarity = familiarity_of_volume(checkpoint, volume)
        assert familiarity
        assert not familiarity.unfamiliar, familiarity.reasons
