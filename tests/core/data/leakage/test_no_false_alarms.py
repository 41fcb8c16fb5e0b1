"""Real scans and phantoms: different patients raise no alarm, and one slice in a hundred that was planted does."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from core.case import Case
from core.data.layouts import read_layout
from core.data.leakage.fingerprints import fingerprint
from core.data.leakage.measuring import same_constants
from core.data.leakage.near_duplicates import near_duplicates
from core.data.load import load_case
from core.data.phantom import cohort_traits, write_cohort
from core.data.store import open_case, slice_case, write_case


def store(folder: Path, cases: Iterable[Case]) -> dict[str, str]:
    """Slice cases into a store, without their references; case id to group."""
    groups = {}
    for case in cases:
        write_case(folder / case.case_id, slice_case(case.case_id, load_case(case, None).volume, None, "axial"))
        groups[case.case_id] = case.group_id
    return groups


def alarms(folder: Path, groups: dict[str, str]) -> list[tuple[str, str]]:
    return [pair.cases for pair in near_duplicates({case: fingerprint(folder / case) for case in groups}, groups)]


def plant(folder: Path, into: str, out_of: str, share: float) -> None:
    """Put near-copies of one case's slices in place of another's: dimmer, 2 % noise, a pixel further."""
    rng = np.random.default_rng(0)
    source, target = open_case(folder / out_of, "axial"), open_case(folder / into, "axial")
    slices = np.array(target.slices)
    height, width = (min(a, b) for a, b in zip(source.slices.shape[2:], slices.shape[2:], strict=True))
    for number in rng.choice(np.arange(30, 110), max(1, round(share * len(slices))), replace=False):
        copied = np.roll(np.array(source.slices[number], np.float64), (1, -1), (1, 2))
        for channel, name in enumerate(source.modalities):
            noise = rng.normal(0, 0.02 * source.constants.channels[name].high, copied[channel].shape)
            copied[channel] = np.where(copied[channel] != 0, 0.93 * copied[channel] + noise, 0)
        slices[number] = 0
        slices[number, :, :height, :width] = copied[:, :height, :width].astype(slices.dtype)
    np.save(folder / into / "axial.npy", slices)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["brats_africa", "lgg/kaggle_3m", "brats_2021"])
def test_patients_of_a_public_set_are_told_apart(real_data: Path, tmp_path: Path, name: str) -> None:
    complete = [case for case in read_layout(real_data / name).cases if len(case.sources) >= 3]
    groups = store(tmp_path, complete)
    assert len(set(groups.values())) == {"brats_africa": 11, "lgg/kaggle_3m": 8, "brats_2021": 2}[name]
    assert alarms(tmp_path, groups) == []
    for case in groups:
        assert same_constants(open_case(tmp_path / case, "axial").constants, fingerprint(tmp_path / case).measured)


@pytest.mark.slow
def test_one_real_slice_in_a_hundred_under_another_patient_is_found(real_data: Path, tmp_path: Path) -> None:
    cases = [case for case in read_layout(real_data / "brats_africa").cases if len(case.sources) == 4][:3]
    groups = store(tmp_path, cases)
    one, _, three = groups
    plant(tmp_path, three, one, 0.01)
    assert alarms(tmp_path, groups) == [(one, three)]


@pytest.mark.slow
def test_phantoms_are_told_apart(tmp_path: Path) -> None:
    write_cohort(tmp_path / "files", cohort_traits(3))
    groups = store(tmp_path / "store", read_layout(tmp_path / "files").cases)
    assert len(groups) == 3
    assert alarms(tmp_path / "store", groups) == []
