"""Phantoms that several tests look at, each made once."""

from __future__ import annotations

import pytest

from core.data.phantom import Phantom, cohort_traits, make_phantom
from core.data.phantom.cohort import patient_traits
from core.data.phantom.tissue import TissueMap, tissue_map


@pytest.fixture(scope="session")
def showpiece() -> Phantom:
    return make_phantom(cohort_traits(1)[0])


@pytest.fixture(scope="session")
def low_grade() -> Phantom:
    return make_phantom(patient_traits(3))


@pytest.fixture(scope="session")
def healthy() -> Phantom:
    return make_phantom(patient_traits(6))


@pytest.fixture(scope="session")
def healthy_tissue() -> TissueMap:
    return tissue_map(patient_traits(6))
