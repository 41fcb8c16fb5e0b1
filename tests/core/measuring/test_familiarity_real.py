"""The flag on real scans: patients left out of a fold, what may be done to them, and CTs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.data.load import load_case
from core.importing import ImportChoices, read_cases
from core.measuring.familiarity import Fingerprint, fingerprint_of, portrait_of_volume, unfamiliar
from core.volume import Volume
from tests import narrow
from tests.core.measuring.changes import exchanged, flipped, scaled, volume

SPEC = narrow.spec(preparing="minmax")
TRAINING = ("00002", "00010", "00028", "00037", "00056", "00057", "00076")
LEFT_OUT = ("00049", "00078")
TURNED = "00068"  # lies turned by 30 degrees in the image, whatever its header says


def patient(real_data: Path, number: str) -> Volume:
    folder = real_data / "brats_africa" / f"BraTS-SSA-{number}-000"
    (case,) = read_cases(folder, ImportChoices()).cases
    return load_case(case, None).volume


def reasons(known: Fingerprint, study: Volume) -> tuple[str, ...]:
    portrait = portrait_of_volume(study, SPEC)
    assert portrait
    return unfamiliar(known, portrait).reasons


@pytest.fixture(scope="module")
def africa(real_data: Path) -> Fingerprint:
    portraits = [portrait_of_volume(patient(real_data, number), SPEC) for number in TRAINING]
    known = fingerprint_of([portrait for portrait in portraits if portrait])
    assert known
    assert known.cases == len(TRAINING)
    return known


@pytest.mark.slow
@pytest.mark.parametrize("number", LEFT_OUT)
def test_a_patient_left_out_is_familiar_until_something_is_done_to_it(
    africa: Fingerprint, real_data: Path, number: str
) -> None:
    study = patient(real_data, number)
    assert reasons(africa, study) == ()
    for names, other in exchanged(study).items():
        assert any(f"with {names} exchanged" in reason for reason in reasons(africa, other)), names
    assert "from front to back" in reasons(africa, flipped(study, 1))[0]
    assert "from top to bottom" in reasons(africa, flipped(study, 2))[0]
    assert any("check the voxel sizes" in reason for reason in reasons(africa, scaled(study, 0.7)))


@pytest.mark.slow
def test_a_brain_that_lies_turned_in_the_image_is_told(africa: Fingerprint, real_data: Path) -> None:
    assert reasons(africa, patient(real_data, TURNED))


@pytest.mark.slow
def test_a_ct_given_as_four_sequences_is_told(africa: Fingerprint, real_data: Path) -> None:
    (case,) = read_cases(real_data / "dicom" / "series_ct_head", ImportChoices()).cases
    ct = load_case(case, None).volume
    assert ct.geometry
    values = ct.values(0)
    windows = [
        np.clip(values - low, 0, 1000 + low) for low in (0, 100, 200, 300)
    ]  # four images, and not one four times
    found = reasons(africa, volume(np.stack(windows), ct.geometry.affine))
    assert any("looks unlike" in reason or "outline" in reason or "measures" in reason for reason in found)
