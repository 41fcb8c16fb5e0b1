"""The same four files from several programs: one array of one case, (4, X, Y, Z)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.case import BRATS_MODALITIES, Case, Source

Files = Sequence[Path]
Contestant = Callable[[], npt.NDArray[Any] | None]  # None from those that only inflate


def segscope(files: Files) -> Contestant:
    """Read and stack as every import, segmentation and evaluation does."""
    from core.data.load import read_images, stack

    sources = {name: Source((file,), "nifti") for name, file in zip(BRATS_MODALITIES, files, strict=True)}
    case = Case("case", "case", "case", "patient", sources)

    def run() -> npt.NDArray[Any]:
        images = read_images(case)
        return stack([(name, image, 0) for name, image in images.items()]).voxels

    return run


def nibabel(files: Files) -> Contestant:
    """Load with nibabel in its default float64."""
    import nibabel as nib

    return lambda: np.stack([nib.load(file).get_fdata() for file in files])


def simpleitk(files: Files) -> Contestant:
    """Load with SimpleITK as stored; its arrays are (Z, Y, X)."""
    import SimpleITK

    return lambda: np.stack([SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(file))) for file in files])


def monai(files: Files) -> Contestant:
    """Load with MONAI's transform, which stacks a list of files by itself."""
    warnings.filterwarnings("ignore", module="monai")
    from monai.transforms.io.array import LoadImage

    load = LoadImage(image_only=True)
    return lambda: np.asarray(load([str(file) for file in files]))


def inflate_in_turn(files: Files) -> Contestant:
    """Read and inflate the bytes with ISA-L, one file after another, and do nothing with them."""
    from isal import isal_zlib

    sizes = [len(isal_zlib.decompress(file.read_bytes(), 31)) for file in files]

    def run() -> None:
        for file, size in zip(files, sizes, strict=True):
            isal_zlib.decompress(file.read_bytes(), 31, bufsize=size)

    return run


def inflate_two_threads(files: Files) -> Contestant:
    """Read and inflate the bytes with ISA-L, two files at a time, and do nothing with them."""
    from isal import isal_zlib

    sizes = [len(isal_zlib.decompress(file.read_bytes(), 31)) for file in files]

    def one(file: Path, size: int) -> int:
        return len(isal_zlib.decompress(file.read_bytes(), 31, bufsize=size))

    def run() -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(one, files, sizes))

    return run


CONTESTANTS: dict[str, Callable[[Files], Contestant]] = {
    "segscope": segscope,
    "nibabel": nibabel,
    "simpleitk": simpleitk,
    "monai": monai,
    "inflate_in_turn": inflate_in_turn,
    "inflate_two_threads": inflate_two_threads,
}
