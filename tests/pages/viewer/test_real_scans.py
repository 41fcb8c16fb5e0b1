"""Real scans lie on the screen as anatomy says: the liver on the patient's right, the spine at the back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nibabel
import numpy as np
import pytest

from core.data.label_files import load_scheme
from core.importing import ImportChoices, import_folder
from core.workspace import PROJECT, Workspace
from tests.pages.serving import serving_app
from tests.pages.viewer.conftest import Hand

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

# of the organs' label map, which has more than a hundred
SPLEEN, LIVER, VERTEBRA = 1, 5, 30
SPLEEN_COLOUR, LIVER_COLOUR, VERTEBRA_COLOUR = (86, 180, 233), (230, 159, 0), (240, 228, 66)
PICTURES = PROJECT / "tests" / "output"


def organs(real_data: Path, folder: Path) -> None:
    """Write a CT of the trunk with three organs of its label map, as nnU-Net lays data out."""
    source = real_data / "nifti_oddities" / "ct_multi_organ"
    for name in ("imagesTr", "labelsTr"):
        (folder / name).mkdir(parents=True)
    shutil.copy(source / "example_ct_sm.nii.gz", folder / "imagesTr" / "trunk_0000.nii.gz")
    found: Any = nibabel.load(source / "example_seg.nii.gz")
    labels = np.asarray(found.dataobj)
    three = np.select([labels == SPLEEN, labels == LIVER, labels == VERTEBRA], [1, 2, 3], 0).astype(np.uint8)
    nibabel.save(nibabel.Nifti1Image(three, found.affine), folder / "labelsTr" / "trunk.nii.gz")
    about = {
        "channel_names": {"0": "CT"},
        "labels": {"background": 0, "spleen": 1, "liver": 2, "vertebra": 3},
        "numTraining": 1,
        "file_ending": ".nii.gz",
    }
    (folder / "dataset.json").write_text(json.dumps(about))


@pytest.fixture(scope="module")
def app(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app on a CT of the trunk and on BraTS 2021, whose files run to the left and to the back."""
    scratch = tmp_path_factory.mktemp("real")
    workspace = Workspace(scratch / "workspace")
    organs(real_data, scratch / "organs")
    (scratch / "three.yaml").write_text("name: organs\nlabels:\n  1: spleen\n  2: liver\n  3: vertebra\n")
    scheme = load_scheme(scratch / "three.yaml")
    import_folder(workspace, scratch / "organs", "organs", ImportChoices(scheme=scheme))
    shutil.copytree(real_data / "brats_2021", scratch / "brats_2021")
    import_folder(workspace, scratch / "brats_2021", "lps")
    with serving_app(workspace) as served:
        yield served.address


def look(page: Page, address: str, cohort: str) -> Hand:
    page.goto(f"{address}/browse?cohort={cohort}")
    root = page.get_by_test_id("segscope-viewer")
    root.wait_for(timeout=60_000)
    hand = Hand(page, root)
    hand.expect("ready", "true", 60_000)
    hand.press("o", "o")  # fills alone
    hand.rest()
    return hand


def middle(hand: Hand, colour: tuple[int, int, int]) -> tuple[float, float] | None:
    """Where a region's pixels lie in the first panel, as shares of its width and height."""
    found = (
        hand.panels.nth(0)
        .locator("canvas")
        .evaluate(
            """(canvas, [r, g, b]) => {
          const { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
          let [n, x, y] = [0, 0, 0];
          for (let i = 0; i < width * height; i++) {
            const [R, G, B] = [data[4 * i], data[4 * i + 1], data[4 * i + 2]];
            // a fill of 45 % over some grey: what it adds to grey is 45 % of the colour's own differences
            const off = Math.abs(R - G - 0.45 * (r - g)) + Math.abs(G - B - 0.45 * (g - b));
            if (off > 6) continue;
            n += 1; x += i % width; y += Math.floor(i / width);
          }
          return n > 40 ? [x / n / width, y / n / height] : null;
        }""",
            list(colour),
        )
    )
    return None if found is None else (float(found[0]), float(found[1]))


