"""A run whose encoder starts from another run's remembers whose scans that one saw."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file

from core.checkpoints import read_checkpoint, write_checkpoint
from tests import narrow
from tests.core.training.conftest import Start, Train

NET = {"name": "unet", "arguments": narrow.ARGUMENTS}


def test_what_the_first_run_saw_stays_in_the_seconds_card_through_a_resume(start: Start, train: Train) -> None:
    first = start(train={"max_steps": 2})
    train(first)
    donor = read_checkpoint(first.pointed("last") or pytest.fail("no checkpoint"))
    # as if the first run had been trained on another cohort too
    seen = {**donor.card.training_content, "elsewhere": ["f" * 64]}
    write_checkpoint(
        first.folder / "step-9",
        load_file(donor.folder / "weights.safetensors"),
        donor.card.model_copy(update={"training_content": seen}),
        {},
    )
    second = start(
        model={**NET, "encoder_weights": str(first.folder / "step-9")}, train={"max_steps": 4}, optim={"lr": 1e-9}
    )

    def stop(event: dict[str, object]) -> None:
        if event.get("event") == "step" and event["step"] == 2:
            second.request("stop")

    train(second, stop)
    before = read_checkpoint(second.pointed("last") or pytest.fail("no checkpoint")).card
    train(second)
    checkpoint = read_checkpoint(second.pointed("last") or pytest.fail("no checkpoint"))
    for card in (before, checkpoint.card):
        assert card.training_content["elsewhere"] == ["f" * 64]
        assert set(donor.card.training_content) <= set(card.training_content)
        assert card.encoder_weights is not None
        assert str(card.encoder_weights["source"]).startswith(f"run {first.name}, 2 steps, checkpoint ")
        assert str(first.folder) not in card.model_dump_json()
    # at a rate of nearly nothing the encoder is still the first run's
    theirs, ours = (load_file(folder / "weights.safetensors") for folder in (donor.folder, checkpoint.folder))
    name = "net.encoder.0.0.weight"
    assert torch.allclose(theirs[name], ours[name], atol=1e-6)


def test_a_run_is_named_by_its_name(start: Start, train: Train) -> None:
    first = start(train={"max_steps": 2})
    train(first)
    second = start(model={**NET, "encoder_weights": f"run:{first.name}"}, train={"max_steps": 1})
    train(second)
    card = read_checkpoint(second.pointed("last") or pytest.fail("no checkpoint")).card
    assert card.recipe["model"]["encoder_weights"].startswith(f"run {first.name}, ")
