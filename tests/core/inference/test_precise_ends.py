"""bfloat16 in the middle of a network, float32 where rounding would move the edge of a mask."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from core.data.store import slice_case
from core.inference.device import Compute
from core.inference.precise_ends import ENDS, InFloat32, with_precise_ends
from core.inference.predictor import Predictor
from core.inference.segment import Segmenter
from core.models import build_model
from core.volume import Grid, Volume
from core.workspace import Workspace
from tests import narrow
from tests.cases import SHAPE, channels, tumour_labels

BF16, EXACT = Compute("cpu", bf16=True, channels_last=True), Compute("cpu", bf16=False, channels_last=False)


def net(**arguments: object) -> nn.Module:
    torch.manual_seed(0)
    return build_model("unet", 4, 3, {"channels": [8, 16, 32], "norm": "instance", **arguments}).eval()


def test_three_convolutions_at_each_end_are_computed_in_float32_and_no_other() -> None:
    model = net()
    every = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
    wrapped = [layer.layer for layer in with_precise_ends(model, 4, 64).modules() if isinstance(layer, InFloat32)]
    assert len(every) > 2 * ENDS
    assert len(wrapped) == 2 * ENDS
    seen: dict[nn.Module, torch.dtype] = {}
    for layer in every:
        layer.register_forward_hook(lambda own, _x, y: seen.__setitem__(own, y.dtype))
    with torch.inference_mode(), BF16.autocast():
        model(torch.rand(1, 4, 64, 64))
    assert {seen[layer] for layer in wrapped} == {torch.float32}
    assert {seen[layer] for layer in every if layer not in wrapped} == {torch.bfloat16}
    order = list(seen)
    assert set(order[:ENDS] + order[-ENDS:]) == set(wrapped)


def test_without_mixed_precision_nothing_changes() -> None:
    images = torch.rand(2, 4, 64, 64)
    with torch.inference_mode():
        assert torch.equal(net()(images), with_precise_ends(net(), 4, 64)(images))


def test_its_probabilities_are_nearer_to_those_of_float32() -> None:
    parts = channels(1, tumour_labels(1))
    volume = Volume(np.stack(list(parts.values())), tuple(parts), (1.0,) * 4, (0.0,) * 4, None, Grid(SHAPE))
    case = slice_case("x", volume, None, "axial")
    exact, rough, precise = (
        Predictor(model, narrow.spec(), compute).predict(case, "id").probabilities.astype(int)
        for model, compute in ((net(), EXACT), (net(), BF16), (with_precise_ends(net(), 4, 64), BF16))
    )
    assert 0 < np.abs(precise - exact).mean() < 0.7 * np.abs(rough - exact).mean()


def test_a_segmenter_in_bfloat16_takes_it(workspace: Workspace, tmp_path: Path) -> None:
    checkpoint = narrow.checkpoint(tmp_path / "made")
    fast = Segmenter(workspace, BF16).predictor(checkpoint)._backend._model  # type: ignore[attr-defined]
    plain = Segmenter(workspace, EXACT).predictor(checkpoint)._backend._model  # type: ignore[attr-defined]
    assert any(isinstance(layer, InFloat32) for layer in fast.modules())
    assert not any(isinstance(layer, InFloat32) for layer in plain.modules())
