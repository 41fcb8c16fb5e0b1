"""A known voxel is drawn in its place and in its colour, in every plane, whatever the spacing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.pages.viewer.conftest import Hand
from tests.pages.viewer.harness.volumes import BLOCK, MARKER_AT, SHAPE

Open = Callable[[str], Hand]

# axes along the screen's width and height, and which way they run under the radiological convention
SCREEN = {"axial": ((0, -1), (1, -1)), "coronal": ((0, -1), (2, -1)), "sagittal": ((1, -1), (2, -1))}
SPACING = {"cube": (1.0, 1.0, 1.0), "anisotropic": (1.0, 2.0, 4.0), "oblique": (1.0, 1.5, 3.0)}
WT, TC = (86, 180, 233), (230, 159, 0)
GREY_OF_BLOCK = BLOCK * 256 // 1000


def spot(hand: Hand, plane: str, spacing: tuple[float, ...], voxel: tuple[float, ...]) -> tuple[float, float]:
    """Where a voxel's centre lies in a panel.

    The head's box is one voxel smaller than the grid on every side. It fits between 26 px left and right,
    30 px on top and 14 px at the bottom, and lies in the middle of what is left.
    """
    width, height = hand.size()
    (u, u_sign), (v, v_sign) = SCREEN[plane]
    extent = [(SHAPE[axis] - 2) * spacing[axis] for axis in range(3)]
    middle = [(SHAPE[axis] - 1) / 2 for axis in range(3)]
    scale = min((width - 52) / extent[u], (height - 44) / extent[v])
    x = width / 2 + u_sign * (voxel[u] - middle[u]) * spacing[u] * scale
    y = 30 + (height - 44) / 2 + v_sign * (voxel[v] - middle[v]) * spacing[v] * scale
    return x, y


def go(hand: Hand, plane: str) -> None:
    """Show the marker's slice, with the crosshair elsewhere in it."""
    axis = {"axial": 2, "coronal": 1, "sagittal": 0}[plane]
    hand.strike("a", "Home", "c", "Home", "s", "Home", plane[0], *["ArrowDown"] * MARKER_AT[axis])


def voxel_pixels(hand: Hand, plane: str, spacing: tuple[float, ...]) -> tuple[float, float]:
    """How wide and high a voxel is on screen."""
    (u, _), (v, _) = SCREEN[plane]
    one = [1.0 if axis in (u, v) else 0.0 for axis in range(3)]
    (x0, y0), (x1, y1) = (spot(hand, plane, spacing, tuple(at)) for at in ([0.0] * 3, one))
    return abs(x1 - x0), abs(y1 - y0)


def is_on(hand: Hand, plane: str, spacing: tuple[float, ...], place: tuple[float, float]) -> bool:
    """Whether the white voxel lies there; a browser without a GPU interpolates in sixteenths of a voxel."""
    white = hand.white()
    wide, high = voxel_pixels(hand, plane, spacing)
    return white is not None and abs(white[0] - place[0]) <= 1 + wide / 16 and abs(white[1] - place[1]) <= 1 + high / 16


@pytest.mark.parametrize("case", ["cube", "anisotropic", "oblique"])
def test_the_marker_lies_on_its_voxel_and_its_neighbours_are_grey(open_viewer: Open, case: str) -> None:
    hand = open_viewer(f"case={case}")
    spacing = SPACING[case]
    for plane, ((u, _), (v, _)) in SCREEN.items():
        go(hand, plane)
        assert is_on(hand, plane, spacing, spot(hand, plane, spacing, MARKER_AT))
        for axis, step in ((u, -1), (u, 1), (v, -1), (v, 1)):
            beside = list(MARKER_AT)
            beside[axis] += step
            red, green, blue = hand.pixel(*spot(hand, plane, spacing, tuple(beside)))
            assert red == green == blue
            assert abs(red - GREY_OF_BLOCK) <= (255 - GREY_OF_BLOCK) / 8


