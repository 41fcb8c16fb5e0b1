"""Phantoms as files: BraTS 2023 names, NIfTI, each case complete or absent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.atomic import new_folder
from core.case import BRATS_MODALITIES
from core.data.phantom.generate import Phantom, make_phantom
from core.data.phantom.traits import PhantomTraits

# Level 1 of ISA-L: a third larger than zlib's level 6 and an order of magnitude faster.
GZIP_LEVEL = 1


def write_phantom(phantom: Phantom, folder: Path, case_id: str) -> Path:
    """Write one phantom as a BraTS 2023 case and return its folder.

    The folder gets its name only when all five files are in it; equal phantoms give equal bytes.

    Args:
        phantom: what to write, in the orientation that its traits name.
        folder: the cohort's folder.
        case_id: such as `BraTS-PHM-00001-000`; names the case's folder and its files.
    """
    target = folder / case_id
    with new_folder(target) as temporary:
        for modality, voxels in zip(BRATS_MODALITIES, phantom.voxels, strict=True):
            _write_image(temporary / f"{case_id}-{modality}.nii.gz", voxels, phantom)
        _write_image(temporary / f"{case_id}-seg.nii.gz", phantom.labels, phantom)
    return target


def write_cohort(
    folder: Path,
    traits: Sequence[PhantomTraits],
    workers: int = 2,
    on_written: Callable[[int, Path], None] | None = None,
) -> list[Path]:
    """Make and write a cohort in several processes; the case ids hold the seeds.

    Args:
        folder: where the case folders go.
        traits: the patients, written in this order.
        workers: processes; 1 makes them in this one.
        on_written: called with a patient's place in `traits` and its folder, in that order, as soon as it is there.

    Returns:
        The case folders, in the order of `traits`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    if workers <= 1:
        for patient in traits:
            _report(paths, _write_one(folder, patient), on_written)
        return paths
    # spawn: a fork of a process that holds threads may hang
    with ProcessPoolExecutor(min(workers, len(traits)) or 1, mp_context=get_context("spawn")) as pool:
        for path in pool.map(_write_one, [folder] * len(traits), traits):
            _report(paths, path, on_written)
    return paths


def _report(paths: list[Path], path: Path, on_written: Callable[[int, Path], None] | None) -> None:
    paths.append(path)
    if on_written is not None:
        on_written(len(paths) - 1, path)


def _write_one(folder: Path, traits: PhantomTraits) -> Path:
    return write_phantom(make_phantom(traits), folder, traits.case_id)


def _write_image(path: Path, voxels: npt.NDArray[Any], phantom: Phantom) -> None:
    import nibabel as nib
    from isal import igzip
    from nibabel.orientations import axcodes2ornt, inv_ornt_aff, io_orientation, ornt_transform

    change = ornt_transform(io_orientation(phantom.affine), axcodes2ornt(tuple(phantom.traits.orientation)))
    turned = nib.orientations.apply_orientation(voxels, change)
    affine = phantom.affine @ inv_ornt_aff(change, voxels.shape)
    image = nib.Nifti1Image(np.asarray(turned), affine)
    image.header.set_xyzt_units("mm", "sec")
    image.set_sform(affine, code=1)
    image.set_qform(affine, code=1)
    path.write_bytes(igzip.compress(image.to_bytes(), GZIP_LEVEL, mtime=0))
