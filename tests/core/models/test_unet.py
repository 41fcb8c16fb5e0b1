from __future__ import annotations

from typing import Any

import pytest
import torch

from core.arguments import ArgumentError
from core.models import MODELS, build_model, parameter_count

NARROW: dict[str, Any] = {"channels": (4, 8, 16)}


def conv_block(before: int, after: int) -> int:
    # two 3 x 3 convolutions without bias, each with a scale and shift per channel
    return 9 * before * after + 9 * after * after + 4 * after


def test_parameters_counted_by_hand() -> None:
    encoder = conv_block(4, 4) + conv_block(4, 8) + conv_block(8, 16)
    upsamplers = (4 * 16 * 8 + 8) + (4 * 8 * 4 + 4)
    decoder = conv_block(16, 8) + conv_block(8, 4)
    head = 4 * 3 + 3
    assert parameter_count(build_model("unet", 4, 3, NARROW)) == encoder + upsamplers + decoder + head


def test_without_skips_the_decoder_sees_only_the_level_below() -> None:
    with_skips = parameter_count(build_model("unet", 4, 3, NARROW))
    without = parameter_count(build_model("unet", 4, 3, {**NARROW, "skips": False}))
    # the first convolution of each decoder level loses half its inputs
    assert with_skips - without == 9 * 8 * 8 + 9 * 4 * 4


def test_the_default_is_the_32_to_512_variant() -> None:
    assert parameter_count(build_model("unet", 4, 3)) == pytest.approx(7.77e6, rel=0.01)
    assert MODELS["unet"].stride({}) == 16


@pytest.mark.parametrize("norm", ["batch", "instance", "group"])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "silu"])
@pytest.mark.parametrize("upsampling", ["transpose", "interpolate"])
def test_every_combination_keeps_the_size_and_a_sane_scale(norm: str, activation: str, upsampling: str) -> None:
    torch.manual_seed(0)
    arguments = {"channels": (8, 16, 32), "norm": norm, "activation": activation, "upsampling": upsampling}
    logits = build_model("unet", 4, 3, arguments)(torch.randn(2, 4, 31, 45))
    assert logits.shape == (2, 3, 31, 45)
    assert 0.05 < logits.std() < 5


@pytest.mark.parametrize("norm", ["instance", "group"])
def test_a_batch_of_one_trains_without_batch_norm(norm: str) -> None:
    arguments = {**NARROW, "norm": norm}
    assert not MODELS["unet"].has_batch_norm(arguments)
    model = build_model("unet", 4, 3, arguments).train()
    assert model(torch.randn(1, 4, 3, 3)).isfinite().all()


def test_dropout_acts_in_training_only() -> None:
    torch.manual_seed(0)
    model = build_model("unet", 1, 1, {**NARROW, "dropout": 0.5, "norm": "group"})
    images = torch.randn(1, 1, 32, 32)
    assert not torch.equal(model(images), model(images))
    model.eval()
    assert torch.equal(model(images), model(images))


def test_without_skips_a_single_pixel_comes_out_blurred() -> None:
    # group norm would spread the pixel over the whole image; in evaluation batch norm acts pixel by pixel
    torch.manual_seed(0)
    reached = {}
    for skips in (True, False):
        model = build_model("unet", 1, 1, {"channels": (8, 16), "skips": skips}).eval()
        black, dot = torch.zeros(1, 1, 64, 64), torch.zeros(1, 1, 64, 64)
        dot[..., 32, 32] = 1
        with torch.inference_mode():
            reached[skips] = (model(dot) - model(black)).abs().squeeze() > 0
    assert reached[True].any()
    assert reached[False].any()
    assert not reached[True][0, 0]
    assert not reached[False][0, 0]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"channels": [32]}, "channels is"),
        ({"dropout": 1.0}, "dropout is 1.0: input should be less than 1"),
        ({"norm": "layer"}, "norm is 'layer': input should be 'batch', 'instance' or 'group'"),
    ],
)
def test_a_wrong_value_is_named(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ArgumentError, match=sentence):
        build_model("unet", 4, 3, arguments)


def test_the_wide_variant_is_an_argument() -> None:
    # 31.0 M is what the 64 to 1024 U-Net has in other implementations with two padded convolutions a level
    with torch.device("meta"):
        model = build_model("unet", 4, 3, {"channels": (64, 128, 256, 512, 1024)})
    assert parameter_count(model) == pytest.approx(31.04e6, rel=0.001)
    assert model(torch.empty(2, 4, 33, 40, device="meta")).shape == (2, 3, 33, 40)
