"""Case and checkpoint to prediction, computed once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.data.load import load_case
from core.inference.device import Compute
from core.inference.prediction import Prediction
from core.inference.segment import NotSegmentableError, Segmenter, Stopwatch, prediction_folder
from core.workspace import Cohort, Workspace
from tests import narrow
from tests.cases import case_id

CPU = Compute("cpu", bf16=False, channels_last=False)
CASE = case_id(1)


def test_from_the_store_and_from_the_files_the_prediction_is_the_same(
    workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    """In a plane that the store has and in one that it has not."""
    case = small.cases[CASE].case
    for plane in ("axial", "sagittal"):
        checkpoint = narrow.checkpoint(tmp_path / plane, inference=narrow.spec(plane=plane))
        segmenter = Segmenter(workspace, CPU)
        stored = segmenter.segment_stored(small, CASE, checkpoint)
        fresh = Segmenter(workspace, CPU).segment_volume(case, load_case(case, None).volume, checkpoint)
        assert np.array_equal(stored.probabilities, fresh.probabilities)
        assert stored.box == fresh.box
        assert 0 < np.count_nonzero(stored.mask()) < stored.mask().size


def test_what_was_computed_is_kept_under_checkpoint_voxels_and_precision(
    workspace: Workspace, small: Cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = narrow.checkpoint(tmp_path / "made")
    content = small.cases[CASE].content
    segmenter = Segmenter(workspace, CPU)
    assert segmenter.saved(checkpoint, content) is None
    first = segmenter.segment_stored(small, CASE, checkpoint)
    folder = prediction_folder(workspace, checkpoint, content)
    assert folder.parent.name == checkpoint.id
    assert np.array_equal(Prediction.load(folder).probabilities, first.probabilities)
    assert Segmenter(workspace, Compute("cpu", True, True)).saved(checkpoint, content) is None, "bf16 is another one"
    assert segmenter.saved(narrow.checkpoint(tmp_path / "other", seed=1), content) is None
    monkeypatch.setattr(Segmenter, "predictor", lambda *_args: pytest.fail("computed twice"))
    assert np.array_equal(segmenter.segment_stored(small, CASE, checkpoint).probabilities, first.probabilities)


def test_the_name_of_a_case_does_not_matter_its_voxels_do(workspace: Workspace, small: Cohort, tmp_path: Path) -> None:
    checkpoint = narrow.checkpoint(tmp_path / "made")
    content = small.cases[CASE].content
    renamed = dict(content)
    assert prediction_folder(workspace, checkpoint, content) == prediction_folder(workspace, checkpoint, renamed)
    renamed["t2f"] = "other voxels"
    assert prediction_folder(workspace, checkpoint, content) != prediction_folder(workspace, checkpoint, renamed)


def test_only_the_modalities_a_checkpoint_reads_count(workspace: Workspace, small: Cohort, tmp_path: Path) -> None:
    checkpoint = narrow.checkpoint(tmp_path / "made", inference=narrow.spec(modalities=("t2f", "t1c")))
    content = dict(small.cases[CASE].content)
    before = prediction_folder(workspace, checkpoint, content)
    del content["t1n"]
    assert prediction_folder(workspace, checkpoint, content) == before


def test_a_model_is_loaded_once(workspace: Workspace, tmp_path: Path) -> None:
    checkpoint = narrow.checkpoint(tmp_path / "made")
    segmenter = Segmenter(workspace, CPU)
    assert segmenter.predictor(checkpoint) is segmenter.predictor(checkpoint)


def test_a_case_without_a_modality_that_the_checkpoint_reads_is_refused_by_name(
    workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    checkpoint = narrow.checkpoint(tmp_path / "made", inference=narrow.spec(modalities=("t2f", "dwi")))
    with pytest.raises(NotSegmentableError) as refused:
        Segmenter(workspace, CPU).segment_stored(small, CASE, checkpoint)
    assert str(refused.value) == (
        f"{CASE} has t1n, t1c, t2w, t2f; the checkpoint also reads dwi: "
        "add the sequence or choose a checkpoint that does without"
    )


def test_a_stopwatch_adds_up_laps_of_one_name() -> None:
    watch = Stopwatch()
    watch.lap("load")
    first = watch.seconds["load"]
    watch.lap("forward")
    watch.lap("load")
    assert list(watch.seconds) == ["load", "forward"]
    assert watch.seconds["load"] >= first >= 0
