"""The threshold what-if: fetched on demand, drawn at once, and scored as the server scores."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from core.evaluation.scoring import Scoring, score_case
from core.volume import Geometry
from tests.pages.viewer.conftest import Hand
from tests.pages.viewer.harness.volumes import CASES, DOUBT_AT, DOUBTS, REFERENCE
from tests.pages.viewer.test_pixels import GREY_OF_BLOCK, WT, blend, spot

Open = Callable[[str], Hand]

CASE = CASES["doubt"]
SPACING = (1.0, 2.0, 4.0)
REGIONS = ("WT", "TC")
PANEL_OF = {"Ground truth": 1, "Model": 2, "Second": 3, "Third": 4}


def open_tool(hand: Hand) -> None:
    hand.root.get_by_role("button", name="Threshold", exact=True).click()
    hand.expect("probabilities", "1.000")


def slide(hand: Hand, threshold: int) -> None:
    """Move the slider as a hand does, and wait for one frame."""
    slider = hand.root.get_by_role("slider", name="Threshold")
    slider.evaluate(
        "(input, to) => { input.value = String(to); input.dispatchEvent(new Event('input', { bubbles: true })); }",
        threshold,
    )
    hand.rest()


def told(hand: Hand, model: str, region: str) -> dict[str, str]:
    """What the panel says of a threshold that is tried, as it keeps it."""
    line = hand.panels.nth(PANEL_OF[model]).locator(f".scores [data-region={region}] .tried")
    line.wait_for(timeout=5_000)
    values: dict[str, str] = line.evaluate("line => ({ ...line.dataset, words: line.textContent })")
    return values


def expected(model: str, region: str, threshold: int) -> dict[str, float | int | str | None]:
    """The server's scores of the same bytes at that threshold."""
    said = DOUBTS[model]
    bit = REGIONS.index(region)
    thresholds = tuple(threshold if r == bit else own for r, own in enumerate(said.thresholds))
    mask = type(said)(said.probabilities, said.box, said.shape, said.regions, thresholds, said.checkpoint_id).mask()
    assert CASE.affine is not None
    return score_case(mask, REFERENCE, REGIONS, Geometry(CASE.affine), scoring=Scoring(("dice",)))[region]


