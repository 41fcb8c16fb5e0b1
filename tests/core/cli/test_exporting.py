"""export writes a checkpoint for ONNX Runtime, and segment uses it without torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from core.checkpoints import Checkpoint, read_checkpoint, write_ensemble
from tests import narrow
from tests.cases import case_id, write_case
from tests.core.cli.conftest import Ask

# runs a verb, and says which of the heavy modules it left loaded
WATCHED = """
import runpy, sys
sys.argv = ["core", *sys.argv[1:]]
try:
    runpy.run_module("core", run_name="__main__", alter_sys=True)
except SystemExit as ended:
    assert not ended.code, ended.code
print("LOADED", *sorted({name.partition(".")[0] for name in sys.modules} & {"torch", "onnx", "onnxruntime", "cv2"}))
"""


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a checkpoint and its export; not to be changed."""
    folder = tmp_path_factory.mktemp("exported")
    from core.export.onnx import write_onnx

    write_onnx(folder / "alone.onnx", narrow.checkpoint(folder / "model"))
    return folder


@pytest.fixture
def scan(tmp_path: Path, workspace_dir: Path) -> Path:
    write_case(tmp_path / "scan", case_id(1), 1, without=("seg",))
    return tmp_path / "scan"


def labels(folder: Path) -> np.ndarray:
    return np.asarray(nib.load(folder / f"{case_id(1)}_seg.nii.gz").dataobj)


def test_a_file_alone_segments_as_the_checkpoint_does(ask: Ask, tmp_path: Path, once: Path, scan: Path) -> None:
    by_file = ask(
        "segment", scan, "--checkpoint", once / "alone.onnx", "--backend", "onnx", "--out", tmp_path / "onnx", "--json"
    )
    by_torch = ask("segment", scan, "--checkpoint", once / "model", "--out", tmp_path / "torch", "--json")
    assert (by_file.code, by_torch.code) == (0, 0), by_file.err
    assert by_file.document["checkpoint_id"] == by_torch.document["checkpoint_id"]
    assert labels(tmp_path / "torch").any()
    assert (labels(tmp_path / "onnx") != labels(tmp_path / "torch")).mean() < 1e-3


def test_no_torch_is_loaded_on_the_way(tmp_path: Path, once: Path, scan: Path, repo_root: Path) -> None:
    answer = subprocess.run(
        [
            sys.executable,
            "-c",
            WATCHED,
            "segment",
            scan,
            "--checkpoint",
            once / "alone.onnx",
            "--backend",
            "onnx",
            "--out",
            tmp_path / "o",
        ],
        cwd=repo_root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[-1] == "LOADED onnxruntime"
    assert labels(tmp_path / "o").any()


def test_beside_the_weights_it_is_found_by_the_backend_s_name(ask: Ask, tmp_path: Path, scan: Path) -> None:
    checkpoint = narrow.checkpoint(tmp_path / "model", seed=3)
    request = ("segment", scan, "--checkpoint", checkpoint.folder, "--out", tmp_path / "out", "--backend", "onnx")
    before = ask(*request)
    assert before.code == 1
    assert "model has no model.onnx; write it with python -m core export REF --format onnx" in before.err
    written = ask("export", checkpoint.folder, "--json")
    assert written.document == {"files": [str(checkpoint.folder / "model.onnx")], "checkpoint_ids": [checkpoint.id]}
    assert ask(*request).code == 0
    assert labels(tmp_path / "out").any()
    assert read_checkpoint(checkpoint.folder).id == checkpoint.id, "a checkpoint's id is that of its weights and card"


@pytest.mark.slow
def test_an_ensemble_is_exported_and_used_member_by_member(ask: Ask, tmp_path: Path, scan: Path) -> None:
    members: list[Checkpoint] = [narrow.checkpoint(tmp_path / name, seed) for seed, name in enumerate("ab")]
    folder = tmp_path / "both"
    write_ensemble(folder, "both", members)
    assert ask("export", folder).code == 0
    assert sorted(path.parent.name for path in folder.glob("*/model.onnx")) == ["member-1", "member-2"]
    for backend in ("onnx", "torch"):
        out = tmp_path / backend
        assert ask("segment", scan, "--checkpoint", folder, "--out", out, "--backend", backend).code == 0
    assert labels(tmp_path / "torch").any()
    assert (labels(tmp_path / "onnx") != labels(tmp_path / "torch")).mean() < 1e-3


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--backend", "torch"), 1, "alone.onnx has no weights for torch, only a network for ONNX Runtime"),
        (
            ("--backend", "onnx", "--device", "cuda"),
            1,
            "--backend onnx computes on the CPU; found device cuda: leave --device out",
        ),
        (("--backend", "onnx", "--mc-dropout", "3"), 1, "has none left; let torch compute it"),
        (("--backend", "tensorrt"), 2, "invalid choice: 'tensorrt'"),
    ],
)
def test_what_it_cannot_do_is_refused(
    ask: Ask, tmp_path: Path, once: Path, scan: Path, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    answer = ask("segment", scan, "--checkpoint", once / "alone.onnx", "--out", tmp_path / "out", *arguments)
    assert answer.code == code
    assert sentence in answer.err
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_files_joined_by_commas_are_an_ensemble_without_torch(ask: Ask, tmp_path: Path, scan: Path) -> None:
    members = [narrow.checkpoint(tmp_path / name, seed) for seed, name in enumerate("ab")]
    for member in members:
        assert ask("export", member.folder, "--out", tmp_path / f"{member.folder.name}.onnx").code == 0
    files = ",".join(str(tmp_path / f"{name}.onnx") for name in "ab")
    folders = ",".join(str(member.folder) for member in members)
    by_file = ask("segment", scan, "--checkpoint", files, "--backend", "onnx", "--out", tmp_path / "onnx", "--json")
    by_torch = ask("segment", scan, "--checkpoint", folders, "--out", tmp_path / "torch", "--json")
    assert (by_file.code, by_torch.code) == (0, 0), by_file.err
    assert by_file.document["checkpoint_id"] == by_torch.document["checkpoint_id"]
    assert (labels(tmp_path / "onnx") != labels(tmp_path / "torch")).mean() < 1e-3


def test_a_folder_is_given_a_file_called_by_the_run(ask: Ask, tmp_path: Path, once: Path, workspace_dir: Path) -> None:
    assert ask("export", once / "model", "--out", tmp_path / "out").code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["narrow-0001.onnx"]
    assert (tmp_path / "out" / "narrow-0001.onnx").read_bytes() == (once / "alone.onnx").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--format", "docx"), 1, "no export is called 'docx'"),
        (("--format", "nifti"), 2, "--format nifti is not for checkpoints; expected onnx"),
    ],
)
def test_other_formats_are_refused(
    ask: Ask, once: Path, workspace_dir: Path, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    answer = ask("export", once / "model", *arguments)
    assert answer.code == code
    assert sentence in answer.err


def test_one_file_for_several_networks_is_refused(ask: Ask, tmp_path: Path, workspace_dir: Path) -> None:
    write_ensemble(
        tmp_path / "both", "both", [narrow.checkpoint(tmp_path / name, seed) for seed, name in enumerate("ab")]
    )
    answer = ask("export", tmp_path / "both", "--out", tmp_path / "both.onnx")
    assert answer.code == 2
    assert "an ensemble of 2 is a file each; give --out a folder, not both.onnx" in answer.err
