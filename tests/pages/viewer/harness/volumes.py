"""Small volumes whose every voxel is known."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from core.inference.prediction import Prediction, Uncertainty
from core.volume import Box

Affine = npt.NDArray[np.float64] | None

SHAPE = (12, 10, 8)
BLOCK = 400
MARKER = 1000
# the right, front, upper part of the head: on the left and on top of every radiological view
MARKER_AT = (9, 7, 5)
WINDOW = (0.0, 1000.0)
LARGE_FROM_BYTES = 8 * 1024**2
OBLIQUE_DEGREES = 12.0


@dataclass(frozen=True)
class Known:
    """One case of the harness."""

    image: npt.NDArray[np.int16]
    affine: Affine
    masks: dict[str, npt.NDArray[np.uint8]] = field(default_factory=dict)
    probabilities: dict[str, Prediction] = field(default_factory=dict)


def _head(shape: tuple[int, int, int] = SHAPE) -> npt.NDArray[np.int16]:
    """A block one voxel away from every side, with one bright voxel."""
    image = np.zeros(shape, np.int16)
    image[1:-1, 1:-1, 1:-1] = BLOCK
    image[MARKER_AT] = MARKER
    return image


def _boxes(*boxes: tuple[slice, slice, slice]) -> npt.NDArray[np.uint8]:
    mask = np.zeros(SHAPE, np.uint8)
    for bit, box in enumerate(boxes):
        mask[box] |= 1 << bit
    return mask


def _affine(x: float, y: float, z: float) -> npt.NDArray[np.float64]:
    affine = np.diag([x, y, z, 1.0])
    affine[:3, 3] = (-10.0, 20.0, 5.0)
    return affine


def _oblique() -> npt.NDArray[np.float64]:
    turn = np.deg2rad(OBLIQUE_DEGREES)
    rotation = np.eye(4)
    rotation[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    turned: npt.NDArray[np.float64] = rotation @ _affine(1.0, 1.5, 3.0)
    return turned


# reference: WT 5 x 4 x 3 voxels, TC 2 x 2 x 2 of them; the model's WT lies one voxel further to the right
REFERENCE = _boxes((slice(3, 8), slice(3, 7), slice(2, 5)), (slice(4, 6), slice(4, 6), slice(2, 4)))
MODEL = _boxes((slice(4, 9), slice(3, 7), slice(2, 5)), (slice(4, 6), slice(4, 6), slice(2, 4)))
MASKS = {"Ground truth": REFERENCE, "Model": MODEL}


def _tall(depth: int = 60) -> Known:
    """Enough slices to scroll through; each has its own grey."""
    image = np.zeros((24, 20, depth), np.int16)
    image[1:-1, 1:-1, :] = np.arange(1, depth + 1)[None, None, :] * 10
    mask = np.zeros(image.shape, np.uint8)
    mask[8:14, 8:14, 20:31] = 1
    mask[10:12, 10:12, 24:27] |= 2
    late = np.zeros(image.shape, np.uint8)
    late[8:14, 8:14, 22:33] = 1
    return Known(image, _affine(1, 1, 1), {"Ground truth": mask, "Model": late})


def _large() -> Known:
    """Twenty-four slices of half a megabyte each; every slice has its own grey."""
    image = np.zeros((512, 512, 24), np.int16)
    image[:, :, :] = np.arange(1, 25)[None, None, :] * 40
    image[0, 0, 0] = 0  # the background, so that the box is the whole grid
    return Known(image, _affine(0.5, 0.5, 4.0))


# what three models say about the cube's regions, in 255ths; outside this box they say 0
DOUBT_BOX = Box((2, 2, 1), (10, 8, 6))
DOUBT_AT = (5, 5, 3)


def _said(seed: int, thresholds: tuple[int, int]) -> Prediction:
    """Every q occurs somewhere; the voxel at `DOUBT_AT` says 64 for WT and 0 for TC, its left neighbour is certain."""
    q = np.random.default_rng(seed).integers(0, 256, (2, *DOUBT_BOX.shape)).astype(np.uint8)
    x, y, z = (at - start for at, start in zip(DOUBT_AT, DOUBT_BOX.start, strict=True))
    q[:, x, y, z] = (64, 0)
    q[:, x + 1, y, z] = (255, 0)
    return Prediction(q, DOUBT_BOX, SHAPE, ("WT", "TC"), thresholds, f"{seed:064x}")


def _lesions() -> Known:
    """Three lesions on voxels of 2 mm³, one of them a ring; the model misses it and invents another."""
    shape = (40, 36, 30)
    reference = np.zeros(shape, np.uint8)
    reference[5:9, 5:9, 3:8] = 1
    reference[4:10, 4:10, 6] = 1
    reference[20:27, 10:17, 12] = 1
    reference[21:26, 11:16, 12] = 0
    # touches the ring at one corner only
    reference[27, 17, 13] = 1
    reference[10:14, 25:30, 20:25] = 1
    model = reference.copy()
    model[:, :, 12:14] = 0
    model[:, :, 20:22] = 0
    model[28:34, 4:9, 15:17] = 1
    masks = {"Ground truth": reference, "Model": model, "Second": reference.copy()}
    return Known(_head(shape), _affine(1, 1, 2), masks)


def _opinions() -> Uncertainty:
    """Of three members: at `DOUBT_AT` entropy and disagreement of WT are 207 and 102, of TC 51 and 255; elsewhere 0."""
    maps = np.zeros((2, 2, *DOUBT_BOX.shape), np.uint8)
    x, y, z = (at - start for at, start in zip(DOUBT_AT, DOUBT_BOX.start, strict=True))
    maps[:, :, x, y, z] = [[207, 51], [102, 255]]
    return Uncertainty(maps, "members", 3)


DOUBTS = {"Model": _said(1, (128, 128)), "Second": _said(2, (128, 90)), "Third": _said(3, (60, 128))}

CASES: dict[str, Known] = {
    "doubt": Known(
        _head(),
        _affine(1, 2, 4),
        {"Ground truth": REFERENCE, **{name: said.mask() for name, said in DOUBTS.items()}},
        DOUBTS,
    ),
    "opinions": Known(
        _head(),
        _affine(1, 2, 4),
        {"Ground truth": REFERENCE, **{name: said.mask() for name, said in DOUBTS.items()}},
        {**DOUBTS, "Second": replace(DOUBTS["Second"], uncertainty=_opinions())},
    ),
    "untold": Known(_head(), _affine(1, 1, 1), {name: said.mask() for name, said in DOUBTS.items()}, DOUBTS),
    "cube": Known(_head(), _affine(1, 1, 1), MASKS),
    "anisotropic": Known(_head(), _affine(1, 2, 4), MASKS),
    "oblique": Known(_head(), _oblique(), MASKS),
    "nowhere": Known(_head(), None, MASKS),
    "flat": Known(_head()[:, :, 5:6].copy(), None),
    "bare": Known(_head(), _affine(1, 1, 1)),
    "tall": _tall(),
    "large": _large(),
    "lesions": _lesions(),
}


def second_image(case: Known) -> npt.NDArray[Any]:
    """A second sequence: the same head, inverted."""
    return np.where(case.image > 0, MARKER + BLOCK - case.image, 0).astype(np.int16)
