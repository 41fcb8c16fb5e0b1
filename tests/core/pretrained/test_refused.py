"""Files that are no weights are refused with the sentence that says what they are."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
import torch

from core.models import build_model
from core.pretrained import WeightsRefusedError, load_encoder_weights
from core.pretrained.convert import tensors_of
from core.pretrained.unpickle import plain_tensors

FOLDER = "weights_to_refuse"


def refusal(path: Path, cache: Path, encoder: str = "resnet18") -> str:
    arguments = {"encoder": encoder}
    model = build_model("smp_unet", 4, 3, arguments)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(WeightsRefusedError) as error:
        load_encoder_weights(model, "smp_unet", arguments, str(path), cache)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    return str(error.value)


def test_a_git_lfs_pointer(real_data: Path, cache: Path) -> None:
    sentence = refusal(real_data / FOLDER / "lfs_pointer_resnet/resnet34.pth", cache, "resnet34")
    assert sentence.startswith(
        "resnet34.pth is a Git LFS pointer of 133 bytes that stands for a file of 87327900 bytes"
    )


def test_a_download_cut_short(real_data: Path, cache: Path) -> None:
    sentence = refusal(real_data / FOLDER / "truncated_resnet18_1MiB/resnet18-5c106cde.pth", cache)
    assert sentence.startswith("resnet18-5c106cde.pth is cut short or damaged")
    assert sentence.endswith("download it again")


def test_a_genuine_checkpoint_of_another_network(real_data: Path, cache: Path) -> None:
    sentence = refusal(real_data / FOLDER / "cifar10_resnet20/pretrained_models/resnet20-12fca82f.th", cache)
    assert "resnet20-12fca82f.th does not hold the weights of resnet18" in sentence
    assert "conv1.weight (16, 3, 3, 3) instead of (64, 4, 7, 7)" in sentence


def test_a_zip_cut_short(tmp_path: Path, cache: Path) -> None:
    whole = tmp_path / "whole.pth"
    torch.save({"conv1.weight": torch.ones(64, 3, 7, 7)}, whole)
    cut = tmp_path / "cut.pth"
    cut.write_bytes(whole.read_bytes()[:-5000])
    with pytest.raises(WeightsRefusedError, match=r"cut\.pth is cut short or damaged"):
        tensors_of(cut, cache)


def test_safetensors_cut_short(tmp_path: Path, cache: Path) -> None:
    from safetensors.torch import save

    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(save({"weight": torch.ones(1000)})[:-100])
    with pytest.raises(WeightsRefusedError, match=r"cut\.safetensors is cut short or damaged"):
        tensors_of(cut, cache)


class Danger:
    """Runs a command when a careless reader unpickles it."""

    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.victim}",)


def test_code_in_a_pickle_is_never_run(tmp_path: Path, cache: Path) -> None:
    torch.save({"weight": Danger(tmp_path / "victim")}, tmp_path / "danger.pth")
    with pytest.raises(WeightsRefusedError, match="holds Python objects other than tensors, which are never loaded"):
        tensors_of(tmp_path / "danger.pth", cache)
    assert not (tmp_path / "victim").exists()


def test_a_small_file_that_unfolds_to_forty_gigabytes(tmp_path: Path, cache: Path) -> None:
    torch.save({"weight": torch.zeros(1).expand(10_000_000_000)}, tmp_path / "bomb.pth")
    with pytest.raises(WeightsRefusedError, match=r"bomb\.pth asked for more memory than weights of its size need"):
        tensors_of(tmp_path / "bomb.pth", cache)


@pytest.mark.parametrize(
    ("loaded", "sentence"),
    [
        ([torch.ones(2)], "holds list; expected a state dict"),
        ({}, "holds dict; expected a state dict"),
        ({"weight": torch.ones(2), "best": 0.9}, "holds float under 'best'; expected tensors only"),
    ],
)
def test_what_is_no_state_dict(loaded: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        plain_tensors(loaded, torch)


def test_the_oldest_tar_form_is_named(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "sys_info").write_bytes(b"made up")
    with tarfile.open(tmp_path / "old.pth", "w") as archive:
        archive.add(tmp_path / "sys_info", "sys_info")
    with pytest.raises(WeightsRefusedError, match=r"old\.pth is in PyTorch's oldest form"):
        tensors_of(tmp_path / "old.pth", cache)


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"", "an empty file"), (b"<!DOCTYPE html><html>", "a web page"), (b"hello, world", "some other file")],
)
def test_something_else_under_the_name_of_weights(content: bytes, what: str, tmp_path: Path, cache: Path) -> None:
    (tmp_path / "resnet34.pth").write_bytes(content)
    with pytest.raises(WeightsRefusedError, match=rf"resnet34\.pth is {what}; expected a PyTorch state dict"):
        tensors_of(tmp_path / "resnet34.pth", cache)


def test_nothing_refused_is_left_in_the_cache(tmp_path: Path) -> None:
    torch.save([1], tmp_path / "list.pth")
    with pytest.raises(WeightsRefusedError, match=r"list\.pth holds list"):
        tensors_of(tmp_path / "list.pth", tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []
