"""What every registered architecture promises, whatever it is."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional

from core.arguments import ArgumentError
from core.checkpoints import InferenceSpec, load_model, read_checkpoint, write_checkpoint
from core.models import MODELS, UnknownModelError, build_model, parameter_count
from core.models.cost import cost
from tests import narrow

ODD_SIZES = [(33, 47), (1, 70), (64, 31)]
CHANNELS = (1, 2, 3, 4)
TARGETS: tuple[Literal["regions", "classes"], ...] = ("regions", "classes")
REGIONS = ("WT", "TC", "ET")
CLASS_BITS = (0, 1, 3, 7, 4)  # background and four classes
# each channel count with each target once, the sizes taken in turn
SLICE = [(*pair, size) for pair, size in zip(itertools.product(CHANNELS, TARGETS), itertools.cycle(ODD_SIZES))]
GRID = list(itertools.product(CHANNELS, TARGETS, ODD_SIZES))

every_model = pytest.mark.parametrize("name", MODELS)


@pytest.fixture(autouse=True)
def _deterministic() -> Iterator[None]:
    # as a training on a CPU sets it: an operation without a deterministic form raises
    before = torch.get_deterministic_debug_mode()
    torch.set_deterministic_debug_mode("error")
    yield
    torch.set_deterministic_debug_mode(before)


def small(name: str, channels: int = 2, regions: int = 3) -> torch.nn.Module:
    torch.manual_seed(0)
    return build_model(name, channels, regions, MODELS[name].small)


def inference(name: str, arguments: dict[str, Any], channels: int, target: str) -> InferenceSpec:
    return narrow.spec(
        architecture=name,
        arguments=arguments,
        modalities=tuple(f"m{channel}" for channel in range(channels)),
        target=target,
        regions=REGIONS,
        class_bits=CLASS_BITS if target == "classes" else (),
    )


def loss(logits: torch.Tensor, target: str) -> torch.Tensor:
    n, outputs, *size = logits.shape
    if target == "classes":
        return functional.cross_entropy(logits, torch.randint(outputs, (n, *size)))
    return functional.binary_cross_entropy_with_logits(logits, torch.randint(2, logits.shape).float())


def require_promises(spec: InferenceSpec, size: tuple[int, int], folder: Path) -> None:
    """Forward, backward, save, load, and the same answer bit by bit."""
    torch.manual_seed(0)
    model = build_model(spec.architecture, spec.inputs, spec.outputs, spec.arguments)
    images = torch.randn(2, spec.inputs, *size)
    logits = model(images)
    assert logits.shape == (2, len(CLASS_BITS) if spec.class_bits else len(REGIONS), *size)
    loss(logits, spec.target).backward()
    parameters = {key: p for key, p in model.named_parameters() if p.requires_grad}
    assert [key for key, p in parameters.items() if p.grad is None or not p.grad.isfinite().all()] == []
    write_checkpoint(folder, model.state_dict(), narrow.card(spec), {})
    loaded = load_model(read_checkpoint(folder))
    with torch.inference_mode():
        assert torch.equal(loaded(images), model.eval()(images))


@every_model
@pytest.mark.parametrize(("channels", "target", "size"), SLICE)
def test_forward_backward_save_load_same_answer(
    name: str, channels: int, target: str, size: tuple[int, int], tmp_path: Path
) -> None:
    arguments = dict(MODELS[name].small)
    require_promises(inference(name, arguments, channels, target), size, tmp_path / "step-1")


@pytest.mark.slow
@every_model
@pytest.mark.parametrize(("channels", "target", "size"), GRID)
def test_the_whole_grid(name: str, channels: int, target: str, size: tuple[int, int], tmp_path: Path) -> None:
    require_promises(inference(name, dict(MODELS[name].small), channels, target), size, tmp_path / "step-1")


@pytest.mark.slow
@every_model
@pytest.mark.parametrize(("channels", "target", "size"), [(4, "regions", (33, 47)), (1, "classes", (1, 70))])
def test_the_default_network_keeps_the_same_promises(
    name: str, channels: int, target: str, size: tuple[int, int], tmp_path: Path
) -> None:
    require_promises(inference(name, {}, channels, target), size, tmp_path / "step-1")


@every_model
def test_two_steps_from_the_same_seed_end_in_the_same_bits(name: str) -> None:
    def trained() -> dict[str, torch.Tensor]:
        model = small(name)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for step in range(2):
            torch.manual_seed(step)
            optimizer.zero_grad()
            loss(model(torch.randn(2, 2, 33, 47)), "regions").backward()
            optimizer.step()
        return model.state_dict()

    first, second = trained(), trained()
    assert [key for key in first if not torch.equal(first[key], second[key])] == []


@every_model
def test_a_batch_of_one_trains_where_there_is_no_batch_norm(name: str) -> None:
    spec = MODELS[name]
    arguments = dict(spec.small) | ({"norm": "instance"} if "norm" in spec.arguments.model_fields else {})
    if spec.has_batch_norm(arguments):
        pytest.skip("has batch norm; a recipe with a batch of 1 is refused")
    torch.manual_seed(0)
    model = build_model(name, 2, 3, arguments)
    loss(model(torch.randn(1, 2, 17, 5)), "regions").backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


@every_model
def test_its_cost_counts_the_parameters_that_are_built(name: str) -> None:
    arguments = MODELS[name].small
    torch.manual_seed(3)
    before = torch.get_rng_state()
    found = cost(name, 2, 3, (64, 64), arguments)
    assert torch.equal(torch.get_rng_state(), before)
    assert found.parameters == parameter_count(small(name))
    # twice the side is four times the arithmetic, and attention more than that
    assert 3.5 * found.flops < cost(name, 2, 3, (128, 128), arguments).flops < 6 * found.flops


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
    # rounding moves some maxima to another place of their window, which max-unpooling shows
    assert (half.float() - plain).square().mean().sqrt() < 0.2 * plain.std()


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
    with pytest.raises(UnknownModelError, match=r"no model is called 'vnet'; known: unet, unetplusplus, .*segformer"):
        build_model("vnet", 4, 3)
