"""Which slices make a batch: a function of (seed, step, sample), so nothing has to be remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.data.augment import Augmenter
from core.data.slicing import fit_slice
from core.data.store import SlicedCase
from core.data.targets import target_channels
from core.recipe import DataSection

Places = npt.NDArray[np.int64]  # (n, 2): which case, which of its stored slices
Image = npt.NDArray[np.float32]
Mask = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """One training batch.

    Attributes:
        images: (N, C, H, W) float32, prepared and augmented.
        targets: (N, R, H, W) float32, 0 or 1 per region, or one-hot over exclusive classes.
    """

    images: Image
    targets: Image


@dataclass(frozen=True, slots=True, eq=False)
class SlicePools:
    """Where slices are drawn from.

    Attributes:
        all: every head slice.
        tumour: those whose reference is not empty.
        free: those whose reference is empty.
        kinds: for each region, or exclusive class, that occurs anywhere: the slices that have it.
    """

    all: Places
    tumour: Places
    free: Places
    kinds: tuple[Places, ...]


def pool_slices(
    cases: Sequence[SlicedCase],
    regions: int,
    class_bits: Sequence[int] = (),
    chosen: Sequence[npt.NDArray[np.bool_]] | None = None,
) -> SlicePools:
    """Look through the references once and sort the slices.

    Args:
        cases: of the training part.
        regions: how many there are.
        class_bits: the region bits of each exclusive class, background first; nothing for overlapping regions.
        chosen: for each case which of its stored slices there are to draw from, (S,); None takes them all.
    """
    places = np.array([(c, s) for c, case in enumerate(cases) for s in range(len(case.slices))], np.int64)
    places = places.reshape(-1, 2)
    if chosen is not None:
        places = places[np.concatenate([np.zeros(0, bool), *chosen])]
    kinds = class_bits[1:] if class_bits else [1 << region for region in range(regions)]
    has = np.zeros((len(places), len(kinds)), bool)
    tumour = np.zeros(len(places), bool)
    for number, (case, position) in enumerate(places):
        bits = cases[case].reference_slice(int(position))
        if not bits.any():
            continue
        tumour[number] = True
        present = np.bincount(bits[bits > 0], minlength=256) > 0
        for kind, value in enumerate(kinds):
            has[number, kind] = present[value] if class_bits else present[np.arange(256) & value > 0].any()
    by_kind = (places[has[:, kind]] for kind in range(len(kinds)))
    return SlicePools(places, places[tumour], places[~tumour], tuple(pool for pool in by_kind if len(pool)))


class SliceSampler:
    """Draws training batches from cases of the slice store.

    Sample i of a step depends on the seed, the step and i alone: a step may be made in parts, by any process.
    """

    def __init__(
        self,
        cases: Sequence[SlicedCase],
        data: DataSection,
        regions: int,
        stride: int,
        augment: Augmenter,
        seed: int,
        class_bits: tuple[int, ...] = (),
        chosen: Sequence[npt.NDArray[np.bool_]] | None = None,
    ) -> None:
        self._cases = cases
        self._data = data
        self._regions = regions
        self._class_bits = class_bits
        self._stride = stride
        self._augment = augment
        self._seed = seed
        self._pools = pool_slices(cases, regions, class_bits, chosen)
        # of all cases, not of those drawn: every part of a step, and every step, has the same canvas
        largest = tuple(max((case.slices.shape[axis] for case in cases), default=1) for axis in (2, 3))
        self.canvas = fit_slice((largest[0], largest[1]), data.input_size, stride).canvas

    @property
    def slices(self) -> int:
        """How many head slices there are."""
        return len(self._pools.all)

    @property
    def tumour_slices(self) -> int:
        return len(self._pools.tumour)

    @property
    def channels(self) -> tuple[int, int]:
        """How many channels an image and a target have."""
        inputs = len(self._data.modalities) * (1 + 2 * self._data.neighbours)
        return inputs, len(self._class_bits) or self._regions

    def batch(self, step: int, size: int, first: int = 0) -> Batch:
        """Make samples `first` to `first + size - 1` of one step."""
        room = self.room(size)
        self.fill(room, step, first)
        return room

    def shapes(self, size: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the shapes of a batch's images and targets."""
        inputs, outputs = self.channels
        return (size, inputs, *self.canvas), (size, outputs, *self.canvas)

    def room(self, size: int) -> Batch:
        """Return a batch to be filled."""
        images, targets = self.shapes(size)
        return Batch(np.empty(images, np.float32), np.empty(targets, np.float32))

    def fill(self, batch: Batch, step: int, first: int = 0) -> None:
        """Write the samples of one step from `first` on over `batch`, as many as it holds."""
        size = len(batch.images)
        seeds = np.random.SeedSequence([self._seed, step]).generate_state(first + size, np.uint64)[first:]
        for number, seed in enumerate(seeds):
            rng = np.random.default_rng(int(seed))
            case, position = draw_slice(self._pools, self._data, rng)
            image, mask = self.vary(*self.read(case, position), int(rng.integers(2**31)))
            batch.images[number] = image
            batch.targets[number] = target_channels(mask[None], self._regions, self._class_bits)[0]

    def tumour_slice(self, rng: np.random.Generator) -> tuple[int, int] | None:
        """Draw a slice with tumour: which case, and which of its stored slices; None where there is none."""
        return _tumour_slice(self._pools, self._data, rng) if len(self._pools.tumour) else None

    def read(self, case: int, position: int) -> tuple[Image, Mask]:
        """Read one stored slice into the canvas: prepared channels (C, H, W) and region bits (H, W)."""
        sliced, data = self._cases[case], self._data
        image = sliced.prepared(position, data.modalities, data.preparing, data.window, data.neighbours)
        shape = (image.shape[1], image.shape[2])
        size = data.input_size if isinstance(data.input_size, int) else self.canvas
        fit = fit_slice(shape, size, self._stride)
        return fit.place(image), fit.place_mask(sliced.reference_slice(position))

    def vary(self, image: Image, mask: Mask, seed: int) -> tuple[Image, Mask]:
        """Augment a slice that lies in the canvas."""
        return self._augment(image, mask, seed, 1 + 2 * self._data.neighbours)


def draw_slice(pools: SlicePools, data: DataSection, rng: np.random.Generator) -> tuple[int, int]:
    """Draw one slice: with tumour as often as `tumour_share` says, the rest by `tumour_free_share`.

    Returns:
        Which case, and which of its stored slices.
    """
    if rng.random() < data.tumour_share and len(pools.tumour):
        return _tumour_slice(pools, data, rng)
    if data.tumour_free_share is not None and len(pools.tumour):
        if not len(pools.free) or rng.random() >= data.tumour_free_share:
            return _tumour_slice(pools, data, rng)
        return _any_of(pools.free, rng)
    return _any_of(pools.all, rng)


def _tumour_slice(pools: SlicePools, data: DataSection, rng: np.random.Generator) -> tuple[int, int]:
    if data.class_balance and pools.kinds:
        return _any_of(pools.kinds[rng.integers(len(pools.kinds))], rng)
    return _any_of(pools.tumour, rng)


def _any_of(pool: Places, rng: np.random.Generator) -> tuple[int, int]:
    case, position = pool[rng.integers(len(pool))]
    return int(case), int(position)
