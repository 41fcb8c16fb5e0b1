"""Each page runs without a browser, on a small cohort and on an empty workspace, and shows what it is about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.importing import import_folder
from core.workspace import PROJECT, Workspace
from tests.cases import case_id, write_case, write_cohort

SHELL = PROJECT / "pages" / "shell.py"


@pytest.fixture
def small(workspace_dir: Path, tmp_path: Path) -> Workspace:
    """A workspace with three good cases and one that was refused."""
    folder = write_cohort(tmp_path / "files" / "small", 3)
    write_case(folder, case_id(4), 4, suffix=".nii", without=["t2f"])
    workspace = Workspace(workspace_dir)
    import_folder(workspace, folder, "small")
    return workspace


def opened(page: str | None = None) -> AppTest:
    """The app on one page, as a visitor finds it."""
    app = AppTest.from_file(str(SHELL), default_timeout=60).run()
    return app.switch_page(page).run() if page else app


def words(app: AppTest) -> str:
    """Everything that stands on the page as text."""
    return "\n".join(str(element.value) for kind in (app.markdown, app.caption, app.subheader) for element in kind)


def test_overview_names_the_cohort_and_counts_its_patients(small: Workspace) -> None:
    app = opened()
    assert not app.exception
    assert "**small**" in words(app)
    assert "3 patients · 4 sequences · 1 voxel size · labels brats-2023 · 1 refused" in words(app)


def test_overview_says_under_which_licence_the_data_are(small: Workspace) -> None:
    small.write_cohort(replace(small.cohort("small"), licence="CC BY 4.0, [somebody]"))
    assert r"labels brats-2023 · licence CC BY 4\.0, \[somebody\] · 1 refused" in words(opened())


def test_browse_shows_the_first_case_its_volumes_and_why_another_was_refused(small: Workspace) -> None:
    app = opened("browse_volumes.py")
    assert not app.exception
    assert f"**{case_id(1)}**" in words(app)
    assert f"**{case_id(4)}**: found only t1n, t1c, t2w, seg; expected t2f as well." in words(app)
    whole = small.cohort("small").cases[case_id(1)].facts["volumes_ml"]["WT"]
    assert f"{whole:.1f} ml" in str(app.table[0].value)


def test_browse_finds_a_case_by_a_part_of_its_name(small: Workspace) -> None:
    app = opened("browse_volumes.py")
    app.text_input[0].input("00002").run()
    assert list(app.dataframe[0].value["case"]) == [case_id(2)]


def test_browse_says_nothing_matches_instead_of_failing(small: Workspace) -> None:
    app = opened("browse_volumes.py")
    app.text_input[0].input("no such case").run()
    assert not app.exception
    assert app.dataframe[0].value.empty


def test_compare_offers_every_case_and_shows_the_reference_volumes(small: Workspace) -> None:
    app = opened("compare_models.py")
    assert not app.exception
    assert app.selectbox[1].options == [case_id(n) for n in (1, 2, 3)]
    whole = small.cohort("small").cases[case_id(1)].facts["volumes_ml"]["WT"]
    assert f"{whole:.1f}" in str(app.table[0].value["WT"]["Ground truth"])


def test_compare_offers_to_segment_with_shipped_models_that_have_not(small: Workspace) -> None:
    app = opened("compare_models.py")
    assert "Segment this case" in [button.label for button in app.button]
    assert "not segmented yet" in words(app)


@pytest.mark.parametrize("page", [None, "browse_volumes.py", "compare_models.py", "train_models.py"])
def test_an_empty_workspace_says_what_comes_next(workspace_dir: Path, page: str | None) -> None:
    app = opened(page)
    assert not app.exception
    assert "Nothing to look at yet" in words(app)
    assert "Make the demo" in [button.label for button in app.button]


@pytest.mark.parametrize("page", [None, "browse_volumes.py", "compare_models.py"])
def test_files_that_are_gone_are_said_in_a_sentence(small: Workspace, tmp_path: Path, page: str | None) -> None:
    for file in (tmp_path / "files" / "small" / case_id(1)).iterdir():
        file.unlink()
    app = opened(page)
    assert not app.exception
    assert any("cannot be opened" in error.value for error in app.error)
