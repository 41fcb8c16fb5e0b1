from __future__ import annotations

import socket

import pytest
import torch

from core.arguments import ArgumentError
from core.models import MODELS, build_model, parameter_count
from core.models.smp import smp_encoder_name


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("building a model reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize(
    ("encoder", "millions"),
    [("resnet34", 24.44), ("tf_efficientnet_lite0", 5.20), ("timm-tf_efficientnet_lite0", 5.20)],
)
def test_building_never_downloads(encoder: str, millions: float) -> None:
    model = build_model("smp_unet", 4, 3, {"encoder": encoder})
    assert parameter_count(model) / 1e6 == pytest.approx(millions, rel=0.002)


def test_both_names_of_efficientnet_lite_are_timms_own_port() -> None:
    assert smp_encoder_name("tf_efficientnet_lite0") == "tu-tf_efficientnet_lite0"
    assert smp_encoder_name("timm-tf_efficientnet_lite0") == "tu-tf_efficientnet_lite0"
    assert smp_encoder_name("resnet34") == "resnet34"


def test_a_shallower_encoder_has_a_smaller_stride() -> None:
    arguments = {"encoder": "resnet18", "encoder_depth": 3, "decoder_channels": (32, 16, 8)}
    assert MODELS["smp_unet"].stride(arguments) == 8
    assert build_model("smp_unet", 1, 2, arguments).eval()(torch.zeros(1, 1, 17, 9)).shape == (1, 2, 17, 9)


def test_an_unknown_encoder_answers_with_the_known_ones() -> None:
    with pytest.raises(ArgumentError, match=r"called 'resnet43'; did you mean .*resnet34.*known: .*vgg16"):
        build_model("smp_unet", 4, 3, {"encoder": "resnet43"})
    with pytest.raises(ArgumentError, match="no encoder is called 'tu-nothing'"):
        build_model("smp_unet", 4, 3, {"encoder": "tu-nothing"})


def test_the_decoder_needs_one_width_per_level() -> None:
    with pytest.raises(ArgumentError, match="decoder_channels has 5 entries; expected encoder_depth = 4"):
        build_model("smp_unet", 4, 3, {"encoder_depth": 4})


def test_the_encoder_that_takes_weights_is_named() -> None:
    assert MODELS["smp_unet"].encoder({"encoder": "resnet34"}) == "resnet34"
    assert MODELS["unet"].encoder({}) is None


SMP_MODELS = ["smp_unet", "smp_unetplusplus", "manet", "deeplabv3plus", "segformer"]


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("name", SMP_MODELS)
def test_every_model_on_a_named_encoder_is_built_without_a_download(name: str) -> None:
    model = build_model(name, 4, 3, {**MODELS[name].small, "encoder": "tu-test_efficientnet"}).eval()
    assert model(torch.zeros(1, 4, 40, 33)).shape == (1, 3, 40, 33)


def test_an_encoder_that_an_architecture_cannot_stand_on_is_refused_with_the_reason() -> None:
    with pytest.raises(ArgumentError, match=r"UnetPlusPlus .* cannot stand on the encoder 'mit_b0' .*choose another"):
        build_model("smp_unetplusplus", 4, 3, {"encoder": "mit_b0"})


def test_deeplab_refuses_a_batch_of_one_in_training() -> None:
    model = build_model("deeplabv3plus", 1, 1, MODELS["deeplabv3plus"].small)
    assert MODELS["deeplabv3plus"].has_batch_norm({})
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        model(torch.zeros(1, 1, 64, 64))


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.usefixtures("no_network")
@pytest.mark.filterwarnings("ignore:`timm-` encoders are deprecated:DeprecationWarning")
def test_every_encoder_of_smp_carries_a_unet() -> None:
    from segmentation_models_pytorch.encoders import get_encoder_names

    for encoder in get_encoder_names():
        model = build_model("smp_unet", 4, 3, {"encoder": encoder}).to("meta").eval()
        with torch.no_grad():
            assert model(torch.empty(1, 4, 70, 64, device="meta")).shape == (1, 3, 70, 64), encoder
