from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from core.arguments import ArgumentError
from core.models import build_model, parameter_count
from core.models.networks.unetplusplus import UNetPlusPlus
from core.models.unetplusplus import UNetPlusPlusArguments
from tests.core.models.test_unet import conv_block

NARROW = {"channels": (4, 8, 16)}


def test_parameters_counted_by_hand() -> None:
    encoder = conv_block(4, 4) + conv_block(4, 8) + conv_block(8, 16)
    # X(0,1) and X(0,2) see two and three maps of 4, X(1,1) two of 8
    nodes = conv_block(8, 4) + conv_block(12, 4) + conv_block(16, 8)
    upsamplers = 2 * (4 * 8 * 4 + 4) + (4 * 16 * 8 + 8)
    assert parameter_count(build_model("unetplusplus", 4, 3, NARROW)) == encoder + nodes + upsamplers + 4 * 3 + 3


def test_with_two_levels_it_is_the_unet() -> None:
    arguments = {"channels": (4, 8)}
    torch.manual_seed(0)
    nested, plain = (build_model(name, 2, 3, arguments).eval() for name in ("unetplusplus", "unet"))
    renamed = {
        name.replace("upsamplers.0.", "upsamplers.0_1.").replace("decoder.0.", "nodes.0_1."): tensor
        for name, tensor in plain.state_dict().items()
    }
    nested.load_state_dict(renamed, strict=True)
    images = torch.randn(1, 2, 16, 24)
    assert torch.equal(nested(images), plain(images))


def test_the_last_node_sees_every_refinement_of_its_level() -> None:
    torch.manual_seed(0)
    net = UNetPlusPlus(1, 1, UNetPlusPlusArguments(channels=(2, 4, 8))).eval()
    images = torch.randn(1, 1, 8, 8)
    first = [net.encoder[0](images)]
    first.append(net.encoder[1](functional.max_pool2d(first[0], 2)))
    first.append(net.encoder[2](functional.max_pool2d(first[1], 2)))
    x01 = net.nodes["0_1"](torch.cat([first[0], net.upsamplers["0_1"](first[1])], 1))
    x11 = net.nodes["1_1"](torch.cat([first[1], net.upsamplers["1_1"](first[2])], 1))
    x02 = net.nodes["0_2"](torch.cat([first[0], x01, net.upsamplers["0_2"](x11)], 1))
    assert torch.equal(net(images), net.head(x02))


def test_it_cannot_be_had_without_skips() -> None:
    with pytest.raises(ArgumentError, match="skips is False"):
        build_model("unetplusplus", 4, 3, {"skips": False})
