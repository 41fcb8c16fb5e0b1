from __future__ import annotations

import torch
from torch.utils.flop_counter import FlopCounterMode

from core.models import MODELS, build_model
from core.models.cost import cost
from core.models.networks.vision_transformer import SelfAttention


def test_a_unets_arithmetic_by_hand() -> None:
    pixels = 32 * 48
    # two 3 x 3 convolutions a block, the second level on a quarter of the pixels
    blocks = pixels * 9 * (1 * 4 + 4 * 4) + pixels // 4 * 9 * (4 * 8 + 8 * 8) + pixels * 9 * (8 * 4 + 4 * 4)
    upsampling = pixels // 4 * 8 * 4 * 4  # a 2 x 2 kernel for each pixel of the coarse map
    head = pixels * 4 * 2
    found = cost("unet", 1, 2, (32, 48), {"channels": (4, 8)})
    assert found.flops == 2 * (blocks + upsampling + head)


def test_padding_is_paid_for() -> None:
    arguments = {"channels": (4, 8, 16)}
    assert cost("unet", 1, 2, (29, 33), arguments) == cost("unet", 1, 2, (32, 36), arguments)


def test_attention_is_counted() -> None:
    net = SelfAttention(8, 2, 0.0).to("meta").eval()
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        net(torch.empty(1, 6, 8, device="meta"))
    projections, comparisons = 6 * 8 * (24 + 8), 2 * 6 * 6 * 8
    assert counter.get_total_flops() == 2 * (projections + comparisons)


def test_it_equals_what_a_real_forward_pass_counts() -> None:
    for name in ("segnet", "transunet", "deeplabv3plus"):
        arguments = MODELS[name].small
        model = build_model(name, 2, 3, arguments).eval()
        counter = FlopCounterMode(display=False)
        with torch.inference_mode(), counter:
            model(torch.randn(1, 2, 64, 70))
        assert cost(name, 2, 3, (64, 70), arguments).flops == counter.get_total_flops(), name
