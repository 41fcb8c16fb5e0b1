"""Diameters and statistics against numpy and scikit-image, and the popover that shows them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Page
from scipy import ndimage
from skimage.measure import find_contours

from core.service.modules import modules_version
from pages.parts.viewer.component import FOLDER
from tests.pages.viewer.conftest import Hand
from tests.pages.viewer.harness.volumes import CASES

Open = Callable[[str], Hand]
Mask = npt.NDArray[np.bool_]
Affine = npt.NDArray[np.float64]

# what a mask is to the viewer's functions, from (X, Y, Z) bytes
AS_MASK = """
const asMask = (bytes, [nx, ny, nz]) => ({
  key: "", whole: true, manifest: { full_shape: [nx, ny, nz] },
  slice: (plane, z) => ({
    bytes: Uint8Array.from({ length: nx * ny }, (_, i) => bytes[((i % nx) * ny + Math.floor(i / nx)) * nz + z]),
    width: nx, height: ny, uStart: 0, vStart: 0,
  }),
  bits: ([x, y, z]) => bytes[(x * ny + y) * nz + z],
});
"""


class Browser:
    """The viewer's own functions, on a page that holds nothing else."""

    def __init__(self, page: Page, folder: str) -> None:
        self.page = page
        self.folder = folder

    def diameters(self, mask: Mask, affine: Affine | None) -> dict[str, Any] | None:
        script = f"""async ([url, bytes, shape, affine]) => {{ {AS_MASK}
          const {{ axialFrame, diametersOf }} = await import(url);
          return diametersOf(asMask(bytes, shape), 0, axialFrame(affine));
        }}"""
        values = mask.astype(int).ravel().tolist()
        given = None if affine is None else affine.tolist()
        found: dict[str, Any] | None = self.page.evaluate(
            script, [f"{self.folder}/tools/diameters.js", values, list(mask.shape), given]
        )
        return found

    def statistics(self, image: npt.NDArray[Any], scale: tuple[float, float], mask: Mask, z: int | None) -> Any:
        script = f"""async ([url, stored, [slope, intercept], bytes, shape, z]) => {{ {AS_MASK}
          const {{ statisticsIn }} = await import(url);
          const mask = asMask(bytes, shape);
          const image = {{ manifest: {{ slope, intercept }}, stored: asMask(stored, shape).bits }};
          return statisticsIn(image, mask, 0, "axial", z);
        }}"""
        bytes_ = mask.astype(int).ravel().tolist()
        url = f"{self.folder}/tools/statistics.js"
        return self.page.evaluate(script, [url, image.ravel().tolist(), list(scale), bytes_, list(mask.shape), z])


@pytest.fixture
def browser_functions(harness: str, page: Page) -> Browser:
    folder = f"{harness}/viewer/{modules_version(Path(FOLDER))}"
    page.goto(f"{folder}/main.js")
    return Browser(page, folder)


def by_brute_force(mask: Mask, affine: Affine | None) -> tuple[float, float, int]:
    """Longest and perpendicular in mm and the slice: scikit-image's outline, every pair of its points."""
    linear = np.eye(3) if affine is None else affine[:3, :3]
    best: tuple[float, npt.NDArray[np.float64], npt.NDArray[np.float64], int] | None = None
    for z in range(mask.shape[2]):
        parts, count = ndimage.label(mask[:, :, z], np.ones((3, 3)))
        for part in range(1, count + 1):
            padded = np.pad((parts == part).astype(float), 1)
            contours = [c - 1 for c in find_contours(padded, 0.5, fully_connected="high")]
            points = np.concatenate(contours) @ linear[:, :2].T
            apart = np.linalg.norm(points[:, None] - points[None], axis=-1)
            i, j = np.unravel_index(apart.argmax(), apart.shape)
            if best is None or apart.max() > best[0] + 1e-9:
                edges = np.concatenate([np.stack([c[:-1], c[1:]], 1) for c in contours]) @ linear[:, :2].T
                best = float(apart.max()), points[j] - points[i], edges, z
    assert best is not None
    longest, along, edges, z = best
    normal = np.cross(linear[:, 0], linear[:, 1])
    across = np.cross(normal, along)
    along, across = along / np.linalg.norm(along), across / np.linalg.norm(across)
    t, s = edges @ along, edges @ across
    widest = 0.0
    for at in np.unique(t.round(9)):
        crossing = (t.min(1) <= at + 1e-9) & (t.max(1) >= at - 1e-9)
        ends = []
        for (a, b), (first, second) in zip(t[crossing], s[crossing], strict=True):
            ends += [first, second] if abs(a - b) < 1e-9 else [first + (second - first) * (at - a) / (b - a)]
        widest = max(widest, max(ends) - min(ends))
    return longest, widest, z


