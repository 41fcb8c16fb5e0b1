from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from core.data.phantom import Phantom, make_phantom
from core.volume import Geometry

PRINT_HASH = """
import hashlib
from core.data.phantom import cohort_traits, make_phantom
phantom = make_phantom(cohort_traits(1)[0])
print(hashlib.sha256(phantom.voxels.tobytes() + phantom.labels.tobytes()).hexdigest())
"""
T1N, T1C, T2W, T2F = range(4)


def mean(phantom: Phantom, modality: int, label: int) -> float:
    return float(phantom.voxels[modality][phantom.labels == label].mean())


def other_hemisphere(phantom: Phantom, modality: int) -> float:
    """Mean signal on the side without the tumour, away from the middle."""
    middle = phantom.voxels.shape[1] // 2
    half = phantom.voxels[modality, middle + 5 :]
    assert not phantom.labels[middle + 25 :].any()
    return float(half[half > 0].mean())


def test_the_same_traits_make_the_same_bytes_in_another_process_with_other_threads(
    showpiece: Phantom, repo_root: Path
) -> None:
    here = hashlib.sha256(showpiece.voxels.tobytes() + showpiece.labels.tobytes()).hexdigest()
    environment = {**os.environ, "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    there = subprocess.run(
        [sys.executable, "-c", PRINT_HASH], capture_output=True, text=True, check=True, cwd=repo_root, env=environment
    )
    assert there.stdout.strip() == here


def test_another_seed_makes_another_brain(healthy: Phantom) -> None:
    other = make_phantom(replace(healthy.traits, seed=healthy.traits.seed + 1))
    head, other_head = healthy.voxels[T1N] > 0, other.voxels[T1N] > 0
    assert not np.array_equal(head, other_head)
    both = head & other_head
    # the folds lie elsewhere
    assert np.corrcoef(healthy.voxels[T1N][both], other.voxels[T1N][both])[0, 1] < 0.7


@pytest.mark.parametrize("name", ["showpiece", "low_grade", "healthy"])
def test_arrays_are_what_the_rest_of_the_program_expects(name: str, request: pytest.FixtureRequest) -> None:
    phantom: Phantom = request.getfixturevalue(name)
    assert phantom.voxels.dtype == np.int16
    assert phantom.labels.dtype == np.uint8
    assert phantom.voxels.shape == (4, *phantom.labels.shape)
    assert set(np.unique(phantom.labels)) <= {0, 1, 2, 3}
    assert Geometry(phantom.affine).spacing_mm == pytest.approx(phantom.traits.spacing_mm)
    # background is exactly 0, in the same place in all four
    head = phantom.voxels[0] != 0
    for voxels in phantom.voxels:
        assert np.array_equal(voxels != 0, head)
        assert voxels.min() == 0
        assert 300 < voxels.max() < 4000
    assert not phantom.labels[~head].any()
    assert 1100 < head.sum() * Geometry(phantom.affine).voxel_ml < 1700


def test_labels_follow_the_kind_of_tumour(showpiece: Phantom, low_grade: Phantom, healthy: Phantom) -> None:
    assert set(np.unique(showpiece.labels)) == {0, 1, 2, 3}
    assert set(np.unique(low_grade.labels)) == {0, 1, 2}
    assert set(np.unique(healthy.labels)) == {0}


def test_the_showpiece_is_in_the_middle_slices_and_large(showpiece: Phantom) -> None:
    _, y, z = (n // 2 for n in showpiece.labels.shape)
    for middle in (showpiece.labels[:, :, z], showpiece.labels[:, y]):
        assert set(np.unique(middle)) == {0, 1, 2, 3}
    assert (showpiece.labels > 0).sum() * 1e-3 > 50


def test_each_sequence_shows_the_tumour_as_a_scanner_does(showpiece: Phantom) -> None:
    assert mean(showpiece, T2F, 2) > 1.3 * other_hemisphere(showpiece, T2F)
    assert mean(showpiece, T2W, 2) > 1.15 * other_hemisphere(showpiece, T2W)
    assert mean(showpiece, T1C, 3) > 1.3 * other_hemisphere(showpiece, T1C)
    # without contrast agent the rim does not shine
    assert mean(showpiece, T1N, 3) < other_hemisphere(showpiece, T1N)
    # the core is dark on T1, with and without, and bright on T2
    assert mean(showpiece, T1N, 1) < 0.75 * other_hemisphere(showpiece, T1N)
    assert mean(showpiece, T1C, 1) < 0.5 * mean(showpiece, T1C, 3)
    assert mean(showpiece, T2W, 1) > mean(showpiece, T2W, 2)


def test_the_rim_lies_around_the_core(showpiece: Phantom) -> None:
    from scipy.ndimage import binary_dilation

    core = showpiece.labels == 1
    skin = binary_dilation(core) & ~core
    assert (showpiece.labels[skin] == 3).mean() > 0.9


def test_another_spacing_shows_the_same_patient_in_the_same_place(low_grade: Phantom) -> None:
    coarse = make_phantom(replace(low_grade.traits, spacing_mm=(2.0, 1.5, 2.0)))
    expected = tuple(int(n / s) for n, s in zip(low_grade.labels.shape, (2.0, 1.5, 2.0), strict=True))
    assert coarse.labels.shape == expected

    def centre_mm(phantom: Phantom) -> npt.NDArray[np.float64]:
        index = np.argwhere(phantom.labels > 0).mean(axis=0)
        return np.asarray(phantom.affine[:3, :3] @ index + phantom.affine[:3, 3])

    def volume_ml(phantom: Phantom) -> float:
        return float((phantom.labels > 0).sum() * Geometry(phantom.affine).voxel_ml)

    assert centre_mm(coarse) == pytest.approx(centre_mm(low_grade), abs=0.1)
    assert volume_ml(coarse) == pytest.approx(volume_ml(low_grade), rel=0.05)
