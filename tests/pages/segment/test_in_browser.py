"""A study dropped into a real browser: images, mask, measures, a file to take away, and nothing left behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import nibabel as nib
import numpy as np
import pytest

from core.data.volume_cache import VolumeCache
from core.jobs.segmentations import segmentations
from core.jobs.study_view import study_view
from core.workspace import Workspace
from tests.core.jobs.studies_to_segment import study_files, with_checkpoint
from tests.pages.segment.browser import PICTURES, SOON_MS, download, drop
from tests.pages.serving import serving_app
from tests.pages.viewer.conftest import Hand

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Workspace]]:
    workspace = with_checkpoint(Workspace(tmp_path_factory.mktemp("segment") / "workspace"))
    with serving_app(workspace) as served:
        yield served.address, workspace


def test_a_lesion_is_gone_to_wherever_the_reader_was(app: tuple[str, Workspace], page: Page, tmp_path: Path) -> None:
    address, workspace = app
    page.goto(f"{address}/segment")
    drop(page, study_files(tmp_path / "brought"))
    page.get_by_role("button", name="NIfTI", exact=True).wait_for(timeout=SOON_MS)
    job, _ = segmentations(workspace)[-1]
    view = study_view(job)
    assert view is not None
    lesion = view["measured"]["lesions"]["listed"][0]["centroid_voxel"]
    there = ",".join(str(round(each)) for each in lesion)
    hand = Hand(page, page.locator(".segscope-viewer"))
    hand.expect("ready", "true", SOON_MS)
    for _ in range(2):  # the second time from somewhere else, where the address was
        hand.press("Home")
        hand.expect("slice", "0")
        page.wait_for_url("**slice=0*")
        page.get_by_role("button", name="Go", exact=True).first.click()
        hand.expect("cursor", there)
        page.wait_for_url(f"**slice={round(lesion[2])}*")
    page.get_by_role("button", name="Delete now").click()
    page.get_by_text("Segment a scan").wait_for(timeout=SOON_MS)


def test_from_the_drop_to_a_mask_on_the_disk_and_away(app: tuple[str, Workspace], page: Page, tmp_path: Path) -> None:
    address, workspace = app
    page.goto(f"{address}/segment")
    drop(page, study_files(tmp_path / "brought"))
    page.get_by_text("Measured", exact=True).wait_for(timeout=SOON_MS)
    ((job, _),) = segmentations(workspace)
    view = study_view(job)
    assert view is not None
    assert page.url.endswith(f"study={job.id}") or f"study={job.id}&" in page.url
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / "segment-done.png")

    taken = download(page, "NIfTI", tmp_path)
    labels = np.asarray(nib.load(taken).dataobj)
    shown = VolumeCache(workspace.volumes).voxels(view["mask"])
    assert np.count_nonzero(labels) == np.count_nonzero(shown) > 0

    page.reload()
    page.get_by_text("Measured", exact=True).wait_for(timeout=SOON_MS)
    page.get_by_role("button", name="Delete now").click()
    page.get_by_text("Segment a scan").wait_for(timeout=SOON_MS)
    assert not job.folder.exists()
