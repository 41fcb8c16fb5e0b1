"""A batch norm folded into the convolution before it changes nothing but the rounding."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from core.inference.folding import with_folded_norms
from core.inference.precise_ends import for_bfloat16
from core.models import build_model


class Twice(nn.Module):
    """What a convolution finds is read by a norm and by the sum behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = self.convolution(x)
        both: torch.Tensor = found + self.norm(found)
        return both


def lived_in(model: nn.Module) -> nn.Module:
    """Give the norms means, variances, gains and offsets that matter."""
    torch.manual_seed(1)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for values, low, high in (
                (layer.running_mean, -1.0, 1.0),
                (layer.running_var, 0.5, 2.0),
                (layer.weight, 0.5, 1.5),
                (layer.bias, -1.0, 1.0),
            ):
                assert values is not None
                nn.init.uniform_(values, low, high)
    return model.eval()


def norms(model: nn.Module) -> int:
    return sum(isinstance(layer, nn.BatchNorm2d) for layer in model.modules())


def test_by_hand_one_channel() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1, eps=0.0)).eval()
    convolution, norm = model
    convolution.weight.data.fill_(3.0)
    convolution.bias.data.fill_(1.0)
    norm.running_mean.fill_(5.0)
    norm.running_var.fill_(4.0)
    norm.weight.data.fill_(6.0)
    norm.bias.data.fill_(7.0)
    found = with_folded_norms(model, 1, 4)
    assert norms(found) == 0
    assert found[0].weight.item() == 3 * 6 / 2  # type: ignore[index]
    assert found[0].bias.item() == (1 - 5) * 6 / 2 + 7  # type: ignore[index]
    assert norms(model) == 1


@pytest.mark.parametrize(
    ("architecture", "arguments"),
    [
        ("unet", {"channels": [8, 16, 32], "norm": "batch"}),
        ("smp_unet", {"encoder": "resnet18"}),
        ("smp_unet", {"encoder": "tu-efficientnet_lite0"}),  # its norms bring their activation
    ],
)
def test_every_norm_goes_and_the_logits_stay(architecture: str, arguments: dict[str, object]) -> None:
    torch.manual_seed(0)
    model = lived_in(build_model(architecture, 4, 3, arguments))
    folded = with_folded_norms(model, 4, 64)
    images = torch.randn(2, 4, 96, 64)
    with torch.inference_mode():
        wanted, found = model(images), folded(images)
    assert norms(model) > 5
    assert norms(folded) == 0
    assert (found - wanted).abs().max() < 1e-4 * wanted.abs().max()


def test_a_convolution_that_others_read_too_is_left_alone() -> None:
    model = lived_in(Twice())
    assert with_folded_norms(model, 1, 16) is model
    assert norms(model) == 1


def test_a_network_without_batch_norm_is_left_alone() -> None:
    model = build_model("unet", 4, 3, {"channels": [8, 16, 32], "norm": "instance"}).eval()
    assert with_folded_norms(model, 4, 64) is model


def test_in_bfloat16_folding_brings_the_logits_nearer_to_those_of_float32() -> None:
    torch.manual_seed(0)
    model = lived_in(build_model("smp_unet", 4, 3, {"encoder": "resnet18"}))
    images = torch.randn(2, 4, 64, 64)
    ready = for_bfloat16(model, 4)
    with torch.inference_mode():
        wanted = model(images)
        with torch.autocast("cpu", torch.bfloat16):
            rough, found = model(images).float(), ready(images).float()
    assert (found - wanted).abs().mean() < (rough - wanted).abs().mean()
