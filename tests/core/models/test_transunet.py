from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from core.arguments import ArgumentError
from core.models import MODELS, build_model, parameter_count
from core.models.networks.hybrid_resnet import HybridResNet, StandardisedConv2d
from core.models.networks.vision_transformer import SelfAttention, TransformerShape, VisionTransformer

PAPER: dict[str, Any] = {"width": 64, "blocks": (3, 4, 9), "hidden": 768, "layers": 12, "heads": 12}
SMALL = dict(MODELS["transunet"].small)


def test_the_resnet_hands_over_three_skips_and_a_last_map_at_a_sixteenth() -> None:
    features = HybridResNet(4, 8, (1, 2, 1))(torch.randn(1, 4, 32, 48))
    assert [tuple(found.shape[1:]) for found in features] == [(8, 16, 24), (32, 8, 12), (64, 4, 6), (128, 2, 3)]


def test_standardised_kernels_have_mean_0_and_variance_1() -> None:
    convolution = StandardisedConv2d(2, 3, 3, padding=1, bias=False)
    nn.init.normal_(convolution.weight, mean=4.0, std=9.0)
    images = torch.randn(1, 2, 8, 8)
    kernels = convolution.weight.detach().flatten(1)
    by_hand = (kernels - kernels.mean(1, keepdim=True)) / kernels.std(1, keepdim=True, correction=0)
    expected = nn.functional.conv2d(images, by_hand.view_as(convolution.weight), padding=1)
    assert torch.allclose(convolution(images), expected, atol=1e-4)


def test_attention_is_torchs_own() -> None:
    torch.manual_seed(0)
    ours = SelfAttention(12, 3, 0.0).eval()
    theirs = nn.MultiheadAttention(12, 3, batch_first=True).eval()
    theirs.load_state_dict(
        {
            "in_proj_weight": ours.query_key_value.weight,
            "in_proj_bias": ours.query_key_value.bias,
            "out_proj.weight": ours.out.weight,
            "out_proj.bias": ours.out.bias,
        }
    )
    tokens = torch.randn(2, 5, 12)
    expected, _ = theirs(tokens, tokens, tokens, need_weights=False)
    assert torch.allclose(ours(tokens), expected, atol=1e-6)


def transformer(grid: int = 4, layers: int = 1) -> VisionTransformer:
    torch.manual_seed(0)
    shape = TransformerShape(hidden=8, layers=layers, heads=2, mlp_ratio=2.0, dropout=0.0, grid=grid)
    return VisionTransformer(3, shape).eval()


def test_positions_are_the_learned_ones_on_their_own_grid_and_interpolated_on_any_other() -> None:
    net = transformer(grid=2)
    assert torch.equal(net.positions_on(2, 2), net.positions)
    with torch.no_grad():
        net.positions.copy_(torch.tensor([0.0, 1.0, 2.0, 3.0]).view(1, 1, 2, 2).expand(1, 8, 2, 2))
    # half a step of the grid on either side is held, a quarter of a step is a quarter of the difference
    assert net.positions_on(2, 4)[0, 0, 0].tolist() == [0.0, 0.25, 0.75, 1.0]


def test_positions_tell_equal_tokens_apart_and_attention_lets_them_see_each_other() -> None:
    net = transformer()
    out = net(torch.ones(1, 3, 4, 4))
    assert not torch.allclose(out[..., 0, 0], out[..., 3, 3], atol=1e-3)
    features = torch.randn(1, 3, 4, 4)
    changed = features.clone()
    changed[..., 3, 3] += 5
    assert (net(features) - net(changed))[..., 0, 0].abs().max() > 1e-4


def test_without_skips_the_decoder_is_narrower_by_them() -> None:
    with_skips, without = (build_model("transunet", 4, 3, {**SMALL, "skips": skips}) for skips in (True, False))
    # the first convolution of three levels (32, 16, 8 maps) loses the skips of 64, 32 and 8 maps
    assert parameter_count(with_skips) - parameter_count(without) == 9 * (64 * 32 + 32 * 16 + 8 * 8)


def test_the_default_is_a_fifth_of_the_papers() -> None:
    default = parameter_count(build_model("transunet", 4, 3))
    with torch.device("meta"):
        papers = parameter_count(build_model("transunet", 3, 9, PAPER))
    assert default == pytest.approx(21.5e6, rel=0.01)
    # 105 M in the authors' own implementation
    assert papers == pytest.approx(105e6, rel=0.01)


def test_heads_must_share_out_the_token() -> None:
    with pytest.raises(ArgumentError, match="hidden is 32; expected a multiple of heads = 5"):
        build_model("transunet", 4, 3, {**SMALL, "heads": 5})
