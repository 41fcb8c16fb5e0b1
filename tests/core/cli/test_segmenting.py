"""segment as the contract says."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from core.checkpoints import Checkpoint, ensemble_id
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
        (case_id(1), "damaged_file"),
        (case_id(4), "missing_modality"),
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


def test_several_checkpoints_write_a_mask_each_and_joined_ones_their_mean(
    ask: Ask, tmp_path: Path, checkpoint: Checkpoint
) -> None:
    """The mean of two is not either of them; its id is that of an ensemble of the two, in order."""
    other = narrow.checkpoint(tmp_path / "other", seed=1)
    write_case(tmp_path / "scan", case_id(1), 1)
    answer = ask(
        "segment", tmp_path / "scan", "--out", tmp_path / "out", "--json",
        "--checkpoint", checkpoint.folder, other.folder, f"both={checkpoint.folder},{other.folder}",
    )  # fmt: skip
    assert answer.code == 0
    name = f"{case_id(1)}_seg.nii.gz"
    assert answer.document["files"] == [str(tmp_path / "out" / each / name) for each in ("model", "other", "both")]
    ids = answer.document["checkpoints"]
    assert ids == {"model": checkpoint.id, "other": other.id, "both": ensemble_id([checkpoint, other])}
    assert answer.document["checkpoint_id"] is None
    masks = [np.asarray(nib.load(file).dataobj) for file in answer.document["files"]]
    assert not any(np.array_equal(masks[one], masks[two]) for one, two in ((0, 1), (0, 2), (1, 2)))
    assert [case["model"] for case in answer.document["cases"]] == ["model", "other", "both"]


def test_two_checkpoints_of_one_name_are_refused(ask: Ask, tmp_path: Path, checkpoint: Checkpoint) -> None:
    twin = narrow.checkpoint(tmp_path / "elsewhere" / "model", seed=1)
    write_case(tmp_path / "scan", case_id(1), 1)
    answer = ask(
        "segment", tmp_path / "scan", "--out", tmp_path / "out", "--checkpoint", checkpoint.folder, twin.folder
    )
    assert answer.code == 1
    assert "two checkpoints are called model; name them with NAME=REF" in answer.err


def test_planes_that_a_scan_cannot_be_cut_in_are_refused_by_sentence(
    ask: Ask, tmp_path: Path, checkpoint: Checkpoint
) -> None:
    write_case(tmp_path / "scan", case_id(1), 1)
    answer = ask(
        "segment", tmp_path / "scan", "--out", tmp_path / "out", "--checkpoint", checkpoint.folder,
        "--planes", "axial,coronal,sagittal",
    )  # fmt: skip
    assert answer.code == 1
    assert "has voxels of 1.00 × 1.50 × 2.00 mm; a model trained on axial slices is run in other planes" in answer.err


def test_a_plane_that_there_is_not_is_wrong_usage(ask: Ask, tmp_path: Path, checkpoint: Checkpoint) -> None:
    answer = ask(
        "segment", tmp_path, "--out", tmp_path / "out", "--checkpoint", checkpoint.folder, "--planes", "oblique"
    )
    assert answer.code == 2
    assert "expected some of axial, coronal, sagittal, each once" in answer.err


def test_memory_and_precision_stand_in_the_document(ask: Ask, tmp_path: Path, checkpoint: Checkpoint) -> None:
    write_case(tmp_path / "scan", case_id(1), 1)
    answer = ask("segment", tmp_path / "scan", "--checkpoint", checkpoint.folder, "--out", tmp_path / "out", "--json")
    assert answer.document["precision"] == "fp32"
    assert answer.document["peak_memory_mb"] > 50
    assert answer.document["options"] == {}


def test_the_gates_warnings_are_printed_and_stand_in_the_document(
    ask: Ask, tmp_path: Path, checkpoint: Checkpoint
) -> None:
    """Noise everywhere leaves no voxel that is exactly 0, and the case is left as it is."""
    folder = write_case(tmp_path / "scan", case_id(1), 1)
    for path in folder.glob("*.nii.gz"):
        if "seg" not in path.name:
            image = nib.load(path)
            voxels = np.asarray(image.dataobj).copy()
            voxels[voxels == 0] = 3
            nib.save(nib.Nifti1Image(voxels, image.affine, image.header), path)
    answer = ask(
        "segment", tmp_path / "scan", "--checkpoint", checkpoint.folder, "--out", tmp_path / "out", "--as-is", "--json"
    )
    assert answer.code == 0
    assert [finding["code"] for finding in answer.document["findings"]] == ["skull_not_stripped"]
    assert "warning  " in answer.err
    assert "found only 0% of the voxels exactly 0" in answer.err


def test_predictions_of_files_are_not_kept(
    ask: Ask, tmp_path: Path, workspace_dir: Path, checkpoint: Checkpoint
) -> None:
    write_case(tmp_path / "scan", case_id(1), 1)
    assert ask("segment", tmp_path / "scan", "--checkpoint", checkpoint.folder, "--out", tmp_path / "out").code == 0
    assert not (workspace_dir / "predictions").exists()


@pytest.mark.parametrize("there", ["", "new", "new/below"])
def test_a_folder_that_a_refused_run_made_and_left_empty_goes_again(
    ask: Ask, tmp_path: Path, checkpoint: Checkpoint, there: str
) -> None:
    folder = write_case(tmp_path / "scan", case_id(1), 1, without=("seg",))
    for path in folder.iterdir():
        path.write_bytes(b"no image")
    (tmp_path / there).mkdir(parents=True, exist_ok=True)
    before = sorted(tmp_path.rglob("*"))
    out = tmp_path / "new" / "below"
    answer = ask("segment", tmp_path / "scan", "--checkpoint", checkpoint.folder, "--out", out)
    assert answer.code == 1
    assert "no image" not in answer.err
    assert "; expected " in answer.err
    assert sorted(tmp_path.rglob("*")) == before, "what was there before stays, empty or not"


def test_formats_are_written_beside_the_label_map(ask: Ask, tmp_path: Path, checkpoint: Checkpoint) -> None:
    write_case(tmp_path / "scan", case_id(1), 1)
    answer = ask(
        "segment", tmp_path / "scan", "--checkpoint", checkpoint.folder, "--out", tmp_path / "out", "--json",
        "--format", "nifti,json,csv",
    )  # fmt: skip
    assert answer.code == 0
    written = {Path(file).name for file in answer.document["files"]}
    assert written == {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {f"{case_id(1)}_{name}" for name in ("seg.nii.gz", "measurements.json", "measurements.csv")}


def test_a_format_that_needs_dicom_is_refused_with_a_sentence_and_the_label_map_is_there(
    ask: Ask, tmp_path: Path, checkpoint: Checkpoint
) -> None:
    write_case(tmp_path / "scan", case_id(1), 1)
    answer = ask(
        "segment", tmp_path / "scan", "--checkpoint", checkpoint.folder, "--out", tmp_path / "out", "--json",
        "--format", "dicom-seg",
    )  # fmt: skip
    assert answer.code == 1
    (refused,) = answer.document["not_exported"]
    assert (refused["case"], refused["format"]) == (case_id(1), "dicom-seg")
    assert "error: dicom-seg: " in answer.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"{case_id(1)}_seg.nii.gz"]


def test_an_unknown_format_is_refused_before_anything_is_read(ask: Ask, tmp_path: Path, checkpoint: Checkpoint) -> None:
    answer = ask(
        "segment", tmp_path / "none", "--checkpoint", checkpoint.folder, "--out", tmp_path / "out", "--format", "doc"
    )
    assert answer.code == 1
    assert "no export of a case is called 'doc'; known: nifti" in answer.err


@pytest.mark.parametrize(("out", "why"), [("taken", "File exists"), ("taken/below", "Not a directory")])
def test_a_folder_that_takes_nothing_is_refused_before_a_mask_is_computed(
    ask: Ask, tmp_path: Path, checkpoint: Checkpoint, out: str, why: str
) -> None:
    write_case(tmp_path / "scan", case_id(1), 1, without=("seg",))
    (tmp_path / "taken").write_text("a file, no folder")
    answer = ask("segment", tmp_path / "scan", "--checkpoint", checkpoint.folder, "--out", tmp_path / out)
    assert answer.code == 1
    assert f"--out {tmp_path / out} ({why}); choose a folder that can be written" in answer.err
    assert "slices of" not in answer.err


def test_what_is_not_for_diagnosis_is_said_of_masks_alone(ask: Ask, tmp_path: Path, checkpoint: Checkpoint) -> None:
    write_case(tmp_path / "scans", case_id(1), 1, without=("t1c",))
    answer = ask("segment", tmp_path / "scans", "--checkpoint", checkpoint.folder, "--out", tmp_path / "out")
    assert answer.code == 1
    assert "diagnosis" not in answer.err