def test_voxels_are_as_wide_and_high_as_in_the_patient(open_viewer: Open) -> None:
    """Halfway to a neighbour the marker's grey is halfway too, along every axis."""
    hand = open_viewer("case=anisotropic")
    for plane, ((u, _), (v, _)) in SCREEN.items():
        go(hand, plane)
        for axis in (u, v):
            between = [float(at) for at in MARKER_AT]
            between[axis] -= 0.5
            grey, *_ = hand.pixel(*spot(hand, plane, SPACING["anisotropic"], tuple(between)))
            assert abs(grey - (255 + GREY_OF_BLOCK) / 2) <= 20


def test_the_patients_right_front_and_top_are_where_radiologists_expect_them(open_viewer: Open) -> None:
    """The marker lies right, in front and above the middle; the other convention mirrors right and left only."""
    hand = open_viewer("case=anisotropic")
    width, height = hand.size()
    for plane in SCREEN:
        go(hand, plane)
        white = hand.white()
        assert white
        assert white[0] < width / 2
        assert white[1] < 30 + (height - 44) / 2
    hand.press("x")
    for plane in SCREEN:
        go(hand, plane)
        white = hand.white()
        assert white
        assert (white[0] > width / 2) == (plane != "sagittal")
        assert white[1] < 30 + (height - 44) / 2


def test_without_geometry_voxels_are_drawn_as_they_are_stored(open_viewer: Open) -> None:
    hand = open_viewer("case=nowhere")
    go(hand, "axial")
    width, height = hand.size()
    x, y = spot(hand, "axial", (1, 1, 1), MARKER_AT)
    # the column grows to the right and the row downwards
    assert is_on(hand, "axial", (1, 1, 1), (width - x, 30 + (height - 44) - (y - 30)))


def blend(colour: tuple[int, int, int], grey: int, opacity: float) -> tuple[float, ...]:
    return tuple(opacity * part + (1 - opacity) * grey for part in colour)


@pytest.mark.parametrize("case", ["cube", "anisotropic"])
def test_masks_lie_on_their_voxels_in_their_colours(open_viewer: Open, case: str) -> None:
    hand = open_viewer(f"case={case}")
    hand.press("o", "o")  # both, outline, fill
    hand.expect("mode", "fill")
    # a slice per plane, and in it a voxel of the whole tumour alone and one of the core in it
    slices = {
        "axial": (3, (6, 5, 3), (4, 4, 3)),
        "coronal": (4, (6, 4, 3), (4, 4, 3)),
        "sagittal": (5, (5, 3, 3), (5, 4, 3)),
    }
    for plane, (index, whole_tumour, core) in slices.items():
        go(hand, plane)
        hand.strike("Home", *["ArrowDown"] * index)
        for voxel, colour in ((whole_tumour, WT), (core, TC)):
            seen = hand.pixel(*spot(hand, plane, SPACING[case], voxel), panel=1)
            assert seen == pytest.approx(blend(colour, GREY_OF_BLOCK, 0.45), abs=3)
        red, green, blue = hand.pixel(*spot(hand, plane, SPACING[case], (9, 7, 5)), panel=1)
        assert red == green == blue


def test_errors_are_too_much_missed_and_right(open_viewer: Open) -> None:
    """The model's whole tumour lies one voxel further to the right than the reference."""
    hand = open_viewer("case=cube")
    go(hand, "axial")
    hand.strike("Home", "ArrowDown", "ArrowDown", "ArrowDown")
    dimmed = GREY_OF_BLOCK * 0.55
    for voxel, colour, opacity in (
        ((8, 5, 3), (213, 94, 0), 0.95),
        ((3, 5, 3), (204, 121, 167), 0.95),
        ((6, 5, 3), (170, 180, 192), 0.32),
    ):
        seen = hand.pixel(*spot(hand, "axial", SPACING["cube"], voxel), panel=3)
        assert seen == pytest.approx(blend(colour, round(dimmed), opacity), abs=3)


def test_the_ground_is_pure_black(open_viewer: Open) -> None:
    hand = open_viewer("case=cube")
    width, height = hand.size()
    assert hand.pixel(4, height - 4) == hand.pixel(width - 4, height - 60) == (0, 0, 0)
