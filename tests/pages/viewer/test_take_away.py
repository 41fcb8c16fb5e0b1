"""What is taken away is what is on screen: a picture with its words, a film that plays, a link that opens the same."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Download, Page

from tests.pages.viewer.conftest import Hand

Open = Callable[[str], Hand]
Picture = npt.NDArray[np.int16]

ORANGE = (0xE6, 0x9F, 0x00)
BLUE = (0x56, 0xB4, 0xE9)
FALSE_POSITIVE = (0xD5, 0x5E, 0x00)


def saved(hand: Hand, key: str, timeout_ms: int = 30_000) -> tuple[Download, bytes]:
    with hand.page.expect_download(timeout=timeout_ms) as waiting:
        hand.press(key)
    return waiting.value, Path(waiting.value.path()).read_bytes()


def decoded(png: bytes) -> Picture:
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        assert image.mode == "RGB"
        return np.asarray(image).astype(np.int16)


def chunks(png: bytes) -> Iterator[str]:
    at = 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8].decode("ascii")
        at += 12 + length


def near(picture: Picture, colour: tuple[int, int, int], off: int = 24) -> npt.NDArray[np.bool_]:
    close: npt.NDArray[np.bool_] = (np.abs(picture - np.array(colour)) <= off).all(axis=2)
    return close


def panel_places(hand: Hand) -> list[dict[str, float]]:
    """Of each panel in CSS pixels from the grid's corner."""
    places: list[dict[str, float]] = hand.grid.evaluate(
        """grid => [...grid.querySelectorAll(".panel > canvas")].map((panel) => {
          const [a, b] = [grid.getBoundingClientRect(), panel.getBoundingClientRect()];
          return { x: b.left - a.left, y: b.top - a.top, width: b.width, height: b.height };
        })"""
    )
    return places


