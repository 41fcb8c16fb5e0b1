"""A run learns the same whoever loads its slices, resized, with neighbours and in several batches a step."""

from __future__ import annotations

import pytest

from tests.core.training.conftest import Start, Train

DATA = {"input_size": 32, "neighbours": 1, "class_balance": True, "tumour_free_share": 0.3}


@pytest.mark.slow
def test_the_weights_are_the_same_bytes_with_and_without_loader_processes(start: Start, train: Train) -> None:
    found = []
    for workers in (0, 2):
        run = start(data=DATA, augment={"preset": "strong"}, train={"workers": workers, "accumulate": 2})
        train(run)
        last = run.pointed("last")
        assert last is not None
        found.append((last / "weights.safetensors").read_bytes())
    assert found[0] == found[1]