def oblique(x: float, y: float, z: float, degrees: float) -> Affine:
    turn = np.deg2rad(degrees)
    affine = np.eye(4)
    affine[:3, :3] = [[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]] @ np.diag([x, y, z])
    return affine


def blob(seed: int) -> Mask:
    """A random lesion of a few lobes, with satellites, on several slices."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(26, 22, 5)), (2.2, 2.2, 1))
    found: Mask = noise > np.quantile(noise, 0.86)
    return found


SHEARED = np.array([[0.9, 0.2, 0, 3], [0, 1.1, 0.1, -4], [0, 0, 2.5, 0], [0, 0, 0, 1]])
GRIDS = {
    "1 mm": np.eye(4),
    "anisotropic": np.diag([0.5, 2.0, 6.0, 1.0]),
    "oblique": oblique(0.8, 1.3, 3.0, 25),
    "sheared": SHEARED,
    "no geometry": None,
}


def test_diameters_of_shapes_worked_out_by_hand(browser_functions: Browser) -> None:
    rod = np.zeros((9, 5, 3), np.bool_)
    rod[2:8, 2, 1] = True
    found = browser_functions.diameters(rod, np.diag([2.0, 1.0, 5.0, 1.0]))
    assert found
    # six voxels of 2 mm in a row, one voxel of 1 mm thick
    assert (found["longestMm"], found["acrossMm"], found["slice"]) == pytest.approx((12, 1, 1))
    assert sorted(end[0] for end in found["longest"]) == [1.5, 7.5]

    # an L of two arms, six voxels each: from the tip of one to the tip of the other
    corner = np.zeros((8, 8, 1), np.bool_)
    corner[1:7, 1] = corner[1, 1:7] = True
    found = browser_functions.diameters(corner, None)
    assert found
    # from the outer side of one tip to the end of the other: (6, 0.5) and (1, 6.5), or their mirror images
    assert found["longestMm"] == pytest.approx(np.hypot(5, 6))

    # two lesions: the longest line lies in one of them, not between them
    apart = np.zeros((20, 6, 1), np.bool_)
    apart[1:5, 2] = apart[10:18, 3] = True
    found = browser_functions.diameters(apart, None)
    assert found
    assert (found["longestMm"], found["acrossMm"]) == pytest.approx((8, 1))
    assert browser_functions.diameters(np.zeros((4, 4, 2), np.bool_), None) is None


@pytest.mark.parametrize("grid", GRIDS)
def test_diameters_equal_brute_force_over_every_pair_of_points(browser_functions: Browser, grid: str) -> None:
    for seed in range(12):
        mask = blob(seed)
        found = browser_functions.diameters(mask, GRIDS[grid])
        longest, across, _ = by_brute_force(mask, GRIDS[grid])
        assert found
        assert found["longestMm"] == pytest.approx(longest, abs=1e-9)
        linear = np.eye(3) if GRIDS[grid] is None else np.asarray(GRIDS[grid])[:3, :3]
        one, other = (linear @ np.subtract(*found[name]) for name in ("longest", "across"))
        assert np.linalg.norm(other) == pytest.approx(found["acrossMm"], abs=1e-9)
        assert one @ other == pytest.approx(0, abs=1e-6)
        # pairs of equal length may stand for each other, with another perpendicular
        if not has_rival(mask, found, linear):
            assert found["acrossMm"] == pytest.approx(across, abs=1e-6)


def has_rival(mask: Mask, found: dict[str, Any], linear: Affine) -> bool:
    """Whether another pair of outline points is just as far apart."""
    pairs = 0
    for z in range(mask.shape[2]):
        parts, count = ndimage.label(mask[:, :, z], np.ones((3, 3)))
        for part in range(1, count + 1):
            contours = find_contours(np.pad((parts == part).astype(float), 1), 0.5, fully_connected="high")
            points = np.unique(np.concatenate(contours), axis=0) @ linear[:, :2].T
            pairs += sum(np.linalg.norm(a - b) > found["longestMm"] - 1e-9 for a, b in combinations(points, 2))
    return pairs > 1


@pytest.mark.parametrize("scale", [(1.0, 0.0), (2.0, -1024.0), (0.0123, 5e4)])
def test_statistics_equal_numpys(browser_functions: Browser, scale: tuple[float, float]) -> None:
    stored = np.random.default_rng(3).integers(0, 65536, (26, 22, 5))
    mask = blob(7)
    values = stored * scale[0] + scale[1]
    for z in (None, 2):
        chosen = values[mask] if z is None else values[:, :, z][mask[:, :, z]]
        found = browser_functions.statistics(stored, scale, mask, z)
        assert found["voxels"] == chosen.size > 0
        assert found["mean"] == pytest.approx(chosen.mean(), rel=1e-13)
        assert found["sd"] == pytest.approx(chosen.std(), rel=1e-11)
    nothing = browser_functions.statistics(stored, scale, np.zeros_like(mask), None)
    assert nothing["voxels"] == 0
    assert np.isnan(nothing["mean"])


def rows(hand: Hand) -> dict[str, list[str]]:
    table = hand.root.locator("table.measures tr").all()
    cells = [row.locator("th, td").all_inner_texts() for row in table]
    return {first: rest for first, *rest in cells}


def test_the_popover_measures_draws_and_goes_there_by_keys_alone(open_viewer: Open) -> None:
    hand = open_viewer("case=anisotropic&tools=1&hounsfield=1")
    runs = hand.runs
    case = CASES["anisotropic"]
    reference = case.masks["Ground truth"] & 1 > 0
    values = case.image * 2.0 - 1024
    hand.press("Home", *["ArrowDown"] * 3, "m")
    dialog = hand.root.get_by_role("dialog", name="Measure")
    dialog.wait_for()
    dialog.get_by_label("Mask").select_option("Ground truth")
    # no region is called enhancing: the first that is shown
    hand.page.wait_for_function(
        "root => !root.querySelector('.diameters').textContent.startsWith('Load')", arg=root(hand)
    )
    assert rows(hand) == {
        "": ["axial slice 4", "whole volume"],
        "A mean": [f"{values[:, :, 3][reference[:, :, 3]].mean():.2f}".replace("-", "−"), "−224.00"],
        "A sd": ["0.00", "0.00"],
        "Voxels": ["20", "60"],
        "Volume": ["0.16 ml", "0.48 ml"],  # voxels of 1 x 2 x 4 mm
    }
    longest, across, _ = by_brute_force(reference, case.affine)
    assert dialog.locator(".diameters").inner_text() == (
        f"{longest:.1f} × {across:.1f} mm, product {longest * across:.0f} mm², axial slice 3"
    )
    hand.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    # the focus is where the popover was opened from, and the keys go on
    hand.page.keyboard.press("c")
    hand.expect("plane", "coronal")
    hand.press("m")
    dialog.get_by_role("button", name="Go to it").focus()
    hand.page.keyboard.press("Enter")
    hand.expect("plane", "axial")
    hand.expect("slice", "2")
    hand.rest()
    assert 4 <= hand.cursor[0] <= 6
    assert 4 <= hand.cursor[1] <= 5
    drawn = light(hand)
    dialog.get_by_label("Draw them").uncheck()
    hand.rest()
    bare = light(hand)
    # on the bare image and on the mask that was measured, not on another mask's panel nor among errors
    assert [was > now for was, now in zip(drawn, bare, strict=True)] == [True, True, False, False]
    dialog.get_by_label("Region").select_option("1")
    hand.page.wait_for_function("root => root.querySelectorAll('.measures td')[5]?.textContent === '8'", arg=root(hand))
    assert hand.runs == runs


def root(hand: Hand) -> Any:
    return hand.root.element_handle()


def light(hand: Hand) -> list[int]:
    """Pixels of each panel in the colour of measured lines."""
    script = """canvas => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let n = 0;
      for (let i = 0; i < data.length; i += 4) n += data[i] === 230 && data[i + 1] === 235 && data[i + 2] === 240;
      return n;
    }"""
    return [int(hand.panels.nth(panel).locator("canvas").evaluate(script)) for panel in range(4)]
