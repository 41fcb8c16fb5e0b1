"""The slice store: what training reads from disk is, byte for byte, what inference has in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.atomic import read_json
from core.data.augment import Augmenter, augment_settings
from core.data.layouts import read_layout
from core.data.load import LoadedCase, load_case
from core.data.phantom import make_phantom, write_phantom
from core.data.phantom.cohort import patient_traits
from core.data.prepare import PREPARINGS
from core.data.slicing import PLANES, Plane, cut, fit_slice
from core.data.store import SlicedCase, add_plane, has_plane, open_case, slice_case, write_case
from core.labels import SCHEMES
from core.recipe import DataSection
from core.training.batches.sampling import SliceSampler
from core.volume import Box
from tests.cases import SHAPE, tumour_labels, write_nifti
from tests.cases import write_case as write_files

BRATS = SCHEMES["brats-2023"]
MODALITIES = ("t2f", "t1n", "t1c")  # neither all nor in the stored order


def load(folder: Path, number: int = 0) -> LoadedCase:
    return load_case(read_layout(folder).cases[number], BRATS)


@pytest.fixture(scope="module")
def real(real_data: Path) -> LoadedCase:
    return load(real_data / "brats_africa")


@pytest.fixture(scope="module")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> LoadedCase:
    folder = tmp_path_factory.mktemp("phantom")
    coarse = make_phantom(replace(patient_traits(2), spacing_mm=(3.0, 3.0, 3.0)))
    write_phantom(coarse, folder, "BraTS-PHM-00002-000")
    return load(folder)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> LoadedCase:
    folder = tmp_path_factory.mktemp("small")
    write_files(folder, "a", 1)
    return load(folder)


def in_memory(loaded: LoadedCase, plane: Plane) -> SlicedCase:
    """What inference has: no reference, nothing on disk."""
    return slice_case("x", loaded.volume, None, plane)


def on_disk(loaded: LoadedCase, folder: Path, plane: Plane) -> SlicedCase:
    """What training has: written with the reference, read by memory map, planes added one after another."""
    if not (folder / "prepared.json").exists():
        write_case(folder, slice_case("x", loaded.volume, loaded.reference, "axial"))
    if not has_plane(folder, plane):
        add_plane(folder, slice_case("x", loaded.volume, loaded.reference, plane))
    return open_case(folder, plane)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    return tmp_path_factory.mktemp("stores")


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("which", ["real", "phantom"])
def test_training_and_inference_prepare_the_same_bytes(
    which: str, plane: Plane, folders: Path, request: pytest.FixtureRequest
) -> None:
    """By every method: slice by slice from the memory map as the sampler reads, together as the predictor does."""
    loaded: LoadedCase = request.getfixturevalue(which)
    training, inference = on_disk(loaded, folders / which, plane), in_memory(loaded, plane)
    assert isinstance(training.slices, np.memmap)
    assert training.slice_index == inference.slice_index
    assert training.constants == inference.constants
    assert training.slices.tobytes() == inference.slices.tobytes()
    some = np.arange(0, len(training.slices), 9)
    for method in PREPARINGS:
        together = inference.prepared(some, MODALITIES, method)
        assert together.dtype == np.float32
        assert together.flags.c_contiguous
        for number, index in enumerate(some):
            assert training.prepared(int(index), MODALITIES, method).tobytes() == together[number].tobytes(), method


@pytest.mark.parametrize("plane", PLANES)
def test_a_training_batch_without_augmentation_is_what_the_predictor_feeds_the_network(
    phantom: LoadedCase, plane: Plane, folders: Path
) -> None:
    """Up to the last step before the network: preparing, choice of channels and padding to the canvas."""
    training, inference = on_disk(phantom, folders / "phantom", plane), in_memory(phantom, plane)
    data = DataSection(modalities=MODALITIES, plane=plane, input_size=(64, 80), preparing="zscore")
    sampler = SliceSampler([training], data, 3, 16, Augmenter(augment_settings("none"), plane), 0)
    batch = sampler.batch(1, 6)
    fit = fit_slice((inference.slices.shape[2], inference.slices.shape[3]), (64, 80), 16)
    fed = {
        image.tobytes() for image in fit.pad(inference.prepared(np.arange(len(inference.slices)), MODALITIES, "zscore"))
    }
    assert len(fed) == len(inference.slices)
    assert all(image.tobytes() in fed for image in batch.images)


def test_box_and_constants_are_the_same_with_the_mask_with_another_and_without_one(small: LoadedCase) -> None:
    everywhere = np.full(small.volume.shape, 7, np.uint8)
    cases = [slice_case("x", small.volume, mask, "axial") for mask in (small.reference, everywhere, None)]
    assert len({case.box for case in cases}) == 1
    assert cases[0].constants == cases[1].constants == cases[2].constants
    assert cases[0].slice_index == cases[1].slice_index == cases[2].slice_index


def test_the_box_leaves_out_the_two_voxels_of_air_around_the_head(small: LoadedCase) -> None:
    assert in_memory(small, "axial").box == Box((2, 2, 2), tuple(n - 2 for n in SHAPE))


def test_air_slices_are_dropped_between_slices_of_the_head_as_well(tmp_path: Path) -> None:
    """Air at z = 0, 1, 14, 15 around the head and, where a slice is lost, at z = 7 inside it."""
    case = write_files(tmp_path, "a", 1, suffix=".nii")
    for path in case.glob("a-t*.nii"):
        import nibabel as nib

        voxels = np.asarray(nib.load(path).dataobj).copy()
        voxels[:, :, 7] = 0
        write_nifti(path, voxels)
    loaded = load(tmp_path)
    sliced = slice_case("x", loaded.volume, loaded.reference, "axial")
    assert sliced.slice_index == (2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13)
    assert loaded.reference is not None
    for number, index in enumerate(sliced.slice_index):
        assert np.array_equal(sliced.slices[number], sliced.box.crop(loaded.volume.voxels)[..., index - 2])
        assert np.array_equal(sliced.reference_slice(number), sliced.box.crop(loaded.reference)[..., index - 2])


@pytest.mark.parametrize("plane", PLANES)
def test_a_stored_slice_and_its_reference_are_cut_at_the_same_place(
    small: LoadedCase, plane: Plane, tmp_path: Path
) -> None:
    stored = on_disk(small, tmp_path / "case", plane)
    assert small.reference is not None
    reference = cut(stored.box.crop(small.reference), plane)
    voxels = cut(stored.box.crop(small.volume.voxels), plane)
    first = stored.box.start[PLANES[plane]]
    assert len(stored.slices) == stored.box.shape[PLANES[plane]]
    for index, native in enumerate(stored.slice_index):
        assert np.array_equal(stored.slices[index], voxels[native - first])
        assert np.array_equal(stored.reference_slice(index), reference[native - first])


def test_a_case_without_reference_has_an_empty_one(small: LoadedCase) -> None:
    blind = in_memory(small, "axial")
    assert blind.reference_slice(0).shape == blind.slices.shape[2:]
    assert not blind.reference_slice(0).any()


def test_values_not_stored_numbers_decide_what_is_air(small: LoadedCase) -> None:
    """With every number stored 50 higher and an intercept of -50 the very same slices are kept."""
    shifted = replace(small.volume, voxels=(small.volume.voxels + 50).astype(np.int16), intercept=(-50.0,) * 4)
    moved, plain = slice_case("x", shifted, None, "axial"), in_memory(small, "axial")
    assert moved.box == plain.box
    assert moved.slice_index == plain.slice_index
    everything = np.arange(len(plain.slices))
    assert np.array_equal(
        moved.prepared(everything, MODALITIES, "zscore"), plain.prepared(everything, MODALITIES, "zscore")
    )


def test_what_is_written_is_what_is_opened(small: LoadedCase, tmp_path: Path) -> None:
    folder = tmp_path / "case"
    written = slice_case("x", small.volume, small.reference, "axial")
    write_case(folder, written)
    opened = open_case(folder, "axial")
    for name in ("case_id", "modalities", "shape", "box", "constants", "content", "plane", "slice_index"):
        assert getattr(opened, name) == getattr(written, name)
    assert np.array_equal(opened.slices, written.slices)
    assert opened.slices.dtype == small.volume.voxels.dtype
    assert opened.reference is not None
    assert np.array_equal(BRATS.to_labels(opened.reference), opened.box.crop(tumour_labels(1)))
    assert read_json(folder / "prepared.json")["schema_version"] == 1


def test_a_plane_that_was_not_cut_is_not_there(small: LoadedCase, tmp_path: Path) -> None:
    write_case(tmp_path / "case", slice_case("x", small.volume, small.reference, "axial"))
    assert not has_plane(tmp_path / "case", "coronal")
    with pytest.raises(FileNotFoundError):
        open_case(tmp_path / "case", "coronal")
