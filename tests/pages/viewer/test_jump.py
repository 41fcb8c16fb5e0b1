"""N and P go to the next lesion, error, disagreement or uncertain slice, and say what it is."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Page, expect
from scipy import ndimage, signal

from core.data.formats.nifti import read_nifti
from core.service.modules import modules_version
from pages.parts.viewer.component import FOLDER
from tests.pages.viewer.conftest import Hand
from tests.pages.viewer.harness.volumes import DOUBTS, SHAPE

Open = Callable[[str], Hand]
Import = Callable[[str, list[Any]], Any]
TOUCHING = np.ones((3, 3, 3), int)


@pytest.fixture
def in_browser(harness: str, page: Page) -> Import:
    """Run a script with the viewer's own modules: `module(name)` imports one."""
    folder = f"{harness}/viewer/{modules_version(Path(FOLDER))}"
    page.goto(f"{folder}/main.js")

    def run(script: str, values: list[Any]) -> Any:
        head = f"async (given) => {{ const module = (name) => import(`{folder}/${{name}}`);"
        return page.evaluate(f"{head} {script} }}", values)

    return run


LABEL = """
  const { patchesOf } = await module("drawing/components.js");
  const { sitesOf } = await module("drawing/sites.js");
  const [text, shape, plane, spacing] = given;
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const began = performance.now();
  const patches = patchesOf({ bytes, shape });
  const took = performance.now() - began;
  const sites = sitesOf({ bytes, shape, offset: [0, 0, 0] }, patches, plane, spacing, 1);
  const runs = ["patch", "start", "stop", "row"].map((name) => Array.from(patches[name]));
  return { count: patches.count, sizes: Array.from(patches.sizes), runs, sites, took };
"""


