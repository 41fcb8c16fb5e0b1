"""A venv with requirements-light.txt, so without torch, segments real scans and phantoms as torch does here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from core.data.phantom import cohort_traits, make_phantom, write_phantom

pytestmark = pytest.mark.slow

MODELS = ("phantom-unet", "phantom-attention-unet", "phantom-mobilenet")
REAL = ("BraTS-SSA-00002-000", "BraTS-SSA-00010-000")
EVERY = 9  # of the slices, whose probabilities are compared as they are before they become bytes
SHARES = """
import sys
from pathlib import Path
import numpy as np
from core.checkpoints import load_model, read_checkpoint, read_onnx
from core.data.layouts import read_layout
from core.data.load import load_case
from core.data.store import slice_case
from core.inference.device import Compute, onnx_compute
from core.inference.predictor import Predictor
reference, source, out, every = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
if reference.suffix == ".onnx":
    from core.inference.backends.onnx_runtime import OnnxBackend
    checkpoint, compute = read_onnx(reference), onnx_compute()
    network = OnnxBackend(checkpoint)
else:
    checkpoint, compute = read_checkpoint(reference), Compute("cpu", bf16=False, channels_last=False)
    network = load_model(checkpoint)
predictor = Predictor(network, checkpoint.spec, compute)
case = read_layout(source).cases[0]
sliced = slice_case(case.case_id, load_case(case, None).volume, None, checkpoint.spec.plane)
chosen = np.arange(0, len(sliced.slices), every)
np.save(out, np.concatenate([
    np.asarray(predictor.shares(predictor.logits(predictor.prepared(sliced, chosen[i : i + 4]))))
    for i in range(0, len(chosen), 4)
]))
print(*sorted({"torch", "onnxruntime"} & set(sys.modules)))
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Callable[[str], Path]:
    """Shipped checkpoints as ONNX files, written by the command line, each once."""
    folder = tmp_path_factory.mktemp("exports")

    def export(model: str) -> Path:
        file = folder / f"{model}.onnx"
        if not file.exists():
            run(Path(sys.executable), repo_root, folder, "export", model, "--format", "onnx", "--out", folder)
        return file

    return export


@pytest.fixture(scope="module", params=["phantom", *REAL])
def scan(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param == "phantom":
        made = make_phantom(cohort_traits(1)[0])
        return write_phantom(made, tmp_path_factory.mktemp("phantoms"), "BraTS-PHM-00001-000")
    folder: Path = request.getfixturevalue("real_data") / "brats_africa" / request.param
    return folder


def environment(repo_root: Path, workspace: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(repo_root), "SEGSCOPE_WORKSPACE": str(workspace)}


def run(python: Path, repo_root: Path, workspace: Path, *arguments: object) -> Any:
    answer = subprocess.run(
        [python, "-m", "core", *map(str, arguments), "--json"],
        cwd=repo_root,
        env=environment(repo_root, workspace),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_there_is_no_torch_in_it(light: Path) -> None:
    answer = subprocess.run([light, "-c", "import torch"], capture_output=True, text=True, check=False)
    assert "ModuleNotFoundError: No module named 'torch'" in answer.stderr


@pytest.mark.parametrize("model", MODELS)
def test_probabilities_are_torch_s_within_a_ten_thousandth(
    model: str, light: Path, exported: Callable[[str], Path], scan: Path, repo_root: Path, tmp_path: Path
) -> None:
    found: dict[str, np.ndarray] = {}
    for name, python, reference, loaded in (
        ("onnx", light, exported(model), "onnxruntime"),
        ("torch", Path(sys.executable), repo_root / "checkpoints" / model, "torch"),
    ):
        out = tmp_path / f"{name}.npy"
        answer = subprocess.run(
            [python, "-c", SHARES, reference, scan, out, str(EVERY)],
            cwd=repo_root,
            env=environment(repo_root, tmp_path),
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, answer.stderr
        assert answer.stdout.split() == [loaded]
        found[name] = np.load(out)
    assert len(found["onnx"]) > 10
    assert found["torch"].max() > 0.5
    worst = np.abs(found["onnx"] - found["torch"]).max()
    print(f"{model} on {scan.name}: {found['onnx'].shape} probabilities, at most {worst:.2g} apart")
    assert worst <= 1e-4


def test_the_command_line_writes_torch_s_mask(
    light: Path, exported: Callable[[str], Path], scan: Path, repo_root: Path, tmp_path: Path
) -> None:
    model = "phantom-unet"
    by_onnx = run(
        light, repo_root, tmp_path / "light", "segment", scan, "--checkpoint", exported(model),
        "--backend", "onnx", "--out", tmp_path / "onnx",
    )  # fmt: skip
    by_torch = run(
        Path(sys.executable), repo_root, tmp_path / "full", "segment", scan, "--checkpoint", model,
        "--out", tmp_path / "torch",
    )  # fmt: skip
    assert by_onnx["checkpoint_id"] == by_torch["checkpoint_id"]
    masks = [nib.load(answer["files"][0]) for answer in (by_onnx, by_torch)]
    assert np.array_equal(masks[0].affine, masks[1].affine)
    ours, theirs = (np.asarray(mask.dataobj) for mask in masks)
    assert np.count_nonzero(theirs) > 1000
    # with channels last, as it computes where the processor likes it, torch's own group norm is off by 1e-3
    assert np.count_nonzero(ours != theirs) <= 1e-3 * np.count_nonzero(theirs)


def test_without_torch_the_other_backend_says_what_to_do(
    light: Path, scan: Path, repo_root: Path, tmp_path: Path
) -> None:
    answer = subprocess.run(
        [light, "-m", "core", "segment", scan, "--checkpoint", "phantom-unet", "--out", tmp_path / "out"],
        cwd=repo_root,
        env=environment(repo_root, tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: torch is not installed; segment with --backend onnx")