def test_the_picture_is_the_grid_at_twice_its_size_with_the_scale_bars_length(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    hand.press("o", "o")  # fill: colours without outlines
    download, png = saved(hand, "i")
    assert download.suggested_filename == "segscope-Case-cube-axial-6.png"
    # nothing about the maker, the time or the machine travels
    assert set(chunks(png)) <= {"IHDR", "IDAT", "IEND", "sRGB", "gAMA", "pHYs"}
    picture = decoded(png)
    places = panel_places(hand)
    assert picture.shape[1] == 2 * np.ceil(max(place["x"] + place["width"] for place in places))
    panels = []
    for place in places:
        x, y, width, height = (round(2 * place[name]) for name in ("x", "y", "width", "height"))
        panels.append(picture[y : y + height, x : x + width])
    # the bright voxel (9, 7, 5) lies in every panel where the page has it
    for index, panel in enumerate(panels[:3]):
        white = hand.white(index)
        assert white
        rows, columns = np.nonzero((panel[40:-80, 60:-60] > 250).all(axis=2))
        middle = ((columns.mean() + 0.5 + 60) / 2, (rows.mean() + 0.5 + 40) / 2)
        assert middle == pytest.approx(white, abs=1.5)
    # 50 % grey at 1:1 of the window, 400 of 1000
    height, width = panels[0].shape[:2]
    assert panels[0][height // 2 - 40, width // 2 - 40].tolist() == [102, 102, 102]
    assert not near(panels[0], ORANGE).any()
    # the bar is as long as its millimetres are in voxels of 1 mm
    voxel = 2 * voxel_pixels(hand)
    row = panels[0][round(height - 2 * 26), :, :].astype(int)
    bar = np.flatnonzero((row.min(axis=1) > 170) & (np.ptp(row, axis=1) < 20))
    bar = bar[bar > width // 2]
    assert bar[-1] - bar[0] + 1 == pytest.approx(bar_mm(hand) * voxel, abs=3)
    # words drawn again: the title, the model's score in its colour, the legend below
    titles = [np.ptp(panel[16:44, 16:200], axis=(0, 1)).min() for panel in panels]
    assert all(contrast > 150 for contrast in titles)
    assert near(panels[2][:90, -200:], BLUE).any()
    assert not near(panels[1][:90, -200:], BLUE).any()
    foot = picture[round(2 * max(place["y"] + place["height"] for place in places)) :]
    for colour in (ORANGE, BLUE):
        assert near(foot, colour, 4).sum() > 300
    assert near(panels[3], FALSE_POSITIVE, 4).sum() > 200


def voxel_pixels(hand: Hand) -> float:
    """CSS pixels of a voxel of the first panel, measured on the page: the block is ten voxels wide."""
    lit: float = (
        hand.panels.nth(0)
        .locator("canvas")
        .evaluate(
            """canvas => {
          const { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(0, Math.round(height * 0.62), width, 1);
          let n = 0;
          for (let x = 0; x < width; x++) n += data[4 * x] > 50 && data[4 * x] === data[4 * x + 1] ? 1 : 0;
          return n / devicePixelRatio;
        }"""
        )
    )
    return lit / 10


def bar_mm(hand: Hand) -> float:
    """The longest of the lengths that a bar may have which takes at most 120 pixels and a third of the panel."""
    width = hand.size()[0]
    pixels = voxel_pixels(hand)
    return max(mm for mm in (0.5, 1, 2, 5, 10, 20) if mm * pixels <= min(120, width / 3))


def test_the_menu_saves_without_a_mouse_and_hidden_regions_stay_hidden(open_viewer: Open) -> None:
    hand = open_viewer("case=cube&tools=1")
    hand.press("2")
    button = hand.root.get_by_role("button", name="Save", exact=True)
    button.focus()
    hand.page.keyboard.press("Enter")
    with hand.page.expect_download() as waiting:
        hand.page.keyboard.press("Enter")  # the first item has the focus
    foot = decoded(Path(waiting.value.path()).read_bytes())[-80:]
    assert near(foot, BLUE, 4).any()
    assert not near(foot, ORANGE, 4).any()
    button.focus()
    hand.page.keyboard.press("Enter")
    hand.page.keyboard.press("Escape")
    assert button.get_attribute("aria-expanded") == "false"


@pytest.mark.slow
def test_the_film_goes_to_and_fro_and_plays_in_a_browser(open_viewer: Open) -> None:
    """With three slices around the tumour the whole head is played, slices 2 to 7: 11 pictures, 7 a second."""
    hand = open_viewer("case=cube&tools=1")
    before = (hand.slice, hand.data("plane"))
    download, webm = saved(hand, "f")
    assert download.suggested_filename == "segscope-Case-cube-axial-2-7.webm"
    assert webm[:4] == bytes.fromhex("1a45dfa3")  # EBML
    assert b"webm" in webm[:64]
    assert (hand.slice, hand.data("plane")) == before
    played = hand.page.evaluate(
        """async (bytes) => {
          const video = document.createElement("video");
          video.muted = true;
          video.src = URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type: "video/webm" }));
          await new Promise((done, fail) => {
            video.onloadedmetadata = done;
            video.onerror = () => fail(video.error.message);
          });
          const seen = new Set();
          const canvas = document.createElement("canvas");
          [canvas.width, canvas.height] = [64, 32];
          const context = canvas.getContext("2d", { willReadFrequently: true });
          const look = () => {
            context.drawImage(video, 0, 0, 64, 32);
            seen.add(context.getImageData(0, 0, 64, 32).data.join());
          };
          const ended = new Promise((done) => (video.onended = done));
          await video.play();
          const timer = setInterval(look, 40);
          await ended;
          clearInterval(timer);
          const { videoWidth: width, videoHeight: height, currentTime: seconds } = video;
          return { width, height, seconds, pictures: seen.size };
        }""",
        list(webm),
    )
    assert played["width"] >= hand.grid.evaluate("grid => grid.clientWidth")
    assert played["height"] > 100
    assert played["seconds"] == pytest.approx(11 / 7, abs=0.8)
    assert played["pictures"] >= 5


def test_a_film_can_be_stopped_and_leaves_nothing(open_viewer: Open) -> None:
    hand = open_viewer("case=tall&tools=1")
    downloads: list[Download] = []
    hand.page.on("download", lambda download: downloads.append(download))
    progress = hand.root.get_by_role("progressbar", name="Recording")
    for cancel in ("key", "escape", "button"):
        hand.press("f")
        progress.wait_for()
        if cancel == "button":
            hand.root.get_by_role("button", name="Cancel").click()
        else:
            hand.press("f" if cancel == "key" else "Escape")
        progress.wait_for(state="hidden")
    hand.page.wait_for_timeout(500)
    assert not downloads


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("delete window.MediaRecorder", "This browser cannot record films: it has no MediaRecorder."),
        (
            "MediaRecorder.isTypeSupported = () => false",
            "This browser cannot record WebM: it has no encoder for VP8 or VP9.",
        ),
    ],
)
def test_a_browser_that_cannot_record_says_so(open_viewer: Open, page: Page, missing: str, sentence: str) -> None:
    page.add_init_script(missing)
    hand = open_viewer("case=cube&tools=1")
    hand.press("f")
    assert hand.root.locator(".take-away .said").inner_text() == sentence


def test_the_link_is_copied_or_shown(open_viewer: Open, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    hand = open_viewer("case=cube&tools=1")
    hand.press("c", "o")
    hand.rest()
    hand.press("u")
    said = hand.root.locator(".take-away .said")
    said.wait_for()
    assert said.inner_text() == "The link is on the clipboard."
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.url
    assert "plane=coronal" in copied
    assert "overlay=outline" in copied
    page.keyboard.press("Escape")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed')); }")
    hand.press("u")
    field = hand.root.get_by_label("Link to this view")
    field.wait_for()
    assert field.input_value() == copied
    chosen = field.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)")
    assert chosen == copied
