"""Does the mask that was written lie on its input? Asked of nibabel and Pillow, not of the program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from PIL import Image

from core.case import Case

NIFTI = (".nii", ".nii.gz")


def check(mask: Path, case: Case, codes: set[int]) -> dict[str, Any]:
    """Hold a mask's header and values against the files of its case.

    Args:
        mask: the NIfTI file that `segment` wrote.
        case: the input.
        codes: the label values that may stand in it, background included.

    Returns:
        What was found, and under `wrong` what is not as it has to be.
    """
    image = nib.load(mask)
    values = np.asanyarray(image.dataobj)
    found = sorted(int(value) for value in np.unique(values))
    source = next(iter(case.sources.values())).files
    nifti = source[0].name.endswith(NIFTI)
    wrong = _against_nifti(image, source[0]) if nifti else _against_pictures(image, source)
    wrong += [] if set(found) <= codes else [f"label values {found}"]
    wrong += [] if image.get_data_dtype() == np.uint8 else [f"stored as {image.get_data_dtype()}"]
    wrong += [] if mask.name == f"{case.case_id}_seg.nii.gz" else [f"called {mask.name}"]
    axes = "".join(nib.aff2axcodes(image.affine)) if nifti else "columns, rows, slices"
    return {"shape": list(image.shape), "axes": axes, "codes": found, "wrong": wrong}


def _against_nifti(mask: Any, file: Path) -> list[str]:
    image = nib.load(file)
    wrong = []
    if mask.shape != image.shape:
        wrong.append(f"shape {mask.shape}, the scan has {image.shape}")
    if not np.array_equal(mask.affine, image.affine):
        wrong.append("another affine than the scan's")
    wrong += [
        f"{form} {int(mask.header[form])}, the scan has {int(image.header[form])}"
        for form in ("sform_code", "qform_code")
        if int(mask.header[form]) != int(image.header[form])
    ]
    return wrong


def _against_pictures(mask: Any, files: tuple[Path, ...]) -> list[str]:
    with Image.open(files[0]) as picture:
        expected = (*picture.size, len(files))
    wrong = [] if mask.shape == expected else [f"shape {mask.shape}, the pictures have {expected}"]
    if int(mask.header["sform_code"]) or int(mask.header["qform_code"]):
        wrong.append("a place in the patient, which pictures have not")
    return wrong
