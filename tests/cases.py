"""A small world of made-up scans: BraTS-like cases of a few thousand voxels, with a bright blob for a tumour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt

from core.case import BRATS_MODALITIES

Array = npt.NDArray[Any]

SHAPE = (26, 24, 16)
OLD_NAMES = {"t1n": "t1", "t1c": "t1ce", "t2w": "t2", "t2f": "flair"}
# voxel index to mm; what stands first in the name runs along the first axis
AFFINES = {
    "RAS": np.array([[1.0, 0, 0, -12], [0, 1.5, 0, -10], [0, 0, 2.0, 5], [0, 0, 0, 1]]),
    "LPS": np.array([[-1.0, 0, 0, 12], [0, -1.5, 0, 10], [0, 0, 2.0, 5], [0, 0, 0, 1]]),
}


def head(shape: Sequence[int] = SHAPE) -> npt.NDArray[np.bool_]:
    """An ellipsoid that leaves two slices of air at each end of every axis."""
    axes = np.meshgrid(*(np.linspace(-1, 1, n) * n / (n - 4) for n in shape), indexing="ij")
    return np.asarray(sum(axis**2 for axis in axes) < 1)


def tumour_labels(seed: int, shape: Sequence[int] = SHAPE) -> npt.NDArray[np.uint8]:
    """A blob in labels of BraTS 2023: oedema 2 around a rim 3 around a core 1."""
    rng = np.random.default_rng([seed, 1])
    centre = [n / 2 + rng.uniform(-0.12, 0.12) * n for n in shape]
    index = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    radius = np.sqrt(sum((i - c) ** 2 for i, c in zip(index, centre, strict=True)))
    labels = np.zeros(shape, np.uint8)
    for size, label in ((5.0, 2), (3.4, 3), (1.9, 1)):
        labels[radius < size] = label
    return np.where(head(shape), labels, 0).astype(np.uint8)


def channels(seed: int, labels: npt.NDArray[np.uint8]) -> dict[str, npt.NDArray[np.int16]]:
    """Four modalities: noise inside the head, the tumour bright where that modality shows it."""
    rng = np.random.default_rng([seed, 2])
    shows = {"t1n": ((1, -60),), "t1c": ((3, 300),), "t2w": ((1, 200), (2, 150), (3, 150)),
             "t2f": ((1, 250), (2, 250), (3, 250))}  # fmt: skip
    found = {}
    for name in BRATS_MODALITIES:
        values = rng.integers(90, 130, labels.shape)
        for label, brighter in shows[name]:
            values[labels == label] += brighter
        found[name] = np.where(head(labels.shape), values, 0).astype(np.int16)
    return found


def write_nifti(
    path: Path, voxels: Array, affine: Array | None = None, *, sform: int = 1, qform: int = 1, **fields: Any
) -> Path:
    """Write voxels as they are, with these form codes; `fields` are set in the header last."""
    affine = AFFINES["RAS"] if affine is None else affine
    image = nib.Nifti1Image(voxels, affine, dtype=voxels.dtype)
    image.set_qform(affine, code=qform)
    image.set_sform(affine, code=sform)
    image.header.set_slope_inter(1, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(image, path)
    if fields:
        assert path.suffix == ".nii"
        set_header(path, **fields)
    return path


def set_header(path: Path, **fields: Any) -> None:
    """Overwrite header fields of an uncompressed NIfTI-1 file, whatever they then say."""
    content = bytearray(path.read_bytes())
    header = nib.Nifti1Header(bytes(content[:348]), check=False)
    for name, value in fields.items():
        header.structarr[name] = value
    content[:348] = header.binaryblock
    path.write_bytes(content)


def write_case(
    folder: Path,
    case_id: str,
    seed: int,
    *,
    affine: Array | None = None,
    shape: Sequence[int] = SHAPE,
    old_names: bool = False,
    suffix: str = ".nii.gz",
    without: Sequence[str] = (),
    relabel: Mapping[int, int] | None = None,
    healthy: bool = False,
    **forms: int,
) -> Path:
    """Write one BraTS case into a folder of its own and return that folder.

    Args:
        folder: the cohort's.
        case_id: names folder and files.
        seed: decides every voxel.
        affine: of every file.
        shape: of every file.
        old_names: `_flair` instead of `-t2f` and so on.
        suffix: of every file.
        without: parts that are left out.
        relabel: label values to write instead of others.
        healthy: leave the tumour out.
        forms: `sform` and `qform` codes.
    """
    labels = tumour_labels(seed, shape)
    if healthy:
        labels[:] = 0
    parts: dict[str, Array] = dict(channels(seed, labels))
    written = labels.copy()
    for old, new in (relabel or {}).items():
        written[labels == old] = new
    parts["seg"] = written
    case = folder / case_id
    for part, voxels in parts.items():
        if part not in without:
            name = f"{case_id}_{OLD_NAMES.get(part, part)}" if old_names else f"{case_id}-{part}"
            write_nifti(case / f"{name}{suffix}", voxels, affine, **forms)
    return case


def case_id(patient: int, visit: int = 0) -> str:
    return f"BraTS-TST-{patient:05d}-{visit:03d}"


def write_cohort(folder: Path, patients: int) -> Path:
    """Write a cohort of patients 1 to `patients`, each with one visit, uncompressed."""
    for patient in range(1, patients + 1):
        write_case(folder, case_id(patient), patient, suffix=".nii")
    return folder
