"""Which device computes, and in which precision. Decided by what the hardware says it can, never by timing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from core.errors import RefusedError

if TYPE_CHECKING:
    import torch

MixedPrecision = Literal["auto", "off", "bf16", "fp16"]
BackendName = Literal["torch", "onnx"]


class DeviceError(RefusedError):
    """A device that is not here, or cannot do what was asked of it; the message lists what is."""


@dataclass(frozen=True, slots=True)
class Compute:
    """Where and how a network is computed.

    Attributes:
        device: torch's name for it: `cpu`, `cuda`, `cuda:1`, `mps`.
        bf16: matrix products in bfloat16 (autocast); weights stay float32.
        channels_last: tensors in NHWC order.
        fp16: matrix products in float16; training scales the loss so that small gradients survive.
        backend: what computes: torch, or ONNX Runtime on the CPU.
    """

    device: str
    bf16: bool
    channels_last: bool
    fp16: bool = False
    backend: BackendName = "torch"

    def to_json(self) -> dict[str, Any]:
        facts = {"device": self.device, "bf16": self.bf16, "channels_last": self.channels_last}
        later = {"fp16": True} if self.fp16 else {}
        return facts | later | ({} if self.backend == "torch" else {"backend": self.backend})

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Compute:
        """Read what `to_json` wrote; other keys, such as how a batch was split, are somebody else's."""
        return cls(**{name: facts[name] for name in cls.__slots__ if name in facts})

    @property
    def kind(self) -> str:
        """The device without its number: `cpu`, `cuda` or `mps`."""
        return self.device.partition(":")[0]

    @property
    def precision(self) -> str:
        return "bf16" if self.bf16 else "fp16" if self.fp16 else "fp32"

    @property
    def kept_as(self) -> str:
        """How predictions are named that were computed like this: another precision or backend rounds otherwise."""
        return self.precision if self.backend == "torch" else f"{self.precision}-{self.backend}"

    @property
    def title(self) -> str:
        return f"{self.device.upper()} · {self.precision}"

    def autocast(self) -> torch.autocast:
        """Return the context in which the network is called."""
        import torch

        dtype = torch.float16 if self.fp16 else torch.bfloat16
        return torch.autocast(self.kind, dtype, enabled=self.bf16 or self.fp16)


def devices() -> list[str]:
    """Return the devices of this machine, fastest first."""
    import torch

    found = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, "cpu"]


def choose_compute(device: str = "auto", fast: bool = True, amp: MixedPrecision = "auto") -> Compute:
    """Choose device and precision.

    Args:
        device: `auto`, or one that `devices` lists (`cuda` is the first of them).
        fast: allow mixed precision; scores to publish are computed without.
        amp: `auto` takes bfloat16 where the hardware multiplies it; the others are as a recipe asks.

    Raises:
        DeviceError: the device is not on this machine, or does not train in this precision, or torch is not here.
    """
    try:
        import torch
    except ImportError:
        raise DeviceError(
            "torch is not installed; segment with --backend onnx and a checkpoint exported for it, or install "
            "requirements.txt"
        ) from None
    here = devices()
    chosen = here[0] if device == "auto" else device
    if chosen == "cuda" and "cuda:0" in here:
        chosen = "cuda:0"
    if chosen not in here:
        raise DeviceError(f"no device {device!r} on this machine; here: auto, {', '.join(here)}")
    if chosen == "cpu":
        capable = cpu_has_bf16()
    else:
        capable = chosen.startswith("cuda") and torch.cuda.is_bf16_supported(including_emulation=False)
    fp16 = fast and amp == "fp16"
    if fp16 and not chosen.startswith("cuda"):
        raise DeviceError(
            f"train.amp is fp16, which needs a CUDA device; found {chosen}: set train.amp to auto, bf16 or off"
        )
    bf16 = fast and (amp == "bf16" or (amp == "auto" and capable))
    return Compute(chosen, bf16=bf16, channels_last=capable or fp16, fp16=fp16)


def cpu_has_bf16() -> bool:
    """Tell whether the processor multiplies bfloat16 in hardware (AVX512-BF16 or AMX)."""
    import torch

    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def onnx_compute(device: str = "auto") -> Compute:
    """Return how ONNX Runtime computes: on the CPU, in float32. Loads no torch.

    Raises:
        DeviceError: another device is wanted.
    """
    if device not in ("auto", "cpu"):
        raise DeviceError(f"--backend onnx computes on the CPU; found device {device}: leave --device out")
    return Compute("cpu", bf16=False, channels_last=False, backend="onnx")


def set_determinism(compute: Compute, wanted: bool, one_size: bool) -> None:
    """Make torch give the same bits every time, always on a CPU, elsewhere where it is wanted.

    Args:
        compute: where the network runs.
        wanted: on a GPU too; an operation that has no deterministic form is an error then.
        one_size: all batches have one shape, so that cuDNN may look for its fastest convolution once.
    """
    import torch

    exact = wanted or compute.kind == "cpu"
    if compute.kind == "cuda":
        if exact:  # cuBLAS reads it when it is first used; one of the two values that NVIDIA's manual names
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.backends.cudnn.deterministic = exact
        torch.backends.cudnn.benchmark = one_size and not exact
    # what use_deterministic_algorithms does, without importing torch's compiler, which takes four seconds
    torch.set_deterministic_debug_mode("error" if exact else "default")
    # it would also fill every new tensor before an operation writes it: no operation of ours reads one unwritten
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
