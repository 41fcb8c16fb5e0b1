from __future__ import annotations

import numpy as np
import pytest

from core.data.phantom.cohort import patient_traits
from core.data.phantom.contrast import signals
from core.data.phantom.noise import Field
from core.data.phantom.tissue import TissueMap
from core.data.phantom.tumour import tumour


@pytest.fixture(scope="module")
def tissue_means(healthy_tissue: TissueMap) -> list[dict[str, float]]:
    """Mean signal of voxels that are all one tissue, per modality."""
    traits = patient_traits(6)
    shown = signals(traits, healthy_tissue, tumour(traits, healthy_tissue))
    pure = {name: healthy_tissue.shares[name] > 0.99 for name in ("csf", "grey", "white")}
    return [{name: float(signal[where].mean()) for name, where in pure.items()} for signal in shown]


def volume_ml(share: Field) -> float:
    return float(share.sum() / 1000)


def test_shares_of_a_voxel_sum_to_one(healthy_tissue: TissueMap) -> None:
    total = sum(healthy_tissue.shares.values())
    np.testing.assert_allclose(total, 1, atol=1e-5)
    assert min(float(share.min()) for share in healthy_tissue.shares.values()) >= -1e-6


def test_t1_shows_white_above_grey_above_fluid(tissue_means: list[dict[str, float]]) -> None:
    for modality in (0, 1):
        means = tissue_means[modality]
        assert means["white"] > 1.1 * means["grey"] > 1.5 * means["csf"]


def test_t2_shows_fluid_above_grey_above_white(tissue_means: list[dict[str, float]]) -> None:
    means = tissue_means[2]
    assert means["csf"] > 1.4 * means["grey"] > 1.4 * 1.1 * means["white"]


def test_flair_shows_grey_a_little_above_white_and_no_fluid(tissue_means: list[dict[str, float]]) -> None:
    means = tissue_means[3]
    assert 1.3 * means["white"] > means["grey"] > means["white"]
    assert means["csf"] < 0.4 * means["white"]


def test_tissue_volumes_are_those_of_an_adult(healthy_tissue: TissueMap) -> None:
    shares = healthy_tissue.shares
    assert 450 < volume_ml(shares["grey"]) < 850
    assert 350 < volume_ml(shares["white"]) < 650
    assert 100 < volume_ml(shares["csf"]) < 400


def test_cortex_is_a_folded_ribbon(healthy_tissue: TissueMap) -> None:
    # a smooth ellipsoid of this volume has a surface of about 6 dm2; a brain's cortex some 18 to 25 dm2
    solid = np.zeros(healthy_tissue.inside.shape, bool)
    solid[healthy_tissue.inside] = healthy_tissue.shares["white"] > 0.5
    faces = sum(int((np.diff(solid.astype(np.int8), axis=axis) != 0).sum()) for axis in range(3))
    # counting voxel faces overstates a slanted surface by half
    area_dm2 = faces / 1.5 / 1e4
    assert area_dm2 > 12


def test_oedema_spares_ventricles_and_stays_out_of_the_cerebellum() -> None:
    from core.data.phantom.tissue import tissue_map

    traits = patient_traits(20)
    brain = tissue_map(traits)
    growth = tumour(traits, brain)
    oedema = growth.labels == 2
    assert oedema.sum() > 1000
    assert brain.shares["csf"][oedema].mean() < 0.1
    assert not (growth.labels[brain.cerebrum_mm < -1] == 1).any()
    # white matter is where it goes: a greater part of oedema is white than of the brain
    white = brain.shares["white"]
    assert white[oedema].mean() > 1.3 * white.mean()
