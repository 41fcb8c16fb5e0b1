"""segment as the contract says."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from core.checkpoints import Checkpoint
from tests import narrow
from tests.cases import case_id, write_case
from tests.core.cli.conftest import Ask


@pytest.fixture
def checkpoint(tmp_path: Path, workspace_dir: Path) -> Checkpoint:
    return narrow.checkpoint(tmp_path / "model")


def test_one_case_gives_its_file_volumes_seconds_and_the_checkpoints_id(
    ask: Ask, tmp_path: Path, checkpoint: Checkpoint
) -> None:
    write_case(tmp_path / "scan", case_id(1), 1, without=("seg",))
    answer = ask("segment", tmp_path / "scan", "--checkpoint", checkpoint.folder, "--out", tmp_path / "out", "--json")
    assert answer.code == 0
    document = answer.document
    file = tmp_path / "out" / f"{case_id(1)}_seg.nii.gz"
    assert document["files"] == [str(file)]
    assert document["checkpoint_id"] == checkpoint.id
    assert set(document["seconds"]) == {"load", "forward", "postprocess", "write"}
    labels = np.asarray(nib.load(file).dataobj)
    assert document["volumes_ml"]["ET"] == pytest.approx(np.count_nonzero(labels == 3) * 0.003)
    assert document["refused"] == []


def test_a_damaged_case_is_refused_by_name_and_the_others_go_on(
    ask: Ask, tmp_path: Path, checkpoint: Checkpoint
) -> None:
    for number in (1, 2, 3):
        write_case(tmp_path / "scans", case_id(number), number)
    write_case(tmp_path / "scans", case_id(4), 4, without=("t1c",))
    bad = tmp_path / "scans" / case_id(1) / f"{case_id(1)}-t2f.nii.gz"
    bad.write_bytes(bad.read_bytes()[:-20])
    answer = ask("segment", tmp_path / "scans", "--checkpoint", checkpoint.folder, "--out", tmp_path / "out", "--json")
    assert answer.code == 0
    assert [Path(file).name for file in answer.document["files"]] == [f"{case_id(n)}_seg.nii.gz" for n in (2, 3)]
    assert [(finding["case"], finding["code"]) for finding in answer.document["refused"]] == [
        (case_id(4), "missing_modality"),
        (case_id(1), "damaged_file"),
    ]
    assert f"{case_id(1)}-t2f.nii.gz: found the compressed data ends before its end mark" in answer.err
    assert answer.document["volumes_ml"] is None, "of several cases each has its own"


def test_when_nothing_could_be_segmented_the_exit_code_is_1(ask: Ask, tmp_path: Path, checkpoint: Checkpoint) -> None:
    write_case(tmp_path / "scans", case_id(1), 1, without=("t1c",))
    answer = ask("segment", tmp_path / "scans", "--checkpoint", checkpoint.folder, "--out", tmp_path / "out", "--json")
    assert answer.code == 1
    assert answer.document["files"] == []


def test_in_words_it_says_what_it_is_not_for(ask: Ask, tmp_path: Path, checkpoint: Checkpoint) -> None:
    write_case(tmp_path / "scan", case_id(1), 1)
    answer = ask("segment", tmp_path / "scan", "--checkpoint", checkpoint.folder, "--out", tmp_path / "out")
    assert answer.out.startswith(str(tmp_path / "out" / f"{case_id(1)}_seg.nii.gz"))
    assert "WT" in answer.out
    assert " ml" in answer.out
    assert answer.err.endswith("For research; not for diagnosis.\n")
