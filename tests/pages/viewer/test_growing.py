"""A mask that grows, as the browser keeps it: only new parts are asked for, and an older one never covers a newer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.service.modules import modules_version
from pages.parts.viewer.modules import FOLDER

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

# a box of 2 x 1 x 3 voxels, from slice 4 of the grid on
HEAD = """
  const { GrowingVolume } = await import(`${given}/data/growing_volume.js`);
  const growing = (parts, ended = false) => ({ parts, slices: 3, ended });
  const manifest = { version: 1, dtype: "uint8", shape: [2, 1, 3], full_shape: [2, 1, 9], box_offset: [0, 0, 4],
    fill: 0, slabs: [], half: null, slope: 1, intercept: 0, growing: growing([[1]]) };
  const volume = new GrowingVolume("x", manifest);
  const bytes = (...values) => Uint8Array.from(values).buffer;
  const paths = (slice) => volume.missing(slice).map(({ path, away }) => `${path} ${away}`);
"""


@pytest.fixture
def grown(harness: str, page: Page) -> Callable[[str], Any]:
    folder = f"{harness}/viewer/{modules_version(Path(FOLDER))}"
    page.goto(f"{folder}/main.js")
    return lambda script: page.evaluate(f"async (given) => {{ {HEAD} {script} }}", folder)


def test_what_is_new_is_asked_for_and_nothing_twice(grown: Callable[[str], Any]) -> None:
    found = grown("""
      const asked = [paths(5)];
      volume.accept("part/0", bytes(1, 2));
      asked.push(paths(5));
      volume.renewed({ growing: growing([[1], [2, 0]]) });
      asked.push(paths(9));
      return asked;
    """)
    assert found == [["part/0 0"], [], ["part/1 3"]]


def test_it_is_whole_only_once_it_has_ended_and_all_of_it_has_come(grown: Callable[[str], Any]) -> None:
    found = grown("""
      const states = [];
      const look = () => states.push([volume.whole, volume.grows, volume.loaded < 1]);
      volume.accept("part/0", bytes(1, 2)); look();
      volume.renewed({ growing: growing([[1], [2, 0]]) }); volume.accept("part/1", bytes(3, 4, 5, 6)); look();
      volume.renewed({ growing: growing([[1], [2, 0], [1]], true) }); look();
      volume.accept("part/2", bytes(7, 8)); look();
      return [states, Array.from(volume.voxels)];
    """)
    states, voxels = found
    assert states == [[False, True, True], [False, True, True], [False, False, True], [True, False, False]]
    assert voxels == [5, 6, 7, 8, 3, 4], "slices 0, 1, 2 of the box"


def test_an_older_part_that_comes_late_does_not_cover_a_newer(grown: Callable[[str], Any]) -> None:
    found = grown("""
      volume.renewed({ growing: growing([[1], [1, 2]]) });
      volume.accept("part/1", bytes(3, 4, 5, 6));
      volume.accept("part/0", bytes(1, 2));
      return Array.from(volume.voxels);
    """)
    assert found == [0, 0, 3, 4, 5, 6]


def test_a_manifest_that_says_nothing_new_is_no_news(grown: Callable[[str], Any]) -> None:
    found = grown("""
      return [[[1]], [[1], [2]], [[1], [2]]].map((parts) => volume.renewed({ growing: growing(parts) }));
    """)
    assert found == [False, True, False]
