"""A study as it comes from the scanner, in one drop: each step is shown as it happens, then the mask on every grid."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import nibabel as nib
import numpy as np
import pytest

from core.jobs.segmentations import segmentations
from core.jobs.standstill import worker_file
from core.jobs.study_steps import study_steps
from core.jobs.study_view import study_view
from core.workspace import Workspace
from tests.core.jobs.studies_to_segment import with_checkpoint
from tests.pages.segment.browser import PICTURES, SOON_MS, download, drop
from tests.pages.serving import serving_app

if TYPE_CHECKING:
    from playwright.sync_api import Page

STEP_MS = 900_000  # the brain takes a minute on two cores that nobody else uses
WATCHED = ("Align T1 with T1c", "Align T2 with T1c", "Align FLAIR with T1c", "Find the brain in T1c and FLAIR")
ORDERLY = re.compile(r"✓*▸?○*")
RAW = {"t1n": "_t1.nii.gz", "t1c": "_t1c.nii.gz", "t2w": "_t2.nii.gz", "t2f": "_fla.nii.gz"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Workspace]]:
    """Nothing is trained: a network of random weights paints some of the brain."""
    workspace = with_checkpoint(Workspace(tmp_path_factory.mktemp("raw") / "workspace"))
    with serving_app(workspace) as served:
        yield served.address, workspace


def test_one_drop_shows_each_step_and_gives_a_mask_on_every_grid(
    app: tuple[str, Workspace], page: Page, real_data: Path, tmp_path: Path
) -> None:
    address, workspace = app
    files = sorted((real_data / "clinical_study" / "TCGA-FG-6692" / "raw").iterdir())
    page.goto(f"{address}/segment")
    drop(page, files)
    PICTURES.mkdir(exist_ok=True)
    under_way = page.locator(".st-key-surface-progress")
    for number, step in enumerate(WATCHED):
        under_way.locator("strong").get_by_text(step).wait_for(timeout=STEP_MS)
        lines = [line for line in under_way.inner_text().splitlines() if line[:1] in "✓▸○" and line]
        assert ORDERLY.fullmatch("".join(line[0] for line in lines)), "one after the other"
        done = [line for line in lines if line.startswith("✓")]
        for before in WATCHED[:number]:
            assert any(re.fullmatch(rf"✓ {before} [\d.]+ s", line) for line in done), "each with its seconds"
        assert lines[-1] == "○ Write"
    page.get_by_text("4 series on 3 grids").first.wait_for(timeout=SOON_MS)
    under_way.get_by_text(re.compile(r"\d+ (s|min) left")).wait_for(timeout=SOON_MS)
    page.screenshot(path=PICTURES / "raw-study-steps.png")

    page.get_by_text("Measured", exact=True).wait_for(timeout=STEP_MS)
    page.get_by_role("button", name="NIfTI", exact=True).wait_for(timeout=STEP_MS)
    page.screenshot(path=PICTURES / "raw-study-done.png")
    ((job, status),) = segmentations(workspace)
    view, steps = study_view(job), study_steps(job)
    assert status.state == "done", status.message
    assert view is not None
    assert steps is not None
    assert view["spacing_mm"] == pytest.approx([1, 1, 1])
    assert [step["state"] for step in steps["steps"]] == ["done"] * len(steps["steps"])

    got = download(page, "NIfTI", tmp_path)
    with zipfile.ZipFile(io.BytesIO(got.read_bytes())) as archive:
        assert len(archive.namelist()) == 5, "on 1 mm and on four grids"
        archive.extractall(tmp_path / "masks")
    for name, ending in RAW.items():
        (mask,) = (tmp_path / "masks").glob(f"*_on_{name}.nii.gz")
        (series,) = (file for file in files if file.name.endswith(ending))
        found, scanned = nib.load(mask), nib.load(series)
        assert found.shape == scanned.shape
        np.testing.assert_allclose(found.affine, scanned.affine, atol=1e-3)
        assert np.count_nonzero(np.asarray(found.dataobj)) > 0
    assert download(page, "CSV", tmp_path).stat().st_size > 0
    assert worker_file(workspace, "cpu").exists(), "the worker that segmented is still warm"
