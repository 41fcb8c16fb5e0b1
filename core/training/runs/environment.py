"""In what a run was trained: enough to do it again, and nothing that names a host, a person or a folder."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from core.atomic import read_json, write_json
from core.inference.device import Compute

LIBRARIES = ("torch", "numpy", "segmentation-models-pytorch", "albumentations")
FILE = "environment.json"
SCHEMA_VERSION = 1


def libraries() -> dict[str, str]:
    """Return the versions of the libraries that a training's numbers depend on."""
    return {name: version(name) for name in LIBRARIES}


def environment(compute: Compute, seed: int) -> dict[str, Any]:
    """Return what the numbers of a training depend on besides its recipe and its data.

    On a CPU two runs agree bit for bit where all of this is the same.
    """
    import torch

    capabilities = torch.cpu.get_capabilities()
    on_gpu = compute.device.startswith("cuda")
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "libraries": libraries(),
        "processor": {
            "architecture": platform.machine(),
            "flags": sorted(name for name, there in capabilities.items() if there is True),
            "threads": torch.get_num_threads(),
        },
        "device": {
            "name": torch.cuda.get_device_name(compute.device) if on_gpu else compute.device,
            "cuda": torch.version.cuda if on_gpu else None,
        },
        "compute": compute.to_json(),
        "seed": seed,
    }


def keep_environment(folder: Path, step: int, found: dict[str, Any]) -> bool:
    """Write down in what a run goes on from `step`, where that is not what it was before.

    Returns:
        Whether a run that resumes goes on in something else, so that bit-identity is not promised any more.
    """
    path = folder / FILE
    starts = read_json(path)["starts"] if path.exists() else []
    if starts and starts[-1]["environment"] == found:
        return False
    starts.append({"step": step, "environment": found})
    write_json(path, {"schema_version": SCHEMA_VERSION, "starts": starts})
    return len(starts) > 1
