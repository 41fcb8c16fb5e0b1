"""Browse with more cases than a page holds: search, order, turn pages, choose, with and without a mouse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from streamlit.testing.v1 import AppTest

from core.atomic import read_json, write_json
from core.importing import import_folder
from core.workspace import PROJECT, Workspace
from tests.cases import case_id, write_cohort
from tests.pages.serving import serving_app

if TYPE_CHECKING:
    from playwright.sync_api import Page

COUNT = 120


def many(workspace: Workspace, files: Path, count: int = COUNT) -> None:
    """Import two made-up patients and register them `count` times in turn, the later ones with larger tumours."""
    import_folder(workspace, write_cohort(files, 2), "two")
    document = read_json(workspace.cohort_folder("two") / "cohort.json")
    linked = workspace.stored_cohort("many")
    linked.mkdir(parents=True)
    cases = []
    for number in range(1, count + 1):
        original = document["cases"][number % 2]
        name = case_id(number)
        (linked / name).symlink_to(workspace.store_folder("two", original["case_id"]))
        names = {"case_id": name, "patient_id": name[:-4], "group_id": name[:-4]}
        cases.append(original | names | {"facts": original["facts"] | {"volumes_ml": {"WT": number, "TC": 0, "ET": 0}}})
    finding = {"severity": "note", "code": "thick_slices", "case": case_id(77), "file": "x", "found": "6.5 mm"}
    document |= {"name": "many", "cases": cases, "findings": [finding | {"expected": "thinner", "fix": "none"}]}
    write_json(workspace.cohort_folder("many") / "cohort.json", document)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browse")
    many(Workspace(folder / "workspace"), folder / "files" / "two")
    return folder / "workspace"


@pytest.fixture
def browse(root: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("SEGSCOPE_WORKSPACE", str(root))
    return opened()


def opened(page: str = "browse_volumes.py", **address: str) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "pages" / "shell.py"), default_timeout=60)
    for name, value in {"cohort": "many", **address}.items():
        app.query_params[name] = value
    app = app.run().switch_page(page).run()
    assert not app.exception
    return app


def button(app: AppTest, label: str) -> Any:
    return next(each for each in app.button if each.label == label)


def box(app: AppTest, label: str) -> Any:
    return next(each for each in app.selectbox if each.label == label)


def shown(app: AppTest) -> list[str]:
    return list(app.dataframe[0].value["case"])


def words(app: AppTest) -> str:
    return "\n".join(str(each.value) for kind in (app.caption, app.markdown) for each in kind)


def test_a_page_holds_fifty_and_the_case_that_is_looked_at_stays(browse: AppTest) -> None:
    assert f"**{case_id(1)}**" in words(browse)
    assert shown(browse) == [case_id(n) for n in range(1, 51)]
    assert "1–50 of 120" in words(browse)
    assert button(browse, "Previous").disabled
    assert browse.dataframe[0].value["picture"].str.startswith("data:image/jpeg").all()
    button(browse, "Next").click().run()
    button(browse, "Next").click().run()
    assert shown(browse) == [case_id(n) for n in range(101, 121)]
    assert "101–120 of 120" in words(browse)
    assert button(browse, "Next").disabled
    assert f"**{case_id(1)}**" in words(browse)
    button(browse, "Previous").click().run()
    assert "51–100 of 120" in words(browse)


def test_searching_and_sorting_begin_at_the_first_page(browse: AppTest) -> None:
    button(browse, "Next").click().run()
    box(browse, "Order").select("largest").run()
    assert shown(browse)[:2] == [case_id(120), case_id(119)]
    browse.text_input[0].input("thick").run()
    assert shown(browse) == [case_id(77)]
    assert "1–1 of 1" in words(browse)
    browse.text_input[0].input("nothing like it").run()
    assert not browse.exception
    assert "No case matches." in words(browse)


def test_an_address_opens_the_page_that_holds_its_case(browse: AppTest) -> None:
    app = opened(case=case_id(77))
    assert "51–100 of 120" in words(app)
    assert case_id(77) in shown(app)
    assert f"**{case_id(77)}**" in words(app)


def test_only_the_pictures_of_a_page_are_made(browse: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("pages.parts.cohort_table.thumbnail", lambda _cohort, case: asked.append(case))
    button(browse, "Next").click().run()
    assert asked == [case_id(n) for n in range(51, 101)]


def test_compare_offers_the_cases_around_and_finds_others_by_a_part_of_their_id(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEGSCOPE_WORKSPACE", str(root))
    monkeypatch.setattr("pages.parts.pickers.MOST_CASES", 20)
    app = opened("compare_models.py", case=case_id(60))
    assert box(app, "Case").options == [case_id(n) for n in range(50, 70)]
    assert "20 of 120 cases" in box(app, "Case").help
    app.session_state["case"] = case_id(120)
    app.run()
    assert box(app, "Case").options == [case_id(n) for n in range(101, 121)]


@pytest.fixture(scope="module")
def address(root: Path) -> Iterator[str]:
    with serving_app(Workspace(root)) as served:
        yield served.address


@pytest.mark.slow
def test_a_case_is_found_and_chosen_with_the_keyboard_alone(address: str, page: Page) -> None:
    page.goto(f"{address}/browse?cohort=many")
    page.get_by_text("1–50 of 120").wait_for(timeout=60_000)
    # order: the largest tumour first
    page.get_by_role("combobox", name="Order").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.type("largest")
    page.keyboard.press("Enter")
    # the table is a canvas; what it shows stands inside it for screen readers
    page.locator("canvas td", has_text=case_id(120)).wait_for(state="attached")
    # the next page, by Tab and Enter
    page.get_by_role("button", name="Next", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_text("51–100 of 120").wait_for()
    # 70 to 21 are there; the third of them
    choose_row(page, 3)
    look_at(page, case_id(68))
    # it stays when a search hides it, and the found one can be chosen
    page.get_by_role("textbox", name="Search").focus()
    page.keyboard.type("thick slices")
    page.keyboard.press("Enter")
    page.get_by_text("1–1 of 1").wait_for()
    look_at(page, case_id(68))
    choose_row(page, 1)
    look_at(page, case_id(77))


def choose_row(page: Page, number: int) -> None:
    """Go down to a row of the table with the arrow keys and choose it."""
    page.get_by_test_id("data-grid-canvas").focus()
    page.keyboard.press("Control+Home")
    for _ in range(number - 1):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+Space")


def look_at(page: Page, case: str) -> None:
    """Wait until the viewer shows a case, and the address names it."""
    page.get_by_test_id("segscope-viewer").get_by_text(case).first.wait_for(timeout=30_000)
    page.wait_for_url(f"**case={case}*", timeout=30_000)