def labelled(in_browser: Import, mask: npt.NDArray[Any], plane: str = "axial", spacing: Any = (1, 1, 1)) -> Any:
    """The browser's patches of a mask, and their label volume with numbers from 1."""
    text = base64.b64encode(mask.astype(np.uint8).tobytes(order="F")).decode()
    found = in_browser(LABEL, [text, list(mask.shape), plane, list(spacing)])
    labels = np.zeros(mask.shape, int)
    for patch, start, stop, row in zip(*found["runs"], strict=True):
        labels[start:stop, row % mask.shape[1], row // mask.shape[1]] = patch + 1
    return found, labels


@pytest.mark.parametrize("density", [0.01, 0.08, 0.2, 0.5])
def test_patches_are_scipys_on_random_masks(in_browser: Import, density: float) -> None:
    mask = np.random.default_rng(int(density * 100)).random((23, 31, 17)) < density
    found, labels = labelled(in_browser, mask)
    expected, count = ndimage.label(mask, TOUCHING)
    assert found["count"] == count
    # the same voxels belong together: one number here goes with one number there
    pairs = np.unique(np.stack([labels.ravel(), expected.ravel()]), axis=1)
    assert pairs.shape[1] == count + 1
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    assert found["sizes"] == sizes.tolist()


@pytest.mark.parametrize(("plane", "axis"), [("axial", 2), ("coronal", 1), ("sagittal", 0)])
def test_a_site_lies_in_its_patch_on_its_largest_slice(in_browser: Import, plane: str, axis: int) -> None:
    mask = np.random.default_rng(7).random((21, 18, 15)) < 0.06
    spacing = np.array([1.0, 2.0, 3.0])
    found, labels = labelled(in_browser, mask, plane, spacing)
    others = tuple(other for other in range(3) if other != axis)
    for site in found["sites"]:
        voxel = tuple(site["voxel"])
        patch = labels == labels[voxel]
        assert labels[voxel] > 0
        assert site["voxels"] == patch.sum()
        areas = patch.sum(others)
        assert areas[voxel[axis]] == areas.max()
        inside = np.argwhere(patch)
        inside = inside[inside[:, axis] == voxel[axis]]
        away = np.linalg.norm((inside - inside.mean(0)) * spacing, axis=1)
        mine = np.linalg.norm((np.array(voxel) - inside.mean(0)) * spacing)
        assert mine == pytest.approx(away.min())


def test_a_block_of_a_million_voxels_takes_less_than_a_frame_of_waiting(in_browser: Import) -> None:
    """Thirty balls in 100 x 100 x 100; under 50 ms on a quiet core, and a busy test machine gets four times that."""
    grid = np.stack(np.meshgrid(*[np.arange(100)] * 3, indexing="ij"), -1)
    mask = np.zeros((100, 100, 100), bool)
    for centre in np.random.default_rng(3).uniform(0, 100, (30, 3)):
        mask |= ((grid - centre) ** 2).sum(-1) < 100
    took = [labelled(in_browser, mask)[0]["took"] for _ in range(3)]
    assert min(took) < 200


@pytest.mark.slow
def test_patches_of_a_real_reference_are_scipys(in_browser: Import, real_data: Path) -> None:
    (path, *_) = sorted((real_data / "brats_africa").glob("*/*-seg.nii.gz"))
    mask = read_nifti(path).stored[0] > 0
    found, labels = labelled(in_browser, mask)
    expected, count = ndimage.label(mask, TOUCHING)
    assert found["count"] == count
    assert np.unique(np.stack([labels.ravel(), expected.ravel()]), axis=1).shape[1] == count + 1


def test_peaks_are_scipys_peaks_that_stand_out(in_browser: Import) -> None:
    random = np.random.default_rng(5)
    for _ in range(20):
        counts = random.integers(0, 30, 60)
        script = 'return (await module("around/seek.js")).peaksOf(given).map((stop) => stop.slice);'
        padded = np.concatenate([[0], counts, [0]])
        peaks, _ = signal.find_peaks(padded, prominence=0.1 * counts.max())
        assert in_browser(script, counts.tolist()) == (peaks - 1).tolist()


def said(hand: Hand) -> str:
    hand.rest()
    return hand.root.locator(".jump-says").inner_text()


def sought(hand: Hand) -> str:
    return hand.root.get_by_label("N and P go to").input_value()


def seek(hand: Hand, what: str) -> None:
    hand.root.get_by_label("N and P go to").select_option(what)
    hand.expect("sought", what)


def test_lesions_one_after_the_other_with_their_volumes(open_viewer: Open) -> None:
    """100, 25 and 100 voxels of 2 mm³; the second is a ring, with one more voxel at its corner."""
    hand = open_viewer("case=lesions")
    runs = hand.runs
    seek(hand, "lesion")
    hand.press("Home")
    for key, cursor, words in (
        ("n", (7, 6, 6), "lesion 1 of 3, 0.20 ml"),
        ("n", (23, 10, 12), "lesion 2 of 3, 0.05 ml"),
        ("n", (12, 27, 22), "lesion 3 of 3, 0.20 ml"),
        ("n", (12, 27, 22), "no lesion after slice 23"),
        ("p", (23, 10, 12), "lesion 2 of 3, 0.05 ml"),
        ("p", (7, 6, 6), "lesion 1 of 3, 0.20 ml"),
        ("p", (7, 6, 6), "no lesion before slice 7"),
    ):
        hand.press(key)
        assert said(hand) == words
        assert hand.cursor == cursor
    # what was said is true here only
    hand.press("ArrowDown")
    assert said(hand) == ""
    # along another plane: by x, and where each is widest there
    hand.press("s", "Home", "n")
    assert said(hand).startswith("lesion 1 of 3")
    assert hand.cursor[0] in range(5, 9)
    hand.press("n")
    assert hand.cursor[0] in range(10, 14)
    assert hand.runs == runs


def test_errors_from_a_tenth_of_a_millilitre_or_what_is_typed(open_viewer: Open) -> None:
    """The model invents 60 voxels, 0.12 ml; it misses the ring, 0.05 ml, and 40 voxels of the third lesion, 0.08 ml."""
    hand = open_viewer("case=lesions")
    runs = hand.runs
    assert sought(hand) == "error"  # the page shows errors
    hand.press("Home", "n")
    assert (said(hand), hand.cursor) == ("error 1 of 1, 0.12 ml too much", (31, 6, 15))
    hand.press("n")
    assert said(hand) == "no error of 0.1 ml or more after slice 16"
    field = hand.root.get_by_label("Smallest error, ml")
    field.fill("0.05")
    field.press("Enter")
    field.press("Tab")
    hand.press("Home", "n")
    assert (said(hand), hand.cursor) == ("error 1 of 3, 0.05 ml missed", (23, 10, 12))
    hand.press("n", "n")
    assert (said(hand), hand.cursor) == ("error 3 of 3, 0.08 ml missed", (12, 27, 20))
    hand.press("j")
    hand.expect("sought", "largest error")
    hand.press("Home")
    for words, slice_ in (
        ("error 1 of 3 by size, 0.12 ml too much", 15),
        ("error 2 of 3 by size, 0.08 ml missed", 20),
        ("error 3 of 3 by size, 0.05 ml missed", 12),
        ("no smaller error of 0.05 ml or more", 12),
    ):
        hand.press("n")
        assert (said(hand), hand.slice) == (words, slice_)
    # the map of another model: that one is right everywhere
    hand.root.get_by_label("Map of").select_option("Second")
    hand.press("n")
    assert said(hand) == "no error of 0.05 ml or more"
    assert hand.runs == runs


def test_disagreement_goes_from_peak_to_peak(open_viewer: Open) -> None:
    """The models differ in 24 voxels of slice 12, one of 13, 30 of 15 and 16, and 20 of 20 and 21; each is 1 mm²."""
    hand = open_viewer("case=lesions")
    seek(hand, "disagreement")
    hand.press("Home")
    for words, slice_ in (
        ("disagreement 1 of 3, 0.24 cm²", 12),
        ("disagreement 2 of 3, 0.30 cm²", 15),
        ("disagreement 3 of 3, 0.20 cm²", 20),
        ("no disagreement after slice 21", 20),
    ):
        hand.press("n")
        assert (said(hand), hand.slice) == (words, slice_)


def test_uncertain_slices_come_from_the_entropy_of_the_probabilities(open_viewer: Open) -> None:
    hand = open_viewer("case=doubt")
    seek(hand, "uncertain")
    hand.page.wait_for_timeout(500)  # they are fetched when they are asked for
    hand.press("Home")
    doubt = DOUBTS["Model"]
    q = np.zeros((2, *SHAPE))
    q[0] = doubt.box.paste(doubt.probabilities[0], SHAPE)
    p = np.clip(q[0] / 255, 1e-12, 1 - 1e-12)
    entropy = -p * np.log2(p) - (1 - p) * np.log2(1 - p)
    counts = (entropy >= 0.9).sum((0, 1))
    padded = np.concatenate([[0], counts, [0]])
    peaks = signal.find_peaks(padded, prominence=0.1 * counts.max())[0] - 1
    slices: list[int] = []
    for _ in peaks:
        hand.press("n")
        assert said(hand).startswith(f"uncertain slice {len(slices) + 1} of {len(peaks)}, ")
        slices.append(hand.slice)
    assert slices == peaks.tolist()
    hand.press("n")
    assert said(hand) == f"no uncertain slice after slice {peaks[-1] + 1}"


def test_what_a_case_does_not_have_is_not_offered_and_says_why(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    option = hand.root.locator(".jump option")
    assert [each.is_disabled() for each in option.all()] == [False, False, False, True, True]
    assert option.nth(3).get_attribute("title") == "needs two models"
    assert option.nth(4).get_attribute("title") == "no model's probabilities are kept"
    # J goes round what is offered
    for what in ("largest error", "lesion", "error"):
        hand.press("j")
        hand.expect("sought", what)
    hand = open_viewer("case=bare")
    expect(hand.root.locator(".jump")).to_be_hidden()
    hand.press("n")


def test_voxels_are_counted_where_nobody_knows_their_size(open_viewer: Open) -> None:
    hand = open_viewer("case=nowhere")
    seek(hand, "lesion")
    hand.press("Home", "n")
    assert said(hand) == "lesion 1 of 1, 60 voxels"
    seek(hand, "error")
    hand.press("Home", "n")
    assert said(hand) == "no error of 100 voxels or more"


def test_the_strip_tells_each_models_error(open_viewer: Open) -> None:
    hand = open_viewer("case=lesions")
    runs = hand.runs
    before = hand.root.locator(".track canvas").evaluate("canvas => canvas.toDataURL()")
    assert "Ground truth" in hand.root.locator(".legend").inner_text()
    hand.root.get_by_role("radiogroup", name="Per slice").get_by_role("radio", name="Error").click()
    hand.rest()
    head = hand.root.locator(".strip-head").inner_text()
    assert "error per slice, cm²" in head
    assert hand.root.locator(".legend > span").all_inner_texts() == ["Model", "Second"]
    assert hand.root.locator(".track canvas").evaluate("canvas => canvas.toDataURL()") != before
    # the highest point of the line is where the model is most wrong: slices 15 and 16 of 30
    highest = hand.root.locator(".track canvas").evaluate(
        """canvas => {
          const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 60) return (i / 4) % width / width;
        }"""
    )
    assert 15 / 30 - 0.02 <= highest <= 17 / 30 + 0.02
    assert hand.runs == runs
