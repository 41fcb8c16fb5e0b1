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


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """One training batch.

    Attributes:
        images: (N, C, H, W) float32, prepared and augmented.
        targets: (N, R, H, W) float32, 0 or 1 per region, or one-hot over exclusive classes.
    """

    images: npt.NDArray[np.float32]
    targets: npt.NDArray[np.float32]


class SliceSampler:
    """Draws training batches from cases of the slice store."""

    def __init__(
        self,
        cases: Sequence[SlicedCase],
        data: DataSection,
        regions: int,
        stride: int,
        augment: Augmenter,
        seed: int,
        class_bits: tuple[int, ...] = (),
    ) -> None:
        self._cases = cases
        self._data = data
        self._regions = regions
        self._class_bits = class_bits
        self._stride = stride
        self._augment = augment
        self._seed = seed
        everything = [(c, s) for c, case in enumerate(cases) for s in range(len(case.slices))]
        self._all = np.array(everything, np.int64).reshape(-1, 2)
        tumour = [cases[c].reference_slice(s).any() for c, s in everything]
        self._tumour = self._all[np.array(tumour, bool)]

    @property
    def slices(self) -> int:
        """How many head slices there are."""
        return len(self._all)

    @property
    def tumour_slices(self) -> int:
        return len(self._tumour)

    def batch(self, step: int, size: int) -> Batch:
        """Make the batch of one step."""
        seeds = np.random.SeedSequence([self._seed, step]).generate_state(size, np.uint64)
        drawn = [self._sample(int(seed)) for seed in seeds]
        height = max(image.shape[1] for image, _, _ in drawn)
        width = max(image.shape[2] for image, _, _ in drawn)
        canvas = fit_slice((height, width), self._data.input_size, self._stride).canvas
        samples = [self._place(image, mask, canvas, seed) for image, mask, seed in drawn]
        images = np.stack([image for image, _ in samples])
        bits = np.stack([mask for _, mask in samples])
        return Batch(images, target_channels(bits, self._regions, self._class_bits))

    def _sample(self, seed: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8], int]:
        rng = np.random.default_rng(seed)
        wants_tumour = rng.random() < self._data.tumour_share and len(self._tumour)
        pool = self._tumour if wants_tumour else self._all
        case_index, slice_index = pool[rng.integers(len(pool))]
        case = self._cases[int(case_index)]
        image = case.prepared(int(slice_index), self._data.modalities, self._data.preparing)
        return image, case.reference_slice(int(slice_index)), int(rng.integers(2**31))

    def _place(
        self, image: npt.NDArray[np.float32], mask: npt.NDArray[np.uint8], canvas: tuple[int, int], seed: int
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
        fit = fit_slice((image.shape[1], image.shape[2]), canvas, self._stride)
        return self._augment(fit.pad(image), fit.pad(mask), seed)
