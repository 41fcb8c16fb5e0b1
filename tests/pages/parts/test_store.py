"""What the pages offer to segment with."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.checkpoints import copy_checkpoint, read_checkpoint, shipped_names
from core.workspace import SHIPPED_CHECKPOINTS, Workspace
from pages.parts import store


def test_a_checkpoint_made_of_others_stands_behind_the_shipped_ones(
    workspace_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEGSCOPE_WORKSPACE", str(workspace_dir))
    shipped = shipped_names()
    assert list(store.checkpoints()) == shipped
    original = read_checkpoint(SHIPPED_CHECKPOINTS / shipped[0])
    copy_checkpoint(original, Workspace(workspace_dir).made_checkpoint("calmer"), original.card)
    assert list(store.checkpoints()) == [*shipped, "calmer"]
    assert store.checkpoints()["calmer"].id == original.id
