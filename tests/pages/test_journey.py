"""One visitor's way through the app in a real browser: look, browse, train, come back, compare."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil
import pytest

from core.checkpoints import shipped_names
from core.data.phantom import cohort_traits, write_cohort
from core.demo import COHORT, make_demo
from core.importing import ImportChoices, import_folder
from core.training.runs.run_folder import RunFolder
from core.workspace import PROJECT, Workspace
from tests.pages.serving import serving_app

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PHANTOMS = 4
STEPS = 12
PATIENCE = 480  # quarters of a second
HEAVY = re.compile(r"libtorch|/torchvision/|/timm/|/cv2/|/albumentations/|/monai/|segmentation_models_pytorch")
PICTURES = PROJECT / "tests" / "output"

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True, slots=True)
class App:
    """A running app."""

    address: str
    pid: int
    workspace: Workspace


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app on four phantoms, the first of them segmented by every shipped model."""
    workspace = Workspace(tmp_path_factory.mktemp("journey") / "workspace")
    make_demo(workspace, lambda _label, _done, _total: None, count=1)
    folder = workspace.root / "demo" / COHORT
    write_cohort(folder, cohort_traits(PHANTOMS)[1:])
    import_folder(workspace, folder, COHORT, ImportChoices(public=True))
    with serving_app(workspace) as served:
        yield App(served.address, served.pid, workspace)


def viewer(page: Page) -> Locator:
    """The page's viewer, with every volume in place."""
    root = page.get_by_test_id("segscope-viewer")
    root.wait_for(timeout=60_000)
    page.wait_for_function("element => element.dataset.ready === 'true'", arg=root.element_handle(), timeout=60_000)
    return root


def slice_of(root: Locator) -> int:
    return int(str(root.evaluate("element => element.dataset.slice")))


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")


STEP = r"/step (\d+) of/"


def step_on_page(page: Page) -> int:
    """The last step that the page shows of the watched run."""
    return int(page.evaluate(f"() => Number((document.body.innerText.match({STEP}) ?? [0, 0])[1])"))


def wait_for_step(page: Page, at_least: int) -> None:
    page.wait_for_function(
        f"least => Number((document.body.innerText.match({STEP}) ?? [0, 0])[1]) >= least",
        arg=at_least,
        timeout=240_000,
    )


def test_the_way_of_a_first_visitor(app: App, page: Page) -> None:
    look_around(app, page)
    scroll_a_phantom(page)
    run = start_a_training(app, page)
    come_back_to_it(app, page, run)
    compare_two_models(app, page, run)


def look_around(app: App, page: Page) -> None:
    page.goto(app.address)
    assert viewer(page).locator(".panel").count() == 3
    page.get_by_text(f"{PHANTOMS} patients").first.wait_for()
    picture(page, "overview")


def scroll_a_phantom(page: Page) -> None:
    page.get_by_role("link", name="Browse", exact=True).click()
    page.get_by_placeholder(re.compile("Search")).wait_for()
    browse = viewer(page)
    before = slice_of(browse)
    box = browse.locator(".panel").first.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for _ in range(20):
        page.mouse.wheel(0, 100)
        page.wait_for_timeout(15)
    page.wait_for_function(
        "([element, from]) => Math.abs(Number(element.dataset.slice) - from) === 20",
        arg=[browse.element_handle(), before],
    )
    picture(page, "browse")


def start_a_training(app: App, page: Page) -> str:
    page.get_by_role("link", name="Train", exact=True).click()
    page.get_by_role("button", name="Make the 70/15/15 split").click()
    page.get_by_text("split leaks nothing").first.wait_for()
    steps = page.get_by_label("Length", exact=True)
    steps.fill(str(STEPS))
    steps.press("Enter")
    page.get_by_text(f": {STEPS} steps are").wait_for()
    page.get_by_role("button", name="Start training").click()
    wait_for_step(page, at_least=1)
    picture(page, "train-running")
    return app.workspace.run_names()[0]


def come_back_to_it(app: App, page: Page, run: str) -> None:
    before = step_on_page(page)
    page.reload()
    wait_for_step(page, at_least=min(STEPS, before + 1))
    wait_for_step(page, at_least=STEPS)
    for _ in range(PATIENCE):  # it validates and saves after the last step
        if RunFolder(app.workspace.runs / run).status.state == "done":
            break
        page.wait_for_timeout(250)
    assert RunFolder(app.workspace.runs / run).status.state == "done"
    page.get_by_text("done").first.wait_for()
    picture(page, "train-done")


def compare_two_models(app: App, page: Page, run: str) -> None:
    page.goto(f"{app.address}/compare?models={shipped_names()[0]},{run}")
    page.get_by_role("button", name="Segment this case").click()
    # original, truth, two models, errors
    page.get_by_test_id("segscope-viewer").locator(".panel").nth(4).wait_for(timeout=240_000)
    titles = " ".join(viewer(page).locator(".panel").all_inner_texts())
    assert "Original" in titles
    assert "Ground truth" in titles
    assert run in titles
    picture(page, "compare")


def test_three_shipped_models_are_beside_the_truth_on_the_first_phantom(app: App, page: Page) -> None:
    page.goto(f"{app.address}/compare?models={','.join(shipped_names())}")
    compare = viewer(page)
    assert len(shipped_names()) == 3
    assert compare.locator(".panel").count() == 6  # original, truth, three models, errors
    picture(page, "compare-shipped")


@pytest.mark.parametrize(
    "path",
    [pytest.param("browse", marks=pytest.mark.slow), pytest.param("train", marks=pytest.mark.slow), "compare"],
)
def test_a_deep_link_to_a_fresh_server_opens_its_page(app: App, page: Page, path: str) -> None:
    with serving_app(app.workspace) as served:
        page.goto(f"{served.address}/{path}")
        page.get_by_role("link", name="Overview", exact=True).wait_for()
        assert "Page not found" not in page.inner_text("body")
        assert page.evaluate("location.pathname") == f"/{path}"


def test_the_server_never_loads_the_heavy_libraries(app: App, page: Page) -> None:
    for path in ("", "browse", "train", "compare"):
        page.goto(f"{app.address}/{path}")
        page.get_by_role("link", name="Overview", exact=True).wait_for()
        page.wait_for_timeout(1500)
    mapped = {region.path for region in psutil.Process(app.pid).memory_maps()}
    assert any("numpy" in path for path in mapped), "this would not see a library that is there"
    assert not [path for path in mapped if HEAVY.search(path)]
