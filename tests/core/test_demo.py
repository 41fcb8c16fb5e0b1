"""The demo: a phantom, what the shipped models make of it, and nothing done twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import core.checkpoints
import core.demo
from core.data.phantom.cohort import patient_traits
from core.data.phantom.traits import PhantomTraits
from core.demo import make_demo, run_demo
from core.evaluation.saved import saved_scores
from core.jobs.folder import recent_jobs
from core.workspace import Workspace
from tests import narrow


@pytest.fixture(autouse=True)
def _small_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Phantoms of 3 mm, and two narrow nets as the checkpoints that ship."""

    def coarse(count: int) -> list[PhantomTraits]:
        return [replace(patient_traits(seed), spacing_mm=(3.0, 3.0, 3.0)) for seed in range(1, count + 1)]

    for seed, name in enumerate(("alpha", "beta")):
        narrow.checkpoint(tmp_path / "shipped" / name, seed=seed)
    monkeypatch.setattr(core.demo, "cohort_traits", coarse)
    for module in (core.demo, core.checkpoints):
        monkeypatch.setattr(module, "SHIPPED_CHECKPOINTS", tmp_path / "shipped")


@pytest.mark.slow
def test_the_first_phantom_is_there_with_every_models_prediction_and_scores(workspace: Workspace) -> None:
    told: list[str] = []
    report = run_demo(workspace, lambda label, _done, _total: told.append(label), count=1)
    assert report == {"cohort": "phantoms", "cases": 1, "models": ["alpha", "beta"]}
    cohort = workspace.cohort("phantoms")
    assert cohort.public
    (case,) = cohort.cases
    assert told[0] == "first phantom"
    assert told[-1] == f"Narrow on {case}"
    for name in ("alpha", "beta"):
        scores = saved_scores(workspace, cohort, case, core.checkpoints.resolve_checkpoint(workspace, name))
        assert scores is not None
        assert 0 <= float(scores["WT"]["dice"] or 0) <= 1
    ((_, status),) = recent_jobs(workspace)
    assert (status.kind, status.state) == ("demo", "done")


def test_a_demo_that_fails_says_so_in_its_job(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_kwargs: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(core.demo, "import_folder", broken)
    with pytest.raises(OSError, match="the disk is full"):
        run_demo(workspace, lambda *_args: None, count=1)
    ((_, status),) = recent_jobs(workspace)
    assert (status.state, status.message) == ("failed", "the disk is full")


@pytest.mark.slow
def test_what_is_there_is_not_made_again_and_what_is_missing_is(workspace: Workspace) -> None:
    make_demo(workspace, lambda *_args: None, count=1)
    first = next((workspace.root / "demo").rglob("*-t1c.nii.gz"))
    before = first.stat().st_mtime_ns
    assert make_demo(workspace, lambda *_args: None, count=2)["cases"] == 2
    assert first.stat().st_mtime_ns == before
    again: list[str] = []
    make_demo(workspace, lambda label, _done, _total: again.append(label), count=2)
    assert "phantoms" not in again
