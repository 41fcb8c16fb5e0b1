"""ResNet encoders from a file of torchvision's kind, whatever it is saved as."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from safetensors.torch import save_file

from core.models import build_model
from core.pretrained import WeightsRefusedError, load_encoder_weights

State = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def published() -> State:
    """What torchvision publishes for ResNet18, with made-up numbers."""
    torch.manual_seed(5)
    state: State = torchvision.models.resnet18(weights=None).state_dict()
    return {name: torch.randn_like(t) * 0.05 if t.is_floating_point() else t for name, t in state.items()}


def load(path: Path, cache: Path, encoder: str = "resnet18", channels: int = 3) -> tuple[State, Any]:
    arguments = {"encoder": encoder}
    model = build_model("smp_unet", channels, 3, arguments)
    facts = load_encoder_weights(model, "smp_unet", arguments, str(path), cache)
    return model.get_submodule("net.encoder").state_dict(), facts


def same(found: State, published: State) -> bool:
    prefix = "model." if "model.conv1.weight" in found else ""
    return all(torch.equal(found[prefix + name], t) for name, t in published.items() if not name.startswith("fc."))


def test_safetensors(published: State, tmp_path: Path, cache: Path) -> None:
    save_file(published, tmp_path / "resnet18.safetensors")
    found, facts = load(tmp_path / "resnet18.safetensors", cache)
    assert same(found, published)
    assert facts.source == "file resnet18.safetensors"
    assert facts.dropped == ("fc.bias", "fc.weight")


def test_a_pth_in_the_zip_form(published: State, tmp_path: Path, cache: Path) -> None:
    torch.save(published, tmp_path / "resnet18.pth")
    assert same(load(tmp_path / "resnet18.pth", cache)[0], published)


def test_a_pth_in_the_old_form_without_step_counters_and_from_several_gpus(
    published: State, tmp_path: Path, cache: Path
) -> None:
    old = {f"module.{name}": t for name, t in published.items() if "num_batches" not in name}
    torch.save({"state_dict": old, "epoch": 90}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    found, _ = load(tmp_path / "old.pth", cache)
    assert same(found, published)
    assert int(found["bn1.num_batches_tracked"]) == 0


def test_the_same_encoder_by_its_timm_name(published: State, tmp_path: Path, cache: Path) -> None:
    save_file(published, tmp_path / "resnet18.safetensors")
    found, facts = load(tmp_path / "resnet18.safetensors", cache, encoder="tu-resnet18")
    assert same(found, published)
    assert facts.dropped == ("fc.bias", "fc.weight")


def test_only_the_first_convolution_is_widened(published: State, tmp_path: Path, cache: Path) -> None:
    save_file(published, tmp_path / "resnet18.safetensors")
    found, _ = load(tmp_path / "resnet18.safetensors", cache, channels=2)
    assert torch.equal(found["conv1.weight"], published["conv1.weight"][:, [0, 1]] * 1.5)
    assert torch.equal(found["layer1.0.conv1.weight"], published["layer1.0.conv1.weight"])


def test_another_network_is_refused_tensor_by_tensor(published: State, tmp_path: Path, cache: Path) -> None:
    save_file(published, tmp_path / "resnet18.safetensors")
    with pytest.raises(
        WeightsRefusedError,
        match=r"resnet18\.safetensors does not hold the weights of resnet34: .* missing \(layer1\.2\.conv1\.weight",
    ):
        load(tmp_path / "resnet18.safetensors", cache, encoder="resnet34")


def test_one_tensor_too_many_is_refused(published: State, tmp_path: Path, cache: Path) -> None:
    save_file({**published, "extra.weight": torch.ones(1)}, tmp_path / "more.safetensors")
    with pytest.raises(WeightsRefusedError, match=r"1 tensors left over \(extra\.weight\)"):
        load(tmp_path / "more.safetensors", cache)


def test_nan_is_refused(published: State, tmp_path: Path, cache: Path) -> None:
    save_file({**published, "bn1.weight": torch.full((64,), torch.nan)}, tmp_path / "nan.safetensors")
    with pytest.raises(WeightsRefusedError, match=r"bn1\.weight holds NaN"):
        load(tmp_path / "nan.safetensors", cache)
