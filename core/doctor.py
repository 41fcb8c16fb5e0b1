"""What this machine has: versions, devices, disk, and what is missing."""

from __future__ import annotations

import os
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from core.export.report import why_no_pdf
from core.inference.device import choose_compute, devices
from core.workspace import Workspace

PACKAGES = ("streamlit", "torch", "segmentation-models-pytorch", "nibabel", "albumentations", "numpy")


def examine_machine() -> dict[str, Any]:
    """Return the facts a bug report needs; no name of host or user among them."""
    workspace = Workspace.default()
    existing = next(folder for folder in (workspace.root, *workspace.root.parents) if folder.exists())
    compute = choose_compute()
    missing = [name for name in PACKAGES if _version(name) is None]
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "devices": devices(),
        "computes with": compute.title,
        "free disk": f"{shutil.disk_usage(existing).free / 1e9:.1f} GB",
        "reports": why_no_pdf() or "HTML and PDF",
        "workspace": "made on first use" if existing != workspace.root else "there",
        **{name: _version(name) or "missing" for name in PACKAGES},
        "missing": missing or "nothing",
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
