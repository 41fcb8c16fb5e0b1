from __future__ import annotations

import pytest
import torch

from core.arguments import ArgumentError
from core.models import MODELS, build_model, parameter_count


def test_it_is_monais_in_two_dimensions() -> None:
    from monai.networks.nets.swin_unetr import SwinUNETR

    torch.manual_seed(0)
    theirs = SwinUNETR(in_channels=4, out_channels=3, feature_size=24, spatial_dims=2).eval()
    torch.manual_seed(0)
    ours = build_model("swin_unetr", 4, 3).eval()
    assert parameter_count(ours) == parameter_count(theirs)
    images = torch.randn(1, 4, 64, 96)
    with torch.inference_mode():
        assert torch.equal(ours(images), theirs(images))


def test_a_size_that_monai_refuses_is_padded() -> None:
    spec = MODELS["swin_unetr"]
    assert spec.stride({}) == 32
    assert build_model("swin_unetr", 1, 2, spec.small).eval()(torch.zeros(1, 1, 33, 95)).shape == (1, 2, 33, 95)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"feature_size": 20}, "feature_size is 20: input should be a multiple of 12"),
        ({"heads": (5, 6, 12, 24)}, r"expected divisors of the tokens' lengths \[24, 48, 96, 192\]"),
    ],
)
def test_a_wrong_value_is_named(arguments: dict[str, object], sentence: str) -> None:
    with pytest.raises(ArgumentError, match=sentence):
        build_model("swin_unetr", 4, 3, arguments)
