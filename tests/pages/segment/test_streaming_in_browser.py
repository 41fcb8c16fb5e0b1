"""A real case in a real browser: masks appear slice by slice while it is segmented, where the reader looks first.

The network has the size of a ResNet34 U-Net and one thread, and random weights that paint what they like: what is asked
here is when a mask is on screen, not whether it is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.data.volume_cache import VolumeCache
from core.jobs.segmentations import segmentations
from core.jobs.study_view import study_view
from core.workspace import Workspace
from tests import narrow
from tests.pages.segment.browser import PICTURES, drop
from tests.pages.serving import serving_app
from tests.pages.viewer.conftest import Hand

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request

CASE = "BraTS-SSA-00028-000"
SEQUENCES = ("t1n", "t1c", "t2w", "t2f")
SOON_MS = 240_000
FAR = 24  # slices: three batches away from the one in the middle, and still in the head
COLOURED = """canvas => {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4) count += Math.max(data[i], data[i + 1], data[i + 2])
    - Math.min(data[i], data[i + 1], data[i + 2]) > 20;
  return count;
}"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Workspace]]:
    workspace = Workspace(tmp_path / "workspace")
    spec = narrow.spec(architecture="smp_unet", arguments={"encoder": "resnet34"}, input_size=(192, 224))
    narrow.checkpoint(workspace.made_checkpoint("resnet34"), 3, spec)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with serving_app(workspace) as served:
        yield served.address, workspace


def test_a_slices_mask_is_on_screen_long_before_the_study_is_done(
    app: tuple[str, Workspace], page: Page, real_data: Path
) -> None:
    address, workspace = app
    asked: list[str] = []
    page.on("request", lambda request: asked.append(path_of(request)))
    page.goto(f"{address}/segment")
    folder = real_data / "brats_africa" / CASE
    drop(page, [folder / f"{CASE}-{name}.nii.gz" for name in SEQUENCES])
    page.get_by_text("came first; the others appear").wait_for(timeout=SOON_MS)
    ((job, _),) = segmentations(workspace)
    view = study_view(job)
    assert view is not None
    streamed, first = view["first"]["volume"], view["first"]["slice"]

    hand = Hand(page, page.locator(".segscope-viewer"))
    canvas = hand.panels.first.locator("canvas")
    hand.press("Home")  # no head there, and the crosshair as everywhere
    hand.expect("slice", "0")
    hand.rest()
    bare = canvas.evaluate(COLOURED)
    hand.press(*["PageDown"] * 4)
    here = hand.slice
    assert abs(here - first) > FAR
    page.wait_for_function(
        f"([canvas, least]) => ({COLOURED})(canvas) > least",
        arg=[canvas.element_handle(), bare + 2000],
        timeout=SOON_MS,
    )
    status, view = job.status, study_view(job)
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / "segment-streaming.png")
    assert status.state == "running"
    assert 0 < status.slices_done < status.slices_total
    assert view is not None
    assert view["mask"] is None
    manifest = VolumeCache(workspace.volumes).manifest(streamed)
    there = {each + manifest["box_offset"][2] for part in manifest["growing"]["parts"] for each in part}
    assert here in there
    assert len(there) < manifest["growing"]["slices"], "the others are still to come"
    page.get_by_text(f" of {status.slices_total} slices · ").wait_for(timeout=SOON_MS)

    page.get_by_text("Measured", exact=True).wait_for(timeout=SOON_MS)
    view = study_view(job)
    assert view is not None
    hand.expect("ready", "true", SOON_MS)
    assert any(view["mask"] in each for each in asked), "the whole mask has replaced it"
    parts = [each for each in asked if f"{streamed}/part/" in each]
    assert len(parts) == len(set(parts)) > 5, "each part came once"


def path_of(request: Request) -> str:
    from urllib.parse import urlsplit

    return urlsplit(request.url).path
