"""The images whose sequence is known, by head."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """Images (X, Y, Z) float32 in RAS+ of one head, by their true modality."""

    name: str
    group: str
    images: dict[str, Image]


def brats_heads(data: Path) -> list[Head]:
    """Read every complete BraTS case of three dimensions."""
    from core.data.layouts.brats import read_brats

    heads = []
    for folder in ("brats_africa", "brats_2021"):
        layout = read_brats(data / folder) if (data / folder).is_dir() else None
        for case in layout.cases if layout else ():
            images = {name: _nifti(source.file) for name, source in case.sources.items()}
            heads.append(Head(case.case_id, folder, images))
    return heads


def other_heads(data: Path) -> dict[str, list[Head]]:
    """Read what no coefficient was fitted on: other years, other preparations, heads with their skull."""
    study = data / "clinical_study" / "TCGA-FG-6692"
    raw = {"t1n": "*_t1.nii.gz", "t1c": "*_t1c.nii.gz", "t2w": "*_t2.nii.gz", "t2f": "*_fla.nii.gz"}
    groups = {
        "BraTS 2013, single slices": [
            _head(folder, "2013", {"t1n": "*_T1_*", "t1c": "*_T1C_*", "t2w": "*_T2_*", "t2f": "*_FLAIR_*"})
            for folder in sorted((data / "brats_2013_2d_nifti").glob("T*Data/*"))
        ],
        "clinical FLAIR, skull stripped": [_head(study / "prepared_by_brats_toolkit", "study", {"t2f": "fla_bet*"})],
        "clinical study, skull in place": [_head(study / "raw", "study", raw)],
        "FLAIR of a lesion set": [_head(data / "nifti_oddities" / "flair_lesion", "lesion", {"t2f": "FLAIR*"})],
        "LGG stacks, skull in place": [_lgg(folder) for folder in sorted((data / "lgg" / "kaggle_3m").glob("TCGA_*"))],
    }
    found = {name: [head for head in heads if head.images] for name, heads in groups.items()}
    return {name: heads for name, heads in found.items() if heads}


def _head(folder: Path, group: str, patterns: dict[str, str]) -> Head:
    images = {name: _nifti(file) for name, pattern in patterns.items() for file in sorted(folder.glob(pattern))[:1]}
    return Head(folder.name, group, images)


def _nifti(path: Path) -> Image:
    import nibabel as nib

    image = np.asarray(nib.Nifti1Image.from_filename(path).dataobj, np.float32)
    return image.reshape(*image.shape[:3], *(1,) * (3 - image.ndim))


def _lgg(folder: Path) -> Head:
    from PIL import Image as Picture

    files = [file for file in folder.glob("*.tif") if "mask" not in file.name]
    files.sort(key=lambda file: int(file.stem.rpartition("_")[2]))
    stack = np.stack([np.asarray(Picture.open(file), np.float32).transpose(1, 0, 2) for file in files], axis=2)
    return Head(folder.name, "lgg", {name: stack[..., i] for i, name in enumerate(("t1n", "t2f", "t1c"))})
