"""A case as NIfTI: the mask of any orientation bit by bit, probabilities as they were kept, and provenance."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK

from core.data.formats.nifti import read_nifti
from core.export import NotExportableError
from core.export.nifti import write_mask, write_probabilities
from tests.cases import write_nifti
from tests.core.export.segmented import BRATS, FIRST, changed, prediction_of, segmented
from tests.core.export.test_nifti import assert_same_grid, oblique
from tests.core.test_volume import ALL_48, affine_running

SHAPE = (7, 6, 5)
ANISOTROPIC = np.diag([0.4, 1.25, 5.5, 1.0])


@pytest.mark.parametrize("codes", [*ALL_48, "oblique", "anisotropic"])
def test_labels_and_probabilities_lie_on_the_very_voxels_of_their_input(tmp_path: Path, codes: str) -> None:
    """Drawn in the file's own axes with nibabel alone, turned to RAS+, written, and compared in the file's axes."""
    affine = {"oblique": oblique(), "anisotropic": ANISOTROPIC}.get(codes)
    affine = affine_running(codes) if affine is None else affine
    image = write_nifti(tmp_path / "image.nii", np.zeros(SHAPE, np.int16), affine)
    grid = read_nifti(image).grid
    rng = np.random.default_rng(3)
    drawn = rng.integers(0, 4, SHAPE).astype(np.uint8)
    bits = BRATS.to_regions(np.ascontiguousarray(grid.to_ras(drawn)))
    kept = prediction_of(bits)
    case = changed(segmented(), grid=grid, bits=bits, prediction=kept, measurements=None, images={})
    mask, map_ = tmp_path / "mask.nii.gz", tmp_path / "map.nii.gz"
    write_mask(mask, case)
    write_probabilities(map_, case)
    assert_same_grid(image, mask)
    assert (np.asarray(nib.load(mask).dataobj) == drawn).all()
    assert nib.load(mask).get_data_dtype() == np.uint8
    found = nib.load(map_)
    assert found.shape == (*SHAPE, 3)
    assert np.array_equal(found.affine, nib.load(image).affine)
    assert found.get_data_dtype() == np.uint8
    stored = np.asarray(found.dataobj.get_unscaled())
    whole = kept.box.paste(np.asarray(kept.probabilities), kept.shape)
    for region in range(3):
        assert (grid.to_ras(stored[..., region]) == whole[region]).all()
    assert np.abs(found.get_fdata() - stored / 255).max() < 1e-7


def test_another_reader_skips_the_provenance_and_sees_the_same_voxels_at_the_same_place(tmp_path: Path) -> None:
    case = segmented(affine=np.array([[1.0, 0, 0, -12], [0, 1.5, 0, -10], [0, 0, 2.0, 5], [0, 0, 0, 1]]))
    path = tmp_path / "mask.nii.gz"
    write_mask(path, case)
    read = SimpleITK.ReadImage(str(path))
    labels = case.scheme.to_labels(case.bits)
    assert (SimpleITK.GetArrayFromImage(read).transpose(2, 1, 0) == labels).all()
    index = tuple(map(int, np.argwhere(labels == 3)[0]))
    lps = np.array(read.TransformIndexToPhysicalPoint(index))
    assert case.geometry is not None
    ras = case.geometry.affine @ [*index, 1]
    assert np.allclose(lps * (-1, -1, 1), ras[:3], atol=1e-4)
    assert (read_nifti(path).stored[0] == labels).all()


def test_the_header_names_checkpoint_and_purpose_and_its_extension_says_the_rest(tmp_path: Path) -> None:
    case = segmented()
    path = tmp_path / "mask.nii.gz"
    write_mask(path, case)
    header = nib.load(path).header
    assert bytes(header["descrip"]).rstrip(b"\0").decode() == f"Segscope {FIRST[:12]}. For research; not for diagnosis."
    (extension,) = header.extensions
    assert extension.get_code() == 6
    content = extension.get_content()
    said = json.loads(content.decode().rstrip("\0") if isinstance(content, bytes) else content.rstrip("\0"))
    assert said["labels"] == {"1": "necrotic core", "2": "oedema", "3": "enhancing tumour"}
    assert said["provenance"] == case.provenance.to_json()
    assert int(header["vox_offset"]) % 16 == 0
    assert header.get_intent()[0] == "label"


def test_exclusive_classes_give_the_sum_of_a_regions_classes(tmp_path: Path) -> None:
    """Background 55, oedema alone 100 and enhancing 100 of 255: whole tumour 200, core and enhancing 100."""
    case = segmented()
    found = prediction_of(case.bits, regions=("a", "b", "c"))
    classes = np.zeros((3, *found.box.shape), np.uint8)
    classes[0], classes[1], classes[2] = 55, 100, 100
    from dataclasses import replace

    kept = replace(found, probabilities=classes, class_bits=(0, 1, 7), regions=case.regions)
    path = tmp_path / "map.nii.gz"
    write_probabilities(path, changed(case, prediction=kept))
    stored = np.asarray(nib.load(path).dataobj.get_unscaled())
    inside = tuple(slice(a, b) for a, b in zip(found.box.start, found.box.stop, strict=True))
    assert [set(np.unique(stored[(*inside, region)])) for region in range(3)] == [{200}, {100}, {100}]


def test_a_mask_alone_has_no_probabilities_to_write(tmp_path: Path) -> None:
    for case, words in (
        (changed(segmented(), prediction=None), "case-001 holds a mask alone, without probabilities"),
        (changed(segmented(), prediction=prediction_of(np.ones((2, 2, 2), np.uint8))), "another grid"),
    ):
        with pytest.raises(NotExportableError, match=words):
            write_probabilities(tmp_path / "map.nii.gz", case)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_all_masks_of_48_orientations_are_one_mask_in_the_patient(real_data: Path, tmp_path: Path) -> None:
    """One head in all 48 orientations: a mask drawn by a threshold, written on each and read by nibabel alone."""
    files = sorted((real_data / "nifti_oddities" / "48_orientations").rglob("*.nii*"))
    assert len(files) >= 48
    seen = None
    for path in itertools.islice(files, 48):
        image = read_nifti(path)
        values = image.grid.to_ras(image.values(0))
        labels = np.where(values > np.percentile(values, 90), 3, 0).astype(np.uint8)
        bits = BRATS.to_regions(np.ascontiguousarray(labels))
        case = changed(segmented(), grid=image.grid, bits=bits, prediction=None, measurements=None, images={})
        out = tmp_path / "mask.nii.gz"
        write_mask(out, case)
        assert np.array_equal(nib.load(out).affine, nib.load(path).affine)
        canonical = np.asarray(nib.as_closest_canonical(nib.load(out)).dataobj)
        assert canonical.any()
        assert seen is None or np.array_equal(seen, canonical)
        seen = canonical
