"""Where networks are computed: what the hardware says, never a guess."""

from __future__ import annotations

import pytest
import torch

from core.inference.device import Compute, DeviceError, choose_compute, cpu_has_bf16, devices, set_determinism


def test_the_cpu_is_always_there_and_last() -> None:
    assert devices()[-1] == "cpu"


def test_auto_is_the_first_device() -> None:
    assert choose_compute("auto").device == devices()[0]


@pytest.mark.parametrize("has", [True, False])
def test_bf16_follows_from_the_processors_flags_and_from_being_allowed(
    monkeypatch: pytest.MonkeyPatch, has: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": has})
    assert cpu_has_bf16() is has
    assert choose_compute("cpu", fast=True).bf16 is has
    assert choose_compute("cpu", fast=False).bf16 is False, "scores to publish are computed in fp32"


@pytest.mark.parametrize("name", ["cuda:9", "tpu", ""])
def test_a_device_that_is_not_here_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(DeviceError, match=f"no device '{name}' on this machine; here: auto, .*cpu"):
        choose_compute(name)


def test_it_is_written_as_people_read_it() -> None:
    assert Compute("cpu", bf16=True, channels_last=True).title == "CPU · bf16"
    assert Compute("cuda:0", bf16=False, channels_last=False).to_json() == {
        "device": "cuda:0", "bf16": False, "channels_last": False,
    }  # fmt: skip


def test_a_recipe_chooses_its_precision() -> None:
    assert choose_compute("cpu", amp="off").bf16 is False
    assert choose_compute("cpu", amp="bf16").bf16 is True, "also where it is emulated"
    assert choose_compute("cpu", amp="auto").bf16 is cpu_has_bf16()
    assert choose_compute("cpu", fast=False, amp="bf16").bf16 is False, "scores to publish are computed in fp32"


def test_float16_is_for_cuda_only() -> None:
    with pytest.raises(DeviceError, match=r"^train\.amp is fp16, which needs a CUDA device; found cpu: set train\.amp"):
        choose_compute("cpu", amp="fp16")


def test_a_choice_that_was_written_down_is_read_back_whatever_stands_beside_it() -> None:
    for compute in (Compute("cpu", bf16=True, channels_last=True), Compute("cuda:0", False, True, fp16=True)):
        assert Compute.from_json({**compute.to_json(), "micro_batch": 2, "accumulate": 4}) == compute
    assert Compute("cuda:0", False, True, fp16=True).title == "CUDA:0 · fp16"


def test_a_cpu_is_deterministic_without_being_asked() -> None:
    import torch

    before = torch.get_deterministic_debug_mode()
    try:
        set_determinism(Compute("cpu", False, False), wanted=False, one_size=True)
        assert torch.get_deterministic_debug_mode() == 2, "an operation without a deterministic form is an error"
    finally:
        torch.set_deterministic_debug_mode(before)
