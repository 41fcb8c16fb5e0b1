"""Three ways to make random training batches of the same slices, each with and without augmentation."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from core.data.augment import PRESETS, Augmenter, augment_settings
from core.data.slicing import fit_slice
from core.data.store import SlicedCase
from core.recipe import DataSection
from core.training.batches.sampling import SliceSampler

DATA = DataSection()  # the default recipe's: four modalities, 192 x 224, z-scores
STRIDE = 32
STANDARD = PRESETS["standard"]
BATCH = 8

Image = npt.NDArray[np.float32]
Pair = tuple[Image, npt.NDArray[np.uint8]]


class Loader(Protocol):
    """Yields batches of images (N, C, H, W) and masks for ever."""

    def __call__(self, augmented: bool) -> Iterator[Any]: ...


def ours(cases: Sequence[SlicedCase]) -> Loader:
    """Return our sampler on the store's memory maps, in one thread, its memory used again as in a training."""

    def loader(augmented: bool) -> Iterator[Any]:
        data = DATA.model_copy(update={"tumour_share": 0.0})
        augment = Augmenter(augment_settings("standard" if augmented else "none"))
        sampler = SliceSampler(cases, data, 3, STRIDE, augment, 0)
        room = sampler.room(BATCH)
        step = 0
        while True:
            sampler.fill(room, step)
            yield room
            step += 1

    return loader


def monai(slices: Sequence[Pair]) -> Loader:
    """Return MONAI's CacheDataset, everything up to the padding kept in memory, and its transforms."""
    from monai import transforms as t
    from monai.data import CacheDataset, DataLoader
    from torch.utils.data import RandomSampler

    both = ["image", "label"]
    kept = [
        t.EnsureTyped(both),
        t.SpatialPadd(both, DATA.input_size),
    ]
    radians = np.radians(STANDARD.rotate_degrees)
    shift = [STANDARD.shift * side for side in DATA.input_size]  # type: ignore[union-attr]
    zoom = (STANDARD.zoom[0] - 1, STANDARD.zoom[1] - 1)
    varied = [
        t.RandFlipd(both, prob=STANDARD.flip_lr, spatial_axis=0),
        t.RandAffined(
            both, prob=STANDARD.affine_probability, rotate_range=radians, translate_range=shift,
            scale_range=(zoom, zoom), mode=("bilinear", "nearest"), padding_mode="zeros",
        ),
        t.RandScaleIntensityd("image", factors=STANDARD.gain, prob=STANDARD.intensity_probability, channel_wise=True),
        t.RandShiftIntensityd(
            "image", offsets=STANDARD.offset, prob=STANDARD.intensity_probability, channel_wise=True
        ),
        t.RandAdjustContrastd(
            "image", gamma=(1 / STANDARD.gamma, STANDARD.gamma), prob=STANDARD.intensity_probability, retain_stats=False
        ),
        t.RandGaussianNoised("image", prob=STANDARD.noise_probability, std=STANDARD.noise),
    ]  # fmt: skip
    items = [{"image": image, "label": mask[None]} for image, mask in slices]

    def loader(augmented: bool) -> Iterator[Any]:
        made = t.Compose(kept + (varied if augmented else []))
        dataset = CacheDataset(items, made, cache_rate=1.0, num_workers=1, progress=False)
        while True:
            yield from DataLoader(
                dataset, batch_size=BATCH, sampler=RandomSampler(dataset, replacement=True, num_samples=10**6)
            )

    return loader


def albumentations(slices: Sequence[Pair], folder: Path) -> Loader:
    """Return a PyTorch DataLoader over one `.npy` file a slice, prepared beforehand, and albumentations' classes."""
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    import albumentations as a
    import cv2
    import torch
    from torch.utils.data import DataLoader, Dataset, RandomSampler

    cv2.setNumThreads(1)
    for number, (image, mask) in enumerate(slices):
        np.save(folder / f"{number}-image.npy", np.ascontiguousarray(image.transpose(1, 2, 0)))
        np.save(folder / f"{number}-mask.npy", mask)
    height, width = DATA.input_size  # type: ignore[misc]
    pad = a.PadIfNeeded(height, width, border_mode=cv2.BORDER_CONSTANT)
    varied = [
        a.VerticalFlip(p=STANDARD.flip_lr),
        a.Affine(
            scale=STANDARD.zoom, rotate=(-STANDARD.rotate_degrees, STANDARD.rotate_degrees),
            translate_percent=(-STANDARD.shift, STANDARD.shift), p=STANDARD.affine_probability,
        ),
        a.RandomBrightnessContrast(STANDARD.offset, STANDARD.gain, p=STANDARD.intensity_probability),
        a.RandomGamma((100 / STANDARD.gamma, 100 * STANDARD.gamma), p=STANDARD.intensity_probability),
        a.GaussNoise(std_range=(0.0, STANDARD.noise), p=STANDARD.noise_probability),
    ]  # fmt: skip

    class Files(Dataset[Any]):
        def __init__(self, augmented: bool) -> None:
            self.transform = a.Compose([pad, *(varied if augmented else [])])

        def __len__(self) -> int:
            return len(slices)

        def __getitem__(self, number: int) -> Any:
            image, mask = (np.load(folder / f"{number}-{kind}.npy") for kind in ("image", "mask"))
            made = self.transform(image=image, mask=mask)
            return torch.from_numpy(np.ascontiguousarray(made["image"].transpose(2, 0, 1))), made["mask"]

    def loader(augmented: bool) -> Iterator[Any]:
        dataset = Files(augmented)
        while True:
            yield from DataLoader(
                dataset, batch_size=BATCH, sampler=RandomSampler(dataset, replacement=True, num_samples=10**6)
            )

    return loader


def prepared_slices(cases: Sequence[SlicedCase]) -> list[Pair]:
    """Return every head slice, prepared, and its region bits: what the others are given."""
    return [
        (case.prepared(index, DATA.modalities, DATA.preparing), case.reference_slice(index))
        for case in cases
        for index in range(len(case.slices))
    ]


def padded(image: Image) -> Image:
    """Return a slice in the canvas, as all three make it without augmentation."""
    return fit_slice((image.shape[1], image.shape[2]), DATA.input_size, STRIDE).place(image)
