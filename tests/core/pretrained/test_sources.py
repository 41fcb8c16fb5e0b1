"""`none`, `imagenet` and a path: each does what it says or says why not."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision

from core.data.addresses import ADDRESSES, Address
from core.models import MODELS, build_model
from core.pretrained import (
    WeightsFacts,
    WeightsRefusedError,
    WeightsUnavailableError,
    load_encoder_weights,
    sources,
)

RESNET18: dict[str, Any] = {"encoder": "resnet18"}


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(2)
    path = tmp_path_factory.mktemp("published") / "resnet18-made.pth"
    torch.save(torchvision.models.resnet18(weights=None).state_dict(), path)
    return path


@pytest.fixture(scope="module")
def server(published: Path) -> Iterator[str]:
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(published.parent)))
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()


def publish(monkeypatch: pytest.MonkeyPatch, url: str, content: bytes) -> None:
    address = Address(url, hashlib.sha256(content).hexdigest(), "BSD-3-Clause")
    monkeypatch.setitem(ADDRESSES, "resnet18-imagenet", address)


def test_none_leaves_the_random_start_and_says_so() -> None:
    model = build_model("smp_unet", 4, 3, RESNET18)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    assert load_encoder_weights(model, "smp_unet", RESNET18, "none") == WeightsFacts("none", None, None)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_a_model_without_an_encoder_takes_none_only(tmp_path: Path) -> None:
    model = build_model("unet", 4, 3, {"channels": (4, 8)})
    assert load_encoder_weights(model, "unet", {"channels": (4, 8)}, "none").source == "none"
    with pytest.raises(WeightsRefusedError, match="unet has no encoder that pretrained weights fit"):
        load_encoder_weights(model, "unet", {"channels": (4, 8)}, "imagenet", tmp_path)


def test_imagenet_is_downloaded_once(
    published: Path, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, f"{server}/{published.name}", published.read_bytes())
    model = build_model("smp_unet", 3, 1, RESNET18)
    facts = load_encoder_weights(model, "smp_unet", RESNET18, "imagenet", tmp_path)
    state = torch.load(published, weights_only=True)
    assert torch.equal(model.get_submodule("net.encoder").state_dict()["conv1.weight"], state["conv1.weight"])
    assert facts.source == f"imagenet, {server}/{published.name}"
    assert facts.sha256 == hashlib.sha256(published.read_bytes()).hexdigest()
    publish(monkeypatch, f"http://127.0.0.1:9/{published.name}", published.read_bytes())
    assert load_encoder_weights(model, "smp_unet", RESNET18, "imagenet", tmp_path).sha256 == facts.sha256


def test_an_altered_download_is_refused_and_not_kept(
    published: Path, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, f"{server}/{published.name}", b"something else")
    with pytest.raises(WeightsRefusedError, match="the download is cut short or altered"):
        sources.find_weights("resnet18", "imagenet", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", ["missing on the server", "no server"])
def test_offline_the_message_names_the_file_to_supply(
    where: str, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = server if where == "missing on the server" else "http://127.0.0.1:9"
    publish(monkeypatch, f"{base}/resnet18-f37072fd.pth", b"")
    model = build_model("smp_unet", 4, 3, RESNET18)
    with pytest.raises(WeightsUnavailableError) as error:
        load_encoder_weights(model, "smp_unet", RESNET18, "imagenet", tmp_path)
    assert "get resnet18-f37072fd.pth from there and supply a file with --set model.encoder_weights=PATH" in str(
        error.value
    )
    assert "--set model.encoder_weights=none" in str(error.value)


def test_resnet34s_address_carries_the_hash_that_its_publisher_put_in_the_name() -> None:
    for address in ADDRESSES.values():
        prefix = address.file_name.removesuffix(".pth").rpartition("-")[2]
        assert address.sha256.startswith(prefix)
        assert len(address.sha256) == 64


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailableError, match=r"no weights file at .*nowhere\.pth; supply a file"):
        sources.find_weights("resnet18", str(tmp_path / "nowhere.pth"), tmp_path)


def test_an_encoder_without_known_weights_answers_with_those_that_have_them(tmp_path: Path) -> None:
    with pytest.raises(
        WeightsUnavailableError,
        match=r"only those of tf_efficientnet_lite0, resnet18, resnet34; get model\.safetensors of smp-hub/vgg16",
    ):
        sources.find_weights("vgg16", "imagenet", tmp_path)


@pytest.mark.parametrize("name", ["smp_unet", "smp_unetplusplus", "manet", "deeplabv3plus", "segformer"])
def test_every_model_on_a_named_encoder_says_which_file_to_supply(name: str, tmp_path: Path) -> None:
    arguments = {**MODELS[name].small, "encoder": "tu-test_efficientnet"}
    model = build_model(name, 4, 3, arguments)
    with pytest.raises(WeightsUnavailableError, match=r"timm/test_efficientnet\..*encoder_weights=PATH") as error:
        load_encoder_weights(model, name, arguments, "imagenet", tmp_path)
    assert error.value.exit_code == 3


@pytest.mark.parametrize(
    ("name", "encoder", "published"),
    [("segformer", "mit_b0", "mit_b0"), ("manet", "tu-convnext_atto", "convnext_atto")],
)
def test_a_file_as_its_authors_publish_it_fits(name: str, encoder: str, published: str, tmp_path: Path) -> None:
    import timm
    from safetensors.torch import save_file
    from segmentation_models_pytorch.encoders import get_encoder

    torch.manual_seed(1)
    if encoder.startswith("tu-"):
        theirs = timm.create_model(published, features_only=True, out_indices=(0, 1, 2, 3)).eval()
        weights = timm.create_model(published).state_dict()
        theirs.load_state_dict(
            {key.replace("stages.", "stages_").replace("stem.", "stem_"): tensor for key, tensor in weights.items()},
            strict=False,
        )
        arguments: dict[str, Any] = {
            "encoder": encoder,
        }
    else:
        theirs = get_encoder(published, weights=None).eval()
        weights, arguments = theirs.state_dict(), {"encoder": encoder}
    save_file(weights, tmp_path / "model.safetensors")
    model = build_model(name, 3, 2, arguments).eval()
    facts = load_encoder_weights(model, name, arguments, str(tmp_path / "model.safetensors"), tmp_path)
    assert facts.source == "file model.safetensors"
    images = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(model.get_submodule("net.encoder")(images)[-1], theirs(images)[-1])
