"""Planted leaks are found from the store, honest stores raise no alarm, and what is costly is done once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.atomic import read_json, write_json
from core.case import Case
from core.data.leakage import Audit, Evidence, audit_split, fingerprints, gather_evidence
from core.data.leakage.fingerprints import FACTS, LOOKS
from core.data.prepare import Constants, measure_constants
from core.data.splits import Fold, Split
from core.data.store import SlicedCase
from core.volume import Box, Grid, Volume
from tests.core.data.leakage.conftest import MODALITIES, Array, case, head, stored

RNG = np.random.default_rng(3)


def evidence(folder: Path, cases: list[Case]) -> Evidence:
    return gather_evidence(
        cases,
        store=lambda case_id: folder / case_id,
        private=lambda case_id: folder / "private" / f"{case_id}.json",
        kept=folder / "near-duplicates.json",
    )


def audit(folder: Path, train: str, test: str, groups: Mapping[str, str] | None = None) -> Audit:
    names = [*train.split(), *test.split()]
    cases = [case(name, (groups or {}).get(name)) for name in names]
    split = Split("patient", 0, (Fold(tuple(train.split()), (), tuple(test.split())),))
    content = {name: {"t1n": f"voxels of {name}"} for name in names}
    return audit_split(split, {each.case_id: each.group_id for each in cases}, content, evidence(folder, cases))


@pytest.fixture
def store(stored_once: Path, tmp_path: Path) -> Path:
    """A slice store of six patients of 50 slices, with their fingerprints."""
    return Path(shutil.copytree(stored_once, tmp_path / "store"))


def near_copy(voxels: Array) -> Array:
    """Other brightness, 2 % noise, and a pixel further on."""
    changed = 0.93 * voxels + RNG.normal(0, 25, voxels.shape) * (voxels != 0)
    return np.roll(changed, (1, -1), (1, 2)).astype(np.int16)


def test_six_patients_whose_own_slices_look_alike_are_clean(store: Path) -> None:
    found = audit(store, "p0 p1 p2 p3", "p4 p5")
    assert found.clean
    assert found.evidence.compared == {"slices": 300, "cases": 6, "not_compared": []}
    assert len(found.checks) == 5


def test_one_slice_in_a_hundred_copied_with_noise_another_brightness_and_a_shift_is_found(
    store: Path, heads: dict[str, Array]
) -> None:
    """Of the 100 test slices one is a near-copy of slice 20 of a training patient."""
    smuggled = heads["p4"].copy()
    smuggled[..., 31] = near_copy(heads["p1"][..., 20])
    stored(store, "p4", smuggled)
    (leak,) = audit(store, "p0 p1 p2 p3", "p4 p5").leaks
    assert (leak.kind, leak.parts, leak.cases) == ("near-duplicate", ("train", "test"), ("p1", "p4"))
    assert leak.sentence.startswith(
        "fold 0: p1 (train) and p4 (test) share a slice that looks the same (axial 20 and 31"
    )
    assert set(leak.to_json()) == {"kind", "fold", "parts", "cases", "found", "expected", "fix"}


def test_a_study_that_was_resaved_under_a_new_id_is_found(store: Path, heads: dict[str, Array]) -> None:
    stored(store, "new", near_copy(heads["p2"]))
    (leak,) = audit(store, "p0 p1 p2", "p4 new").leaks
    assert (leak.kind, leak.cases) == ("near-duplicate", ("p2", "new"))
    assert "slices that look the same" in leak.found


def test_one_channel_that_was_resaved_is_enough(store: Path, heads: dict[str, Array]) -> None:
    mixed = head(77, 50)
    mixed[1] = near_copy(heads["p2"])[1]
    stored(store, "new", mixed)
    (leak,) = audit(store, "p0 p1 p2", "p4 new").leaks
    assert leak.cases == ("p2", "new")
    assert "in t2f" in leak.found


def test_copies_within_a_group_or_a_part_are_no_leak(store: Path, heads: dict[str, Array]) -> None:
    stored(store, "again", near_copy(heads["p2"]))
    assert audit(store, "p0 p2 again", "p4 p5").clean
    within = audit(store, "p0 p2", "p4 again", groups={"again": "p2"}).leaks
    assert [leak.kind for leak in within] == ["group"], "said once, by the plainest reason"


def test_one_study_under_two_ids_is_found_and_its_identifier_is_not_told(store: Path) -> None:
    for name, series in (("p0", "1.2.840.1"), ("p4", "1.2.840.2"), ("p5", "1.2.840.3")):
        study = "1.9.77" if name != "p5" else "1.9.78"
        said = {"t1n": {"StudyInstanceUID": [study], "SeriesInstanceUID": [series], "SOPInstanceUID": ["1"]}}
        write_json(store / "private" / f"{name}.json", said)
    found = audit(store, "p0 p1", "p4 p5")
    assert [(leak.kind, leak.cases) for leak in found.leaks] == [("study", ("p0", "p4"))]
    assert "are the same DICOM study" in found.leaks[0].sentence
    assert "1.9.77" not in json.dumps(found.to_json())


def with_reference(folder: Path, name: str, voxels: Array) -> tuple[SlicedCase, Box]:
    reference = np.zeros(voxels.shape[1:], np.uint8)
    box = Box((30, 30, 20), (45, 50, 32))
    box.crop(reference)[...] = 1
    voxels = voxels.copy()
    voxels[:, reference == 1] += 600
    return stored(folder, name, voxels, reference), box


def constants_over(voxels: Array, box: Box) -> Constants:
    grid = Grid((voxels.shape[1], voxels.shape[2], voxels.shape[3]), np.eye(4))
    return measure_constants(Volume(voxels, MODALITIES, (1.0, 1.0), (0.0, 0.0), grid.geometry(), grid), box)


def test_constants_measured_over_the_masks_box_are_found_and_named(store: Path, heads: dict[str, Array]) -> None:
    sliced, box = with_reference(store, "p0", heads["p0"])
    assert audit(store, "p0 p1", "p4").clean
    voxels = heads["p0"].copy()
    box.crop(voxels)[...] += 600
    facts = read_json(store / "p0" / "prepared.json")
    honest = facts["constants"]
    facts["constants"] = constants_over(voxels, box).to_json()
    write_json(store / "p0" / "prepared.json", facts)
    (leak,) = audit(store, "p0 p1", "p4").leaks
    assert (leak.kind, leak.cases, leak.fold) == ("preparing", ("p0",), None)
    assert leak.found == "constants of preparing measured over the box of its reference mask"
    assert leak.fix == "import the cohort again"
    write_json(store / "p0" / "prepared.json", facts | {"constants": honest})
    assert audit(store, "p0 p1", "p4").clean
    assert audit(store, "p1", "p4").clean, "a case that no part names does not matter"
    assert sliced.case_id == "p0"


def test_constants_that_are_no_images_at_all_are_found_too(store: Path) -> None:
    facts = read_json(store / "p0" / "prepared.json")
    facts["constants"]["t1n"]["sd"] *= 1.2
    write_json(store / "p0" / "prepared.json", facts)
    (leak,) = audit(store, "p0 p1", "p4").leaks
    assert leak.found == "constants of preparing that are not those of its image"


def test_fingerprints_are_made_once_and_again_where_the_slices_changed(
    store: Path, heads: dict[str, Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    audit(store, "p0 p1", "p4")
    made = {name: (store / name / LOOKS).stat().st_mtime_ns for name in ("p0", "p1", "p4")}
    monkeypatch.setattr(fingerprints, "_make", lambda _case: pytest.fail("made twice"))
    audit(store, "p0 p1", "p4")
    audit(store, "p0", "p1 p4")
    monkeypatch.undo()
    stored(store, "p1", near_copy(heads["p4"]))
    assert not audit(store, "p0 p1", "p4").clean
    assert (store / "p0" / LOOKS).stat().st_mtime_ns == made["p0"]


def test_a_half_written_fingerprint_is_made_again(store: Path) -> None:
    before = audit(store, "p0 p1", "p4").to_json()
    (store / "p0" / LOOKS).write_bytes(b"\x93NUMPY")
    (store / "p1" / FACTS).write_text("{")
    (store / "near-duplicates.json").unlink()
    assert audit(store, "p0 p1", "p4").to_json() == before


def test_a_case_that_left_the_store_is_named_and_the_rest_compared(store: Path) -> None:
    (store / "p1" / "axial.npy").unlink()
    found = audit(store, "p0 p1", "p4 p5")
    assert found.evidence.compared == {"slices": 150, "cases": 3, "not_compared": ["p1"]}


def test_a_store_that_cannot_be_written_is_audited_all_the_same(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("core.data.leakage.fingerprints.replacing", full)
    monkeypatch.setattr("core.data.leakage.evidence.write_json", full)
    assert audit(store, "p0 p1", "p4").evidence.compared["slices"] == 150


def test_the_report_is_the_same_to_the_last_byte_and_another_split_gives_another(store: Path) -> None:
    first = audit(store, "p0 p1", "p4").to_json()
    (store / "near-duplicates.json").unlink()
    for name in ("p0", "p1", "p4"):
        (store / name / FACTS).unlink()
    assert json.dumps(audit(store, "p0 p1", "p4").to_json()) == json.dumps(first)
    assert audit(store, "p0", "p1 p4").to_json()["sha256"] != first["sha256"]
    assert str(store) not in json.dumps(first)


def test_a_stored_image_cropped_to_its_mask_is_found_from_its_files(
    store: Path, heads: dict[str, Array], tmp_path: Path
) -> None:
    """The box of the store is the mask's, and the files say where the head is."""
    import nibabel as nib

    from core.case import Source

    sliced, box = with_reference(store, "p0", heads["p0"])
    files = {}
    for channel, name in enumerate(MODALITIES):
        image = nib.Nifti1Image(heads["p0"][channel], np.eye(4), dtype=np.int16)
        nib.save(image, tmp_path / f"{name}.nii")
        files[name] = Source((tmp_path / f"{name}.nii",), "nifti")
    honest = replace(case("p0"), sources=files)
    assert not evidence(store, [honest]).preparing
    cropped = box.crop(heads["p0"])
    stored(store, "p0", np.ascontiguousarray(cropped), np.ones(box.shape, np.uint8))
    (leak,) = evidence(store, [honest]).preparing
    assert leak.found == "a stored image cropped to the box of its reference mask"
    assert sliced.box != box
