"""Which device computes, and in which precision. Decided by what the hardware says it can, never by timing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.errors import RefusedError


class DeviceError(RefusedError):
    """A device that is not here was asked for; the message lists what is."""


@dataclass(frozen=True, slots=True)
class Compute:
    """Where and how a network is computed.

    Attributes:
        device: torch's name for it: `cpu`, `cuda`, `cuda:1`, `mps`.
        bf16: matrix products in bfloat16 (autocast); weights stay float32.
        channels_last: tensors in NHWC order.
    """

    device: str
    bf16: bool
    channels_last: bool

    def to_json(self) -> dict[str, Any]:
        return {"device": self.device, "bf16": self.bf16, "channels_last": self.channels_last}

    @property
    def title(self) -> str:
        return f"{self.device.upper()} · {'bf16' if self.bf16 else 'fp32'}"


def devices() -> list[str]:
    """Return the devices of this machine, fastest first."""
    import torch

    found = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, "cpu"]


def choose_compute(device: str = "auto", fast: bool = True) -> Compute:
    """Choose device and precision.

    Args:
        device: `auto`, or one that `devices` lists (`cuda` is the first of them).
        fast: allow bfloat16 where the processor has instructions for it; scores to publish are computed without.

    Raises:
        DeviceError: the device is not on this machine.
    """
    import torch

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
    return Compute(chosen, bf16=fast and capable, channels_last=capable)


def cpu_has_bf16() -> bool:
    """Tell whether the processor multiplies bfloat16 in hardware (AVX512-BF16 or AMX)."""
    import torch

    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
