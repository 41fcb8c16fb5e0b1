"""What readers make of damaged files: refused, read exactly, or read wrong without a word."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.reading.damage import Damage, cuts_and_flips, hostile_headers
from core.data.formats.gzip_bounded import DamagedFileError
from core.data.formats.nifti import read_nifti
from core.data.refusal import InputRefusedError

REFUSALS = (DamagedFileError, InputRefusedError, OSError)
Content = tuple[npt.NDArray[Any], npt.NDArray[np.float64]]
OUTCOMES = ("refused", "exact", "wrong")


def by_segscope(path: Path) -> Content:
    """Return voxels as values, and the affine."""
    image = read_nifti(path)
    assert image.grid.affine is not None
    return image.values(0), image.grid.affine


def by_nibabel(path: Path) -> Content:
    """Return voxels as values, and the affine."""
    import nibabel as nib

    image = nib.load(path)
    return np.asarray(image.dataobj), image.affine


READERS: dict[str, Callable[[Path], Content]] = {"segscope": by_segscope, "nibabel": by_nibabel}


def damaged(whole: Path, each: int, folder: Path) -> dict[str, dict[str, dict[str, int]]]:
    """Count what each reader makes of `each` cuts and as many flipped bits; by reader, damage and outcome."""
    content = whole.read_bytes()
    counts = {}
    for name, read in READERS.items():
        truth = read(whole)
        outcomes = _outcomes(read, truth, cuts_and_flips(content, each), folder / "damaged.nii.gz")
        counts[name] = {kind: {key: outcomes[kind, key] for key in OUTCOMES} for kind in ("cut", "bit")}
    return counts


def _outcomes(
    read: Callable[[Path], Content], truth: Content, damages: Iterable[Damage], path: Path
) -> Counter[tuple[str, str]]:
    outcomes: Counter[tuple[str, str]] = Counter()
    for damage in damages:
        path.write_bytes(damage.content)
        try:
            voxels, affine = read(path)
        except Exception:  # whatever it raises, it did not pass the damage on
            outcome = "refused"
        else:
            same = np.array_equal(voxels, truth[0]) and np.array_equal(affine, truth[1])
            outcome = "exact" if same else "wrong"
        outcomes[damage.what.split()[0], outcome] += 1
    return outcomes


def hostile(plain: bytes, count: int, folder: Path) -> dict[str, float]:
    """Read `count` hostile headers; a crash is anything that is raised but no refusal."""
    path, refused, crashed, largest = folder / "hostile.nii", 0, 0, 0
    for damage in hostile_headers(plain, count):
        path.write_bytes(damage.content)
        tracemalloc.start()
        try:
            read_nifti(path)
        except REFUSALS:
            refused += 1
        except Exception:  # which is what is counted
            crashed += 1
        largest = max(largest, tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return {"files": count, "refused": refused, "crashed": crashed, "peak_mb": round(largest / 1e6, 1)}
