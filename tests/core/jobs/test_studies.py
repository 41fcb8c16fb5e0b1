"""A study's runs are queued once, taken up again where they ended, and end in one page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from core.cli import main
from core.jobs.studies import StudyFolder, StudyRefusedError, queue_study
from core.recipe.study import Study, load_study
from core.training.runs.run_folder import RunFolder
from core.workspace import Cohort, Workspace
from tests import narrow


def study_file(folder: Path, **fields: Any) -> Path:
    narrow.recipe_file(folder / "narrow.yaml")
    document = {
        "name": "rates",
        "question": "Does a high learning rate learn faster?",
        "recipes": [str(folder / "narrow.yaml")],
        "changes": [{"title": "slow", "set": {"optim.lr": 1e-4}}, {"title": "fast", "set": {"optim.lr": 2e-2}}],
        **fields,
    }
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return load_study(str(study_file(tmp_path)))


@pytest.fixture
def _nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs wait for ever: what is tested is which there are."""
    monkeypatch.setattr("core.jobs.studies.enqueue", lambda _workspace, _run, _device: None)
    monkeypatch.setattr("core.jobs.studies.advance", lambda _workspace: None)


@pytest.mark.usefixtures("_nothing_starts", "small")
def test_the_same_study_asked_twice_makes_its_runs_once(workspace: Workspace, study: Study) -> None:
    first = queue_study(workspace, study, "small", "default", "cpu")
    assert [run.variant for run in first] == ["slow", "fast"]
    assert [RunFolder(workspace.runs / run.run).recipe.optim.lr for run in first] == [1e-4, 2e-2]
    assert queue_study(workspace, study, "small", "default", "cpu") == first
    assert workspace.run_names() == [run.run for run in first]


@pytest.mark.usefixtures("_nothing_starts", "small")
def test_a_run_that_was_deleted_is_made_again(workspace: Workspace, study: Study) -> None:
    slow, fast = queue_study(workspace, study, "small", "default", "cpu")
    (workspace.runs / fast.run / "recipe.yaml").unlink()
    again = queue_study(workspace, study, "small", "default", "cpu")
    assert again[0] == slow
    assert again[1].variant == "fast"
    assert again[1].run in workspace.run_names()


@pytest.mark.usefixtures("_nothing_starts", "small")
def test_another_study_under_the_same_name_is_refused(workspace: Workspace, study: Study, tmp_path: Path) -> None:
    queue_study(workspace, study, "small", "default", "cpu")
    other = load_study(str(study_file(tmp_path, seeds=[3])))
    with pytest.raises(StudyRefusedError, match="begun with another study"):
        queue_study(workspace, other, "small", "default", "cpu")
    assert len(StudyFolder(workspace, "rates").runs()) == 2


@pytest.mark.usefixtures("small")
def test_a_fold_that_the_split_lacks_is_named(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(StudyRefusedError, match="wants fold 4; split default has 1"):
        queue_study(workspace, load_study(str(study_file(tmp_path, folds=[4]))), "small", "default", "cpu")


@pytest.mark.slow
def test_a_study_of_two_runs_makes_its_page(
    workspace: Workspace,
    small: Cohort,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SEGSCOPE_WORKSPACE", str(workspace.root))
    page = tmp_path / "docs" / "rates.md"
    asked = ["study", str(study_file(tmp_path)), "--cohort", small.name, "--device", "cpu", "--page", str(page)]
    assert main(asked) == 0, capsys.readouterr().err
    said = page.read_text()
    assert "Does a high learning rate learn faster?" in said
    for variant in ("slow", "fast"):
        assert f"| WT | {variant} | 0." in said
        assert f"| {variant} | narrow-000" in said
    assert said.endswith("](rates.svg)\n")
    drawn = page.with_suffix(".svg").read_text()
    assert ">slow</text>" in drawn
    assert ">fast</text>" in drawn
    assert [RunFolder(workspace.runs / name).status.state for name in workspace.run_names()] == ["done", "done"]
    # asked again, nothing is trained again
    before = {name: RunFolder(workspace.runs / name).status.heartbeat for name in workspace.run_names()}
    assert main(asked) == 0
    assert {name: RunFolder(workspace.runs / name).status.heartbeat for name in workspace.run_names()} == before
