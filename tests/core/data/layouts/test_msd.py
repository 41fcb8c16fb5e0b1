"""The Medical Segmentation Decathlon is read as its dataset.json describes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.data import limits
from core.data.layouts import read_layout
from core.data.layouts.spec import Layout

BRAIN = {
    "modality": {"0": "FLAIR", "1": "T1w", "2": "t1gd", "3": "T2w"},
    "labels": {"0": "background", "1": "edema", "2": "non-enhancing tumor", "3": "enhancing tumour"},
}


def write(root: Path, cases: tuple[str, ...] = ("BRATS_457", "BRATS_306"), **described: Any) -> Path:
    """Write a data set of empty files; a layout opens none but dataset.json."""
    for folder in ("imagesTr", "labelsTr"):
        (root / folder).mkdir(parents=True)
        for case in cases:
            (root / folder / f"{case}.nii.gz").touch()
    training = [{"image": f"./imagesTr/{case}.nii.gz", "label": f"./labelsTr/{case}.nii.gz"} for case in cases]
    content = {**BRAIN, "training": training, "test": [], **described}
    (root / "dataset.json").write_text(json.dumps(content))
    return root


def codes(layout: Layout) -> list[tuple[str, str, str]]:
    return [(finding.severity, finding.code, finding.case) for finding in layout.findings]


def test_the_brain_task_gives_four_channels_by_name_and_its_scheme(tmp_path: Path) -> None:
    layout = read_layout(write(tmp_path))
    assert (layout.name, layout.scheme, layout.findings) == ("msd", "msd-task01", ())
    assert layout.why == (
        "dataset.json lists 2 training cases of the channels t2f, t1n, t1c, t2w, as the Decathlon does"
    )
    assert [case.case_id for case in layout.cases] == ["BRATS_306", "BRATS_457"]
    first = layout.cases[0]
    assert {name: source.channel for name, source in first.sources.items()} == {"t2f": 0, "t1n": 1, "t1c": 2, "t2w": 3}
    assert {source.file for source in first.sources.values()} == {tmp_path / "imagesTr" / "BRATS_306.nii.gz"}
    assert first.reference is not None
    assert first.reference.file == tmp_path / "labelsTr" / "BRATS_306.nii.gz"
    assert first.group_kind == "unknown"


def test_the_task_may_lie_one_folder_down_and_its_file_start_with_a_mark(tmp_path: Path) -> None:
    folder = write(tmp_path / "Task01_BrainTumour")
    (folder / "dataset.json").write_bytes(b"\xef\xbb\xbf" + (folder / "dataset.json").read_bytes())
    assert len(read_layout(tmp_path).cases) == 2


@pytest.mark.parametrize(
    ("labels", "scheme", "found"),
    [
        ({"0": "background", "1": "spleen"}, "binary", None),
        (
            {"0": "background", "1": "liver", "2": "cancer"},
            None,
            "the labels 1 liver, 2 cancer",
        ),
        ({"0": "background", "1": "necrotic core", "2": "edema", "3": "enhancing"}, "brats-2023", None),
    ],
)
def test_the_labels_decide_the_scheme_or_are_listed(
    tmp_path: Path, labels: dict[str, str], scheme: str | None, found: str | None
) -> None:
    layout = read_layout(write(tmp_path, labels=labels, modality={"0": "CT"}))
    assert layout.scheme == scheme
    assert tuple(layout.cases[0].sources) == ("ct",)
    assert [finding.found for finding in layout.findings if finding.code == "labels_listed"] == (
        [found] if found else []
    )


def test_channels_without_a_known_name_keep_theirs_and_stay_apart(tmp_path: Path) -> None:
    layout = read_layout(write(tmp_path, modality={"0": "MRI", "1": "MRI", "2": "ADC"}))
    assert tuple(layout.cases[0].sources) == ("mri", "mri-1", "adc")


def test_a_file_that_is_listed_and_missing_refuses_its_case_alone(tmp_path: Path) -> None:
    (write(tmp_path) / "labelsTr" / "BRATS_457.nii.gz").unlink()
    layout = read_layout(tmp_path)
    assert [case.case_id for case in layout.cases] == ["BRATS_306"]
    assert codes(layout) == [("error", "missing_file", "BRATS_457")]


@pytest.mark.parametrize("image", ["../outside.nii.gz", "/etc/passwd", "", None, 7])
def test_a_path_that_leads_out_of_the_folder_is_refused(tmp_path: Path, image: Any) -> None:
    root = write(tmp_path / "set")
    content = json.loads((root / "dataset.json").read_text())
    content["training"].append({"image": image, "label": "./labelsTr/BRATS_457.nii.gz"})
    (root / "dataset.json").write_text(json.dumps(content))
    (tmp_path / "outside.nii.gz").touch()
    layout = read_layout(root)
    assert len(layout.cases) == 2
    assert codes(layout) == [("error", "outside_folder", "")]


def test_images_without_labels_are_left_out_and_counted(tmp_path: Path) -> None:
    layout = read_layout(write(tmp_path, test=["./imagesTs/a.nii.gz", "./imagesTs/b.nii.gz"]))
    assert codes(layout) == [("note", "test_images", "")]
    assert layout.findings[0].found == "2 test images without labels"


def test_several_tasks_in_one_folder_are_refused_because_their_labels_differ(tmp_path: Path) -> None:
    write(tmp_path / "Task01_BrainTumour")
    write(tmp_path / "Task09_Spleen")
    layout = read_layout(tmp_path)
    assert (layout.cases, codes(layout)) == ((), [("error", "several_datasets", "")])


@pytest.mark.parametrize("text", ["{", "[]", '{"name": "' + 99 * "x" + '"}'])
def test_a_description_that_is_damaged_or_beyond_the_limit_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (write(tmp_path) / "dataset.json").write_text(text)
    monkeypatch.setattr(limits, "MAX_DATASET_JSON_BYTES", 90)
    layout = read_layout(tmp_path)
    assert (layout.name, layout.cases, codes(layout)) == ("msd", (), [("error", "damaged_dataset_json", "")])
