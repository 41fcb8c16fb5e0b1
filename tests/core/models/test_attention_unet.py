from __future__ import annotations

import pytest
import torch

from core.arguments import ArgumentError
from core.models import build_model, parameter_count
from core.models.networks.attention_unet import AttentionGate
from core.models.unet import UNetArguments

NARROW = {"channels": (4, 8, 16)}


def gate() -> AttentionGate:
    torch.manual_seed(0)
    return AttentionGate(8, 16, UNetArguments(norm="group"))


def test_parameters_are_the_unets_and_one_gate_on_the_coarser_skip() -> None:
    of_skip, of_gating, psi, out = 8 * 4 * 4, 16 * 4 + 4, 4 + 1, 8 * 8 + 2 * 8
    extra = parameter_count(build_model("attention_unet", 4, 3, NARROW)) - parameter_count(
        build_model("unet", 4, 3, NARROW)
    )
    assert extra == of_skip + of_gating + psi + out


def test_attention_is_a_share_per_pixel_and_starts_open() -> None:
    alpha = gate().attention(torch.randn(2, 8, 12, 20), torch.randn(2, 16, 6, 10))
    assert alpha.shape == (2, 1, 12, 20)
    assert alpha.min() >= 0
    assert alpha.max() <= 1
    assert alpha.mean().item() == pytest.approx(0.95, abs=0.02)


def test_a_closed_gate_holds_the_skip_back() -> None:
    closed = gate()
    torch.nn.init.zeros_(closed.psi.weight)
    torch.nn.init.constant_(closed.psi.bias, -50.0)  # type: ignore[arg-type]
    gating = torch.randn(1, 16, 4, 4)
    one, other = torch.randn(1, 8, 8, 8), torch.randn(1, 8, 8, 8)
    assert torch.allclose(closed(one, gating), closed(other, gating), atol=1e-5)


def test_a_gate_by_hand() -> None:
    # one channel, everything 1: alpha = sigmoid(relu(4 * x + g) + 0)
    small = AttentionGate(1, 1, UNetArguments(norm="group"))
    for layer in (small.of_skip, small.of_gating, small.psi):
        torch.nn.init.ones_(layer.weight)
        if layer.bias is not None:
            torch.nn.init.zeros_(layer.bias)
    skip = torch.full((1, 1, 2, 2), 0.5)
    alpha = small.attention(skip, torch.full((1, 1, 1, 1), -1.0))
    assert torch.allclose(alpha, torch.sigmoid(torch.tensor(1.0)).expand(1, 1, 2, 2))
    # relu closes the sum at 0, where the gate says one half
    alpha = small.attention(skip, torch.full((1, 1, 1, 1), -9.0))
    assert torch.allclose(alpha, torch.full((1, 1, 2, 2), 0.5))


def test_it_cannot_be_had_without_skips() -> None:
    with pytest.raises(ArgumentError, match="skips is False"):
        build_model("attention_unet", 4, 3, {"skips": False})
