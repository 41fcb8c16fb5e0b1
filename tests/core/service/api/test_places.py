"""A place in the queue, without reading every job each time that somebody asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.jobs import segmentation_queue as queue
from core.service.api import places as module
from core.service.api.places import LOOK_EVERY_S, Places
from core.workspace import Workspace
from tests.core.jobs.studies_to_segment import queued


def test_all_who_ask_within_half_a_second_are_told_from_one_look(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = queued(place, tmp_path), queued(place, tmp_path, 2)
    looked, now_s = [], [0.0]
    look = module.segmentations
    monkeypatch.setattr(module, "segmentations", lambda asked: looked.append(asked) or look(asked))
    places = Places(place, lambda: now_s[0])
    assert [places.of(job.id) for job in (first, second, first)] == [1, 2, 1]
    assert len(looked) == 1
    queue.remove(place, first)
    now_s[0] = LOOK_EVERY_S
    assert places.of(second.id) == 1, "looked again"
    third = queued(place, tmp_path, 3)
    assert places.of(third.id) == 2, "one that was just brought is looked for at once"
    assert len(looked) == 3
    assert places.of(first.id) is None
