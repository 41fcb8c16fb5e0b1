"""What the gate says about a case that can be read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.data.gate import examine, suspect_channels
from core.data.layouts import read_layout
from core.data.load import load_case
from core.data.refusal import Finding, InputRefusedError
from core.labels import SCHEMES
from tests.cases import SHAPE, channels, head, set_header, tumour_labels, write_case, write_nifti

BRATS = SCHEMES["brats-2023"]


def findings(folder: Path) -> list[Finding]:
    return examine(load_case(read_layout(folder).cases[0], BRATS), BRATS)


def codes(folder: Path) -> list[str]:
    return [finding.code for finding in findings(folder)]


def test_nothing_is_wrong_with_a_whole_case(tmp_path: Path) -> None:
    write_case(tmp_path, "a", 1)
    assert findings(tmp_path) == []


def test_an_image_of_one_value_is_refused(tmp_path: Path) -> None:
    write_case(tmp_path, "a", 1)
    write_nifti(tmp_path / "a" / "a-t1c.nii.gz", np.full(SHAPE, 7, np.int16))
    with pytest.raises(InputRefusedError, match=r"a-t1c.nii.gz: found the value 7 in every voxel of t1c"):
        findings(tmp_path)


def test_a_healthy_patient_gets_a_note_and_is_accepted(tmp_path: Path) -> None:
    write_case(tmp_path, "a", 1, healthy=True)
    assert [(finding.severity, finding.code) for finding in findings(tmp_path)] == [("note", "empty_reference")]


def test_a_region_that_is_not_there_gets_a_note_with_its_name(tmp_path: Path) -> None:
    write_case(tmp_path, "a", 1, relabel={3: 1})
    assert [finding.found for finding in findings(tmp_path)] == ["no enhancing tumour in the reference"]


def test_a_mask_of_another_patient_is_warned_of(tmp_path: Path) -> None:
    write_case(tmp_path, "a", 1)
    write_nifti(tmp_path / "a" / "a-seg.nii.gz", np.roll(tumour_labels(1), SHAPE[0] // 2, axis=0))
    assert "mask_outside_head" in codes(tmp_path)


def test_a_head_that_fills_its_grid_is_warned_of(tmp_path: Path) -> None:
    write_case(tmp_path, "a", 1, suffix=".nii")
    for name, voxels in channels(1, tumour_labels(1)).items():
        write_nifti(tmp_path / "a" / f"a-{name}.nii", voxels + 1)
    assert codes(tmp_path) == ["skull_not_stripped"]


def test_background_is_where_the_value_is_zero_whatever_number_is_stored(tmp_path: Path) -> None:
    """Stored 1000 with intercept -1000 is 0: the same head, the same verdict."""
    write_case(tmp_path, "a", 1, suffix=".nii")
    for name, voxels in channels(1, tumour_labels(1)).items():
        path = write_nifti(tmp_path / "a" / f"a-{name}.nii", voxels + 1000)
        set_header(path, scl_slope=1, scl_inter=-1000)
    loaded = load_case(read_layout(tmp_path).cases[0], BRATS)
    found = examine(loaded, BRATS)
    assert found == []
    assert np.array_equal(loaded.volume.values(3) != 0, head())


def test_a_mask_that_lies_the_other_way_round_is_told_apart(tmp_path: Path) -> None:
    """A head in the left half alone, its tumour drawn in the right half."""
    write_case(tmp_path, "a", 1)
    half = np.arange(SHAPE[0])[:, None, None] < SHAPE[0] // 2
    labels = np.where(half & head(), 1, 0).astype(np.uint8)
    labels[: SHAPE[0] // 2 - 6] = 0
    for name, voxels in channels(1, np.zeros(SHAPE, np.uint8)).items():
        write_nifti(tmp_path / "a" / f"a-{name}.nii.gz", np.where(half, voxels, 0).astype(np.int16))
    write_nifti(tmp_path / "a" / "a-seg.nii.gz", labels[::-1].copy())
    (finding,) = (found for found in findings(tmp_path) if found.code == "mask_outside_head")
    assert finding.found == "100% of the reference on background; with left and right exchanged it would lie inside"


def test_exchanged_sequences_of_a_real_head_are_noticed(real_data: Path) -> None:
    case = next(case for case in read_layout(real_data / "brats_2021").cases if case.case_id.endswith("1478"))
    exchanged = dict(case.sources, t1c=case.sources["t2f"], t2f=case.sources["t1c"])
    assert suspect_channels(load_case(case, None)) == []
    (finding,) = suspect_channels(load_case(replace(case, sources=exchanged), None))
    assert (finding.severity, finding.code) == ("warning", "channel_order")
    assert finding.found == "t1c looks like t2f, t2f looks like t1c"
