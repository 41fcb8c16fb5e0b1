"""The import on Browse without a browser: what each step says, and where it leads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.atomic import write_json
from core.importing import import_folder
from core.jobs.folder import JobFolder, State
from core.jobs.import_roots import VARIABLE
from core.jobs.uploads import owner_of
from core.workspace import PROJECT, CohortCase, Workspace
from pages.parts.case_context import acquisition_table
from pages.parts.importing.findings import by_kind, in_the_app, plain
from tests.cases import case_id, write_cohort

SHELL = PROJECT / "pages" / "shell.py"


@pytest.fixture
def place(workspace_dir: Path, tmp_path: Path) -> Workspace:
    """A workspace with a cohort called `small`."""
    workspace = Workspace(workspace_dir)
    import_folder(workspace, write_cohort(tmp_path / "files" / "small", 1), "small")
    return workspace


def opened(address: str | None = None) -> AppTest:
    """Browse, with an import in its address."""
    app = AppTest.from_file(str(SHELL), default_timeout=60).run().switch_page("browse_volumes.py")
    if address:
        app.query_params["import"] = address
    return app.run()


def words(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.subheader, app.error, app.warning)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def buttons(app: AppTest) -> dict[str, Any]:
    return {button.label: button for button in app.button}


def finding(severity: str, code: str, **said: str) -> dict[str, str]:
    sentence = {"found": "this", "expected": "that", "fix": "do something"}
    return {"severity": severity, "code": code, "case": "", "file": "", "picture": "", **sentence, **said}


def job(place: Workspace, state: State, report: dict[str, Any] | None = None, message: str = "", **asked: str) -> str:
    """A job of the browser without a cookie, which is the one that these tests are."""
    made = JobFolder.create(place, "import", "Checking a folder", {"mode": "check", "owner": owner_of(""), **asked})
    status = made.take()
    status.state, status.message = state, message
    made.write(status)
    if report is not None:
        write_json(made.folder / "report.json", report)
    return made.id


def report(**changes: Any) -> dict[str, Any]:
    found = {"accepted": 2, "layout": "brats", "why": "names end as in BraTS", "scheme": "brats-2023", "cases": 2}
    return {**found, "patients": 2, "modalities": {"t2f": 2}, "references": 1, "findings": [], **changes}


def test_browse_offers_to_import_and_comes_back(place: Workspace) -> None:
    app = opened()
    buttons(app)["Import"].click().run()
    assert not app.exception
    assert app.query_params["import"] in ("new", ["new"])
    assert "**From this computer**" in words(app)
    assert "Nothing is imported before you have seen what was found in it." in words(app)
    buttons(app)["Back to Browse"].click().run()
    assert f"**{case_id(1)}**" in words(app)


def test_folders_of_the_server_are_offered_only_where_they_are_allowed(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No folder of the server is open for imports." in words(opened("new"))
    monkeypatch.setenv(VARIABLE, str(tmp_path / "files"))
    app = opened("new")
    assert "1 folder and 0 files in it." in words(app)
    app.selectbox[0].select("small").run()
    assert "`files` :gray[/] `small`" in words(app)
    assert "Check this folder" in buttons(app)


def test_a_check_shows_what_was_taken_what_was_found_and_what_may_be_chosen(place: Workspace) -> None:
    errors = [finding("error", "missing_modality", case=f"case-{n}", found="only t1*") for n in range(5)]
    app = opened(job(place, "done", report(findings=[finding("note", "crowd"), *errors]), folder="/x"))
    assert not app.exception
    said = words(app)
    assert "**2 cases can be used**, :red[5 cannot and would be left out]" in said
    assert "FLAIR × 2 · reference mask × 1" in said
    assert "names end as in BraTS" in said
    assert r"only t1\*" in said
    assert "2 more cases of this: missing modality" in [each.label for each in app.expander]
    assert not buttons(app)["Import"].disabled
    assert [each.label for each in app.checkbox] == []
    app.selectbox[1].select("brats-2021").run()
    assert "Check again with this" in buttons(app)
    assert "Import" not in buttons(app)


def test_a_check_without_a_usable_case_cannot_be_imported(place: Workspace) -> None:
    nothing = report(accepted=0, cases=0, patients=0, modalities={}, references=0, layout=None, why="", scheme=None)
    app = opened(job(place, "done", nothing | {"findings": [finding("error", "layout")]}, folder="/x"))
    assert "**Nothing here could be read as a case**" in words(app)
    assert buttons(app)["Import"].disabled


def test_a_proposal_can_be_taken(place: Workspace) -> None:
    app = opened(job(place, "done", report(accepted=0, findings=[finding("error", "proposed_layout")]), folder="/x"))
    assert "Take the proposal" in buttons(app)


@pytest.mark.parametrize("code", ["grid_mismatch", "skull_not_stripped"])
def test_bringing_onto_one_grid_is_offered_where_it_helps(place: Workspace, code: str) -> None:
    app = opened(job(place, "done", report(findings=[finding("error", code)]), folder="/x"))
    offered = ["Resample onto one grid", "Align the sequences", "Voxels of 1 mm", "Keep the brain only"]
    assert [each.label for each in app.checkbox] == offered
    assert not any(each.value for each in app.checkbox)
    app.checkbox[0].check().run()
    assert "Check again with this" in buttons(app)


def test_a_name_that_is_taken_is_refused_in_a_sentence(place: Workspace) -> None:
    app = opened(job(place, "done", report(), folder="/x"))
    app.text_input[0].input("small").run()
    buttons(app)["Import"].click().run()
    assert "there is a cohort called small already; choose another name" in words(app)


def test_a_failure_is_a_sentence_with_a_way_on(place: Workspace) -> None:
    checked = job(place, "done", report(), folder="/x")
    app = opened(job(place, "failed", message="it was killed.", mode="import", cohort="new", check=checked))
    assert "The import of new failed: it was killed. Nothing was imported." in words(app)
    buttons(app)["Back to what was found"].click().run()
    assert "**2 cases can be used**" in words(app)


def test_what_was_imported_is_opened(place: Workspace) -> None:
    numbers = {"cases": {"accepted": 1, "refused": []}, "patients": 1, "volumes": 4, "slices": 12, "air_share": 0.5}
    done = {"cohort": "small", "layout": "brats", "scheme": "brats-2023", "findings": [], **numbers}
    app = opened(job(place, "done", done, mode="import", cohort="small"))
    assert "1 patient → 1 case → 4 volumes → 12 slices" in words(app)
    buttons(app)["Open in Browse"].click().run()
    assert f"**{case_id(1)}**" in words(app)


@pytest.mark.parametrize("name", ["import-1-abcdef", "../jobs", "segment-1-abcdef"])
def test_an_import_that_is_gone_is_said_and_a_new_one_offered(place: Workspace, name: str) -> None:
    app = opened(name)
    assert not app.exception
    assert len(app.warning) == 1
    assert "**From this computer**" in words(app)


def test_findings_of_one_kind_stand_together_the_worst_first_those_with_a_picture_first() -> None:
    said = [
        finding("note", "a"),
        finding("warning", "b", case="1"),
        finding("error", "c"),
        finding("warning", "b", case="2", picture="000.png"),
    ]
    assert [[each["code"] + each["case"] for each in kind] for kind in by_kind(said)] == [["c"], ["b2", "b1"], ["a"]]


def test_names_cannot_be_markdown_and_options_are_called_as_the_page_calls_them() -> None:
    assert plain("a_b*[x](http://y)") == r"a\_b\*\[x\]\(http\://y\)"
    assert in_the_app("name it with --scheme brats-2021 or binary") == (
        "name it under What the labels mean: brats-2021 or binary"
    )
    assert in_the_app("take the proposal with --layout proposed, or rename") == (
        "take the proposal under Layout: proposed, or rename"
    )
    assert in_the_app("say it with --scheme, or leave it") == "say it under What the labels mean, or leave it"


def test_browse_says_what_was_done_to_a_case_on_its_way_in(place: Workspace) -> None:
    cohort = place.cohort("small")
    entry = cohort.cases[case_id(1)]
    steps = [{"name": "register", "series": "t2f", "sentence": "t2f moved by 3.1 mm.", "numbers": {}}]
    told = CohortCase(entry.case, {**entry.facts, "harmonised": {"steps": steps}})
    place.write_cohort(replace(cohort, cases={case_id(1): told}))
    app = opened()
    assert not app.exception
    assert "Brought onto one grid in 1 step" in [each.label for each in app.expander]
    assert "1. t2f moved by 3.1 mm." in words(app)


def test_acquisition_has_a_row_per_fact_and_a_column_per_sequence(place: Workspace) -> None:
    cohort = place.cohort("small")
    entry = cohort.cases[case_id(1)]
    context = {"t2f": {"EchoTime": 120.0, "ScannerName": "A", "KVP": 90}, "t1n": {"ScannerName": "A"}}
    told = replace(cohort, cases={case_id(1): CohortCase(entry.case, {**entry.facts, "context": context})})
    table = acquisition_table(told, case_id(1))
    assert table.to_dict() == {
        "FLAIR": {"Echo time, ms": "120", "Scanner name": "A", "KVP, kV": "90"},
        "T1": {"Echo time, ms": "", "Scanner name": "A", "KVP, kV": ""},
    }
    assert acquisition_table(cohort, case_id(1)).empty