def picture(hand: Hand, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    hand.page.screenshot(path=PICTURES / f"real-{name}.png")


def test_in_a_ct_the_liver_is_right_the_spleen_left_and_the_spine_behind(page: Page, app: str) -> None:
    hand = look(page, app, "organs")
    liver = middle(hand, LIVER_COLOUR)
    picture(hand, "ct-axial")
    assert liver
    assert liver[0] < 0.5, "the patient's right is on the left of the screen"
    spine = [middle(hand, VERTEBRA_COLOUR)]
    spleen = [middle(hand, SPLEEN_COLOUR)]
    for _ in range(30):
        hand.strike("ArrowUp")
        spine.append(middle(hand, VERTEBRA_COLOUR))
        spleen.append(middle(hand, SPLEEN_COLOUR))
    assert all(place[1] > 0.5 for place in spine if place)
    assert any(spine)
    assert all(place[0] > 0.5 for place in spleen if place)
    assert any(spleen)
    hand.press("x")
    hand.rest()
    hand.strike(*["ArrowDown"] * 15)
    liver = middle(hand, LIVER_COLOUR)
    assert liver
    assert liver[0] > 0.5, "in the neurological convention it is on the right"


def test_a_tumour_of_brats_2021_is_on_the_side_that_its_header_says(page: Page, app: str, real_data: Path) -> None:
    """Worked out from the file by nibabel: the tumour's middle from the brain's, in mm to the right, front and top."""
    hand = look(page, app, "lps")
    shown = hand.page.url.split("case=")[1].split("&")[0]
    folder = next((real_data / "brats_2021").rglob(f"{shown}_seg.nii.gz")).parent
    tumour = centre_mm(folder / f"{shown}_seg.nii.gz")
    brain = centre_mm(folder / f"{shown}_flair.nii.gz")
    right, front, top = tumour - brain
    assert abs(right) > 10, "a tumour in the middle would prove nothing"
    picture(hand, "mri-axial")
    columns = {"a": (-right, -front), "c": (-right, -top), "s": (-front, -top)}
    for key, towards in columns.items():
        hand.press(key)
        hand.rest()
        coloured, grey = middles(hand)
        for side in (0, 1):
            if abs(towards[side]) > 10:
                assert (coloured[side] - grey[side] > 0) == (towards[side] > 0), f"plane {key}"


def centre_mm(path: Path) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The middle of everything that is not background, in mm to the right, to the front and up."""
    found: Any = nibabel.load(path)
    voxels = np.argwhere(np.asarray(found.dataobj) > 0).mean(axis=0)
    ras: np.ndarray[Any, np.dtype[np.float64]] = found.affine[:3, :3] @ voxels + found.affine[:3, 3]
    return ras


def middles(hand: Hand) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where the middle of the coloured and of all bright pixels lies."""
    found = (
        hand.panels.nth(0)
        .locator("canvas")
        .evaluate(
            """canvas => {
          const { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
          const sums = [[0, 0, 0], [0, 0, 0]];
          for (let i = 0; i < width * height; i++) {
            const part = [data[4 * i], data[4 * i + 1], data[4 * i + 2]];
            const chroma = Math.max(...part) - Math.min(...part);
            for (const [kind, counts] of [[0, chroma > 40], [1, Math.max(...part) > 30]]) {
              if (!counts) continue;
              sums[kind][0] += 1; sums[kind][1] += i % width; sums[kind][2] += Math.floor(i / width);
            }
          }
          return sums.map(([n, x, y]) => [x / n / width, y / n / height]);
        }"""
        )
    )
    (cx, cy), (gx, gy) = found
    return (float(cx), float(cy)), (float(gx), float(gy))
