"""`run:NAME`: another run's encoder, whole and strictly, with what it has seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from core.checkpoints import Checkpoint, read_checkpoint, write_checkpoint
from core.models import MODELS, build_model
from core.pretrained import WeightsRefusedError, WeightsUnavailableError, load_encoder_weights
from core.workspace import SHIPPED_CHECKPOINTS, Workspace
from tests import narrow

ENCODER = "tu-test_efficientnet"


def donor(folder: Path, architecture: str, arguments: dict[str, Any] | None = None, **card: Any) -> Checkpoint:
    """Write a checkpoint of a small model whose batch norm has seen something."""
    spec = narrow.spec(architecture=architecture, arguments=dict(arguments or MODELS[architecture].small))
    torch.manual_seed(5)
    model = build_model(architecture, spec.inputs, spec.outputs, spec.arguments).train()
    model(torch.randn(2, spec.inputs, 64, 64))
    write_checkpoint(folder, model.state_dict(), narrow.card(spec, **card), {})
    return read_checkpoint(folder)


def start(architecture: str, weights: str, cache: Path, channels: int = 4, **arguments: Any) -> Any:
    """Build a model, load the weights; return it with the facts and the state it had before."""
    chosen = {**MODELS[architecture].small, **arguments}
    torch.manual_seed(6)
    model = build_model(architecture, channels, 3, chosen)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    facts = load_encoder_weights(model, architecture, chosen, weights, cache)
    return model, facts, before


@pytest.mark.parametrize(
    ("first", "second"),
    [("smp_unet", "manet"), ("smp_unet", "deeplabv3plus"), ("unet", "unetplusplus"), ("unet", "attention_unet"),
     ("transunet", "transunet")],
)  # fmt: skip
def test_the_encoder_is_copied_and_the_decoder_is_not(first: str, second: str, tmp_path: Path, cache: Path) -> None:
    theirs = load_file(donor(tmp_path / "step-10", first).folder / "weights.safetensors")
    model, _, before = start(second, str(tmp_path / "step-10"), cache)
    ours = model.state_dict()
    encoder = [name for name in ours if name.startswith("net.encoder.")]
    assert encoder
    assert any(not torch.equal(before[name], ours[name]) for name in encoder)
    assert all(torch.equal(theirs[name], ours[name]) for name in encoder)
    assert all(torch.equal(before[name], ours[name]) for name in ours if name not in encoder)


def test_the_facts_tell_the_run_and_whose_scans_it_has_seen_and_no_path(tmp_path: Path, cache: Path) -> None:
    given = donor(tmp_path / "secret", "smp_unet", train={"a": ["1", "2"], "b": ["3"]}, validation={"c": ["4"]})
    _, facts, _ = start("smp_unet", str(given.folder / "weights.safetensors"), cache)
    assert facts.source == f"run narrow-0001, 10 steps, checkpoint {given.id[:16]}"
    assert facts.seen == {"a": ["1", "2"], "b": ["3"], "c": ["4"]}
    assert facts.licence == "not stated"
    assert facts.sha256 is not None


def test_where_the_run_itself_started_is_told(tmp_path: Path, cache: Path) -> None:
    given = donor(tmp_path / "step-10", "smp_unet")
    card = given.card.model_copy(update={"encoder_weights": {"source": "imagenet, somewhere"}})
    write_checkpoint(tmp_path / "step-11", load_file(given.folder / "weights.safetensors"), card, {})
    _, facts, _ = start("smp_unet", str(tmp_path / "step-11"), cache)
    assert facts.source.endswith(", which started from imagenet, somewhere")


def test_half_precision_is_widened(tmp_path: Path, cache: Path) -> None:
    given = donor(tmp_path / "step-10", "unet")
    half = {name: tensor.half() for name, tensor in load_file(given.folder / "weights.safetensors").items()}
    write_checkpoint(tmp_path / "half", half, given.card, {})
    model, _, _ = start("unet", str(tmp_path / "half"), cache)
    weight = model.get_submodule("net.encoder")[0][0].weight
    assert weight.dtype == torch.float32
    assert torch.equal(weight.half(), half["net.encoder.0.0.weight"])


def refusal(architecture: str, weights: Path, cache: Path, channels: int = 4, **arguments: Any) -> str:
    chosen = {**MODELS[architecture].small, **arguments}
    model = build_model(architecture, channels, 3, chosen)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(WeightsRefusedError) as error:
        load_encoder_weights(model, architecture, chosen, str(weights), cache)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    return str(error.value)


def test_another_encoder_is_refused(tmp_path: Path, cache: Path) -> None:
    donor(tmp_path / "step-10", "smp_unet")
    said = refusal("smp_unet", tmp_path / "step-10", cache, encoder="resnet18")
    assert said.startswith(f"the encoder of run narrow-0001 ({ENCODER}, 4 channels) is not that of this smp_unet: ")
    assert "tensors missing" in said
    assert "choose a run with the same encoder and as many channels" in said


def test_another_number_of_channels_is_refused_and_not_guessed(tmp_path: Path, cache: Path) -> None:
    donor(tmp_path / "step-10", "smp_unet")
    said = refusal("smp_unet", tmp_path / "step-10", cache, channels=3)
    assert "1 tensors of another shape (model.conv_stem.weight" in said


def test_a_model_without_an_encoder_of_its_own_neither_gives_nor_takes_one(tmp_path: Path, cache: Path) -> None:
    donor(tmp_path / "swin", "swin_unetr")
    assert "swin_unetr, which has no encoder of its own" in refusal("unet", tmp_path / "swin", cache)
    donor(tmp_path / "unet", "unet")
    assert "swin_unetr has no encoder that can be started" in refusal("swin_unetr", tmp_path / "unet", cache)


def test_a_whole_models_weights_without_their_card_are_refused(tmp_path: Path, cache: Path) -> None:
    given = donor(tmp_path / "step-10", "smp_unet")
    lone = tmp_path / "lone.safetensors"
    lone.write_bytes((given.folder / "weights.safetensors").read_bytes())
    assert "lone.safetensors holds a whole model of this program without its card" in refusal("smp_unet", lone, cache)


def test_a_run_that_is_not_there_ends_with_the_runs_there_are(tmp_path: Path, cache: Path) -> None:
    model = build_model("unet", 4, 3)
    with pytest.raises(WeightsUnavailableError, match=r"run:nothing: no checkpoint at 'nothing'.*PATH") as error:
        load_encoder_weights(model, "unet", {}, "run:nothing", cache, Workspace(tmp_path))
    assert error.value.exit_code == 3


def test_a_checkpoint_that_ships_is_found_by_its_name(tmp_path: Path, cache: Path) -> None:
    shipped = read_checkpoint(SHIPPED_CHECKPOINTS / "phantom-unet")
    model = build_model("attention_unet", shipped.spec.inputs, 3, shipped.spec.arguments)
    facts = load_encoder_weights(
        model, "attention_unet", shipped.spec.arguments, "run:phantom-unet", cache, Workspace(tmp_path)
    )
    assert facts.source.startswith(f"run {shipped.card.run}, ")
    assert set(facts.seen) == {*shipped.card.training_content, *shipped.card.validation_content}
