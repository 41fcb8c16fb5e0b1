"""Case and checkpoint to prediction, computed once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.checkpoints import read_checkpoint, write_ensemble
from core.data.load import load_case
from core.inference.device import Compute
from core.inference.options import InferenceOptions
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


def test_options_make_another_prediction_that_is_kept_beside_the_plain_one(
    workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    checkpoint = narrow.checkpoint(tmp_path / "made")
    content = small.cases[CASE].content
    plain = Segmenter(workspace, CPU).segment_stored(small, CASE, checkpoint)
    names = {prediction_folder(workspace, checkpoint, content).name}
    for options, suffix in (
        (InferenceOptions(tta=True), "-tta"),
        (InferenceOptions(mc_dropout=2), "-mc2-seed0"),
        (InferenceOptions(mc_dropout=2, seed=7), "-mc2-seed7"),
    ):
        segmenter = Segmenter(workspace, CPU, options)
        assert segmenter.saved(checkpoint, content) is None
        made = segmenter.segment_stored(small, CASE, checkpoint)
        folder = prediction_folder(workspace, checkpoint, content, options=options)
        assert folder.name.endswith(f"-fp32{suffix}")
        names.add(folder.name)
        kept = segmenter.saved(checkpoint, content)
        assert kept is not None
        assert np.array_equal(kept.probabilities, made.probabilities)
        assert not np.array_equal(kept.probabilities, plain.probabilities)
        assert kept.uncertainty is not None
    assert {path.name for path in workspace.root.glob(f"predictions/{checkpoint.id}/*")} == names


@pytest.mark.parametrize("changes", [{}, {"target": "classes", "class_bits": (0, 1, 3, 7)}], ids=["regions", "classes"])
def test_an_ensemble_predicts_the_mean_of_its_members_each_in_its_plane(
    workspace: Workspace, small: Cohort, tmp_path: Path, changes: dict[str, Any]
) -> None:
    """From the store and from the files; what members predicted before is used again."""
    members = [
        narrow.checkpoint(tmp_path / plane, seed=seed, inference=narrow.spec(plane=plane, **changes))
        for seed, plane in enumerate(("axial", "sagittal"))
    ]
    write_ensemble(tmp_path / "both", "both", members)
    ensemble = read_checkpoint(tmp_path / "both")
    told: list[tuple[int, int]] = []
    segmenter = Segmenter(workspace, CPU)
    joint = segmenter.segment_stored(small, CASE, ensemble, lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1]
    each = [segmenter.saved(member, small.cases[CASE].content) for member in members]
    summed = sum(prediction.probabilities.astype(float) for prediction in each if prediction)
    assert np.array_equal(joint.probabilities, np.floor(summed / 2 + 0.5))
    assert joint.checkpoint_id == ensemble.id
    kept = segmenter.saved(ensemble, small.cases[CASE].content)
    assert kept is not None
    assert kept.uncertainty is not None
    assert (kept.uncertainty.opinions, kept.uncertainty.count) == ("members", 2)
    assert kept.uncertainty.maps[1].max() > 0
    case = small.cases[CASE].case
    fresh = Segmenter(Workspace(tmp_path / "other"), CPU)
    again = fresh.segment_volume(case, load_case(case, None).volume, ensemble)
    assert np.array_equal(again.probabilities, joint.probabilities)


def test_a_stopwatch_adds_up_laps_of_one_name() -> None:
    watch = Stopwatch()
    watch.lap("load")
    first = watch.seconds["load"]
    watch.lap("forward")
    watch.lap("load")
    assert list(watch.seconds) == ["load", "forward"]
    assert watch.seconds["load"] >= first >= 0
