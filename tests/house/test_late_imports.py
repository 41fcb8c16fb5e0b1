"""Heavy libraries are loaded by the work that needs them, and never by asking what there is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"albumentations", "cv2", "dask", "monai", "segmentation_models_pytorch", "timm", "torch", "torchvision"}

HELP = """
import runpy, sys
sys.argv = ["core", *{arguments!r}]
try:
    runpy.run_module("core", run_name="__main__", alter_sys=True)
except SystemExit as ended:
    assert not ended.code, ended.code
"""


def loaded_by(program: str, root: Path) -> set[str]:
    """Return the top-level modules that a fresh interpreter holds after running `program`."""
    answer = subprocess.run(
        [
            sys.executable,
            "-c",
            program + "\nimport sys; print('LOADED', *{name.split('.')[0] for name in sys.modules})",
        ],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return set(answer.stdout.rpartition("LOADED ")[2].split())


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["segment", "--help"], ["models"], ["losses"]])
def test_a_question_on_the_command_line_loads_nothing_heavy(repo_root: Path, arguments: list[str]) -> None:
    loaded = loaded_by(HELP.format(arguments=arguments), repo_root)
    assert "core" in loaded
    assert loaded & (HEAVY | {"streamlit"}) == set()


@pytest.mark.parametrize(
    "module",
    [
        "core.data.formats",
        "core.data.layouts",
        "core.losses",
        "core.metrics",
        "core.models",
        "core.recipe",
        "core.workspace",
        "app",
    ],
)
def test_importing_loads_nothing_heavy(repo_root: Path, module: str) -> None:
    assert loaded_by(f"import {module}", repo_root) & HEAVY == set()


def test_the_probe_would_see_a_heavy_module(repo_root: Path) -> None:
    assert "torch" in loaded_by("import core.models.networks.unet", repo_root)