def test_nothing_is_fetched_until_somebody_asks(page: Page, harness: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/volumes/" in request.url else None)
    page.goto(f"{harness}/?case=doubt&tools")
    hand = Hand(page, page.locator(".segscope-viewer"))
    hand.root.wait_for(timeout=30_000)
    hand.expect("ready", "true", 20_000)
    hand.rest()
    page.wait_for_timeout(300)
    hashes = {url.split("/volumes/")[1].split("/")[0] for url in asked}
    # two images, the reference and three masks
    assert len(hashes) == 6
    open_tool(hand)
    hashes = {url.split("/volumes/")[1].split("/")[0] for url in asked}
    assert len(hashes) == 6 + 3 * len(REGIONS)


def test_dice_and_volume_are_the_servers_at_every_threshold(open_viewer: Open) -> None:
    hand = open_viewer("case=doubt&tools")
    runs = hand.runs
    open_tool(hand)
    for region in ("TC", "WT"):
        hand.root.get_by_role("radiogroup", name="Threshold of region").get_by_role("radio", name=region).click()
        for threshold in (1, 60, 107, 128, 200, 255):
            slide(hand, threshold)
            for model in DOUBTS:
                found, right = told(hand, model, region), expected(model, region, threshold)
                # the shortest text of a double is that double again
                assert float(found["dice"]) == right["dice"]
                assert int(found["voxels"]) == right["prediction_voxels"]
                assert float(found["ml"]) == pytest.approx(right["volume_ml"], rel=1e-12)
                said = f"at {threshold / 255:.2f}: {right['dice']:.3f} before clean-up · {right['volume_ml']:.1f} ml"
                assert found["words"] == said
    assert hand.panels.nth(2).locator(".scores").inner_text().startswith("WT 0.500\nat 1.00: ")
    assert hand.runs == runs
    # the models' own thresholds differ, so no single one is marked; of one model it is
    assert hand.root.locator(".threshold .own").is_hidden()
    hand.root.get_by_label("Threshold of model").select_option("Third")
    hand.rest()
    assert hand.root.locator(".threshold .own").is_visible()
    own = hand.root.locator(".threshold .own").evaluate("own => Number(own.style.getPropertyValue('--share'))")
    assert own == pytest.approx((60 - 1) / 254)
    slide(hand, 77)
    assert (told(hand, "Third", "WT")["threshold"], told(hand, "Model", "WT")["threshold"]) == ("77", "255")
    hand.root.get_by_role("button", name="Reset").click()
    hand.rest()
    assert hand.root.locator(".tried").count() == 0


def test_the_slider_redraws_masks_and_errors_in_the_next_frame(open_viewer: Open) -> None:
    """The model says 64 at one voxel, so it belongs to the whole tumour up to that threshold and not above."""
    hand = open_viewer("case=doubt&tools")
    open_tool(hand)
    hand.press("o", "o")
    hand.expect("mode", "fill")
    at = spot(hand, "axial", SPACING, DOUBT_AT)
    for threshold, inside in ((64, True), (65, False), (128, False), (64, True)):
        slide(hand, threshold)
        colour = blend(WT, GREY_OF_BLOCK, 0.45) if inside else (GREY_OF_BLOCK,) * 3
        assert hand.pixel(*at, panel=PANEL_OF["Model"]) == pytest.approx(colour, abs=3)
        # the voxel lies in the reference: right, else missed
        error, opacity = ((170, 180, 192), 0.32) if inside else ((204, 121, 167), 0.95)
        seen = hand.pixel(*at, panel=5)
        assert seen == pytest.approx(blend(error, round(GREY_OF_BLOCK * 0.55), opacity), abs=3)


def test_keys_alone_do_it(open_viewer: Open) -> None:
    hand = open_viewer("case=doubt&tools")
    runs = hand.runs
    hand.press("<")
    hand.expect("probabilities", "1.000")
    assert told(hand, "Model", "WT")["threshold"] == "127"
    hand.press(">", ">", ">")
    hand.rest()
    assert told(hand, "Model", "WT")["threshold"] == "130"
    slider = hand.root.get_by_role("slider", name="Threshold")
    slider.focus()
    hand.page.keyboard.press("ArrowRight")
    hand.rest()
    assert told(hand, "Model", "WT")["threshold"] == "131"
    spoken = slider.get_attribute("aria-valuetext") or ""
    assert spoken.startswith("0.51; Model at 0.51: ")
    assert "before clean-up" in spoken
    hand.page.keyboard.press("Tab")
    hand.page.keyboard.press("Enter")  # reset
    hand.rest()
    assert hand.root.locator(".tried").count() == 0
    hand.press("?")
    assert hand.root.locator(".help").get_by_text("threshold what-if").count() == 2
    assert hand.runs == runs


def test_a_link_with_thresholds_opens_with_what_was_tried(open_viewer: Open) -> None:
    """Thresholds go by the mask's place: the second is the first model, at 64 for WT and at its own for TC."""
    hand = open_viewer("case=doubt&tools&thresholds=2.64.128&map=disagreement&of=3")
    assert float(told(hand, "Model", "WT")["dice"]) == expected("Model", "WT", 64)["dice"]
    assert hand.root.get_by_role("slider", name="Threshold").is_hidden()
    assert hand.panels.nth(5).locator(".caption").inner_text().startswith("Disagreement")
    hand.press("e")
    hand.rest()
    assert hand.panels.nth(5).locator(".map-who").inner_text().startswith("Second")


def test_without_a_reference_there_is_a_volume_and_no_score(open_viewer: Open) -> None:
    hand = open_viewer("case=untold&tools")
    hand.press(">")
    hand.expect("probabilities", "1.000")
    line = hand.panels.nth(1).locator(".tried")
    line.wait_for(timeout=5_000)
    voxels = int((DOUBTS["Model"].probabilities[0] >= 129).sum())
    assert line.inner_text() == f"at 0.51: {voxels / 1000:.1f} ml before clean-up"


def test_a_region_that_the_reference_does_not_have_has_no_dice(open_viewer: Open) -> None:
    """Two voxels say 10 and 200; the policy leaves such a region out, whatever the model says."""
    hand = open_viewer("case=doubt")
    module = hand.page.evaluate("document.querySelector('link[href$=\"threshold_counts.js\"]').href")
    at = """async ([module, counts, threshold]) => {
      const { diceAt } = await import(module);
      const lists = (size) => Uint32Array.from({ length: 257 }, (_, t) => (t <= 10 ? size : t <= 200 ? size / 2 : 0));
      return diceAt({ predicted: lists(2), shared: lists(counts.shared), reference: counts.reference }, threshold);
    }"""
    for counts, threshold, value, reason in (
        ({"shared": 0, "reference": 0}, 11, None, "the reference is empty"),
        ({"shared": 0, "reference": 0}, 201, None, "reference and prediction are empty"),
        ({"shared": 0, "reference": None}, 11, None, "there is no reference"),
        ({"shared": 2, "reference": 3}, 11, 2 / 4, ""),
        ({"shared": 2, "reference": 3}, 201, 0, ""),
    ):
        assert hand.page.evaluate(at, [module, counts, threshold]) == {"value": value, "reason": reason}


def test_the_line_under_the_panels_follows_when_the_hand_rests(open_viewer: Open) -> None:
    hand = open_viewer("case=doubt&tools")
    open_tool(hand)
    strip = hand.root.locator(".track canvas")
    before = strip.evaluate("canvas => canvas.toDataURL()")
    slide(hand, 250)
    hand.page.wait_for_timeout(400)
    assert strip.evaluate("canvas => canvas.toDataURL()") != before


def test_a_model_that_cleans_its_mask_up_is_left_alone_and_the_tool_says_why(open_viewer: Open) -> None:
    why = "Model: off, its mask is cleaned up after the threshold"
    hand = open_viewer("case=doubt&tools&cleaned=Model&thresholds=2.64.128")
    assert hand.root.locator(".tried").count() == 0, "nor does a link move it"
    open_tool(hand)
    assert hand.root.get_by_text(why).is_visible()
    slide(hand, 64)
    assert float(told(hand, "Second", "WT")["dice"]) == expected("Second", "WT", 64)["dice"]
    assert hand.panels.nth(PANEL_OF["Model"]).locator(".tried").count() == 0


def test_where_every_model_cleans_up_there_is_no_slider_to_move(open_viewer: Open) -> None:
    hand = open_viewer(f"case=doubt&tools&cleaned={','.join(DOUBTS)}")
    hand.root.get_by_role("button", name="Threshold", exact=True).click()
    hand.root.get_by_text("Model: off, its mask is cleaned up after the threshold").wait_for(timeout=5_000)
    assert hand.root.get_by_role("slider", name="Threshold").is_hidden()
    hand.press(">")
    hand.rest()
    assert hand.root.locator(".tried").count() == 0
