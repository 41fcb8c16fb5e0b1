"""What every registered architecture promises, whatever it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from core.arguments import ArgumentError
from core.models import MODELS, UnknownModelError, build_model, parameter_count

ODD_SIZES = [(33, 47), (1, 70), (64, 31)]
every_model = pytest.mark.parametrize("name", MODELS)


def small(name: str, channels: int = 2, regions: int = 3) -> torch.nn.Module:
    torch.manual_seed(0)
    return build_model(name, channels, regions, MODELS[name].small)


@every_model
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_odd_sizes_give_logits_of_the_same_size(name: str, channels: int) -> None:
    model = small(name, channels)
    for height, width in ODD_SIZES:
        assert model(torch.randn(2, channels, height, width)).shape == (2, 3, height, width)


@every_model
def test_every_parameter_learns(name: str) -> None:
    model = small(name)
    logits = model(torch.randn(2, 2, 65, 70))
    assert logits.min() < 0 < logits.max()  # an activation at the end would keep one side away
    logits.square().mean().backward()
    assert [key for key, p in model.named_parameters() if p.grad is None or not p.grad.isfinite().all()] == []
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


@every_model
def test_saved_and_loaded_it_answers_the_same(name: str, tmp_path: Path) -> None:
    model = small(name).eval()
    save_file(model.state_dict(), tmp_path / "weights.safetensors")
    torch.manual_seed(1)
    other = build_model(name, 2, 3, MODELS[name].small).eval()
    images = torch.randn(1, 2, 37, 50)
    with torch.inference_mode():
        assert not torch.equal(other(images), model(images))
        other.load_state_dict(load_file(tmp_path / "weights.safetensors"), strict=True)
        assert torch.equal(other(images), model(images))


@every_model
def test_the_same_seed_gives_the_same_weights(name: str) -> None:
    first, second = small(name).state_dict(), small(name).state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)


@every_model
def test_channels_last_and_bf16_autocast_change_little(name: str) -> None:
    model = small(name).eval()
    images = torch.randn(2, 2, 64, 96)
    with torch.inference_mode():
        plain = model(images)
        fast = model.to(memory_format=torch.channels_last)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            half = fast(images.contiguous(memory_format=torch.channels_last))
    assert half.dtype == torch.bfloat16
    assert (half.float() - plain).abs().max() < 0.1 * plain.std() + 0.05


@every_model
def test_bf16_training_step_has_finite_gradients(name: str) -> None:
    model = small(name).to(memory_format=torch.channels_last)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(torch.randn(2, 2, 64, 64).contiguous(memory_format=torch.channels_last))
    logits.float().square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


@every_model
def test_the_spec_tells_the_truth_about_batch_norm(name: str) -> None:
    spec = MODELS[name]
    found = any(isinstance(m, torch.nn.modules.batchnorm._BatchNorm) for m in small(name).modules())
    assert spec.has_batch_norm(spec.small) == found


@every_model
def test_multiples_of_the_stated_stride_need_no_padding(name: str) -> None:
    spec = MODELS[name]
    stride = spec.stride(spec.small)
    model = small(name).eval()
    images = torch.randn(1, 2, 2 * stride, 3 * stride)
    with torch.inference_mode():
        assert torch.equal(model(images), model.net(images))  # type: ignore[operator]


@every_model
def test_an_unknown_argument_answers_with_the_known_ones(name: str) -> None:
    known = next(iter(MODELS[name].arguments.model_fields))
    with pytest.raises(ArgumentError, match=rf"model {name} has no argument 'colour'; known: .*{known}"):
        build_model(name, 4, 3, {"colour": 1})


@every_model
def test_the_spec_says_what_it_is(name: str) -> None:
    spec = MODELS[name]
    assert spec.name == name
    assert spec.title
    assert spec.dims in (2, 3)
    assert any(character.isdigit() for character in spec.paper)  # a citation has a year
    assert all(field.description for field in spec.arguments.model_fields.values())
    assert parameter_count(small(name)) < 1_500_000


def test_an_unknown_model_answers_with_the_known_ones() -> None:
    with pytest.raises(UnknownModelError, match="no model is called 'vnet'; known: unet, attention_unet, smp_unet"):
        build_model("vnet", 4, 3)
