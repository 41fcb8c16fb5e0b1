"""nnU-Net's raw data sets of both versions are read by the numbers of their channels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.data.layouts import read_layout

VERSION_2 = {
    "channel_names": {"0": "T1", "1": "T1ce", "2": "T2", "3": "Flair"},
    "labels": {"background": 0, "whole tumor": [1, 2, 3], "tumor core": [2, 3], "enhancing tumor": 3},
    "file_ending": ".nii.gz",
}
VERSION_1 = {
    "modality": {"0": "FLAIR"},
    "labels": {"0": "background", "1": "lesion"},
    "training": [{"image": "./imagesTr/la_007.nii.gz", "label": "./labelsTr/la_007.nii.gz"}],
}


def write(
    root: Path, described: dict[str, Any] | None, cases: dict[str, tuple[int, ...]], ending: str = ".nii.gz"
) -> Path:
    for folder in ("imagesTr", "labelsTr"):
        (root / folder).mkdir(parents=True)
    for case, channels in cases.items():
        for channel in channels:
            (root / "imagesTr" / f"{case}_{channel:04d}{ending}").touch()
        (root / "labelsTr" / f"{case}{ending}").touch()
    if described is not None:
        (root / "dataset.json").write_text(json.dumps(described))
    return root


def test_version_2_names_its_channels_and_its_regions_are_those_of_the_decathlon(tmp_path: Path) -> None:
    write(tmp_path / "Dataset137_BraTS2021", VERSION_2, {"BraTS2021_00000": (0, 1, 2, 3)})
    layout = read_layout(tmp_path)
    assert (layout.name, layout.scheme, layout.findings) == ("nnunet", "msd-task01", ())
    assert layout.why == "imagesTr holds one numbered file per channel (t1n, t1c, t2w, t2f), as nnU-Net keeps them"
    (case,) = layout.cases
    assert {name: source.file.name[-11:] for name, source in case.sources.items()} == {
        "t1n": "0000.nii.gz",
        "t1c": "0001.nii.gz",
        "t2w": "0002.nii.gz",
        "t2f": "0003.nii.gz",
    }
    assert case.reference is not None
    assert case.reference.file.name == "BraTS2021_00000.nii.gz"


def test_version_1_lists_files_without_a_number_and_is_not_taken_for_the_decathlon(tmp_path: Path) -> None:
    layout = read_layout(write(tmp_path, VERSION_1, {"la_007": (0,)}))
    assert (layout.name, layout.scheme) == ("nnunet", "binary")
    assert tuple(layout.cases[0].sources) == ("t2f",)


def test_a_missing_channel_refuses_its_case_and_names_it(tmp_path: Path) -> None:
    layout = read_layout(write(tmp_path, VERSION_2, {"whole": (0, 1, 2, 3), "part": (0, 3)}))
    assert [case.case_id for case in layout.cases] == ["whole"]
    (finding,) = layout.findings
    assert (finding.severity, finding.code, finding.case) == ("error", "missing_modality", "part")
    assert (finding.found, finding.expected) == ("only _0000, _0003", "t1c (_0001), t2w (_0002) as well")


def test_a_channel_that_nothing_names_refuses_its_case(tmp_path: Path) -> None:
    layout = read_layout(write(tmp_path, VERSION_1, {"a": (0,), "b": (0, 1)}))
    assert [case.case_id for case in layout.cases] == ["a"]
    assert [(f.code, f.case, f.found) for f in layout.findings] == [
        ("unknown_channel", "b", "_0001, of which dataset.json says nothing")
    ]


def test_without_a_description_channels_go_by_number_and_that_is_said(tmp_path: Path) -> None:
    layout = read_layout(write(tmp_path, None, {"a": (0, 1)}))
    assert tuple(layout.cases[0].sources) == ("channel-0", "channel-1")
    assert [(f.severity, f.code) for f in layout.findings] == [("warning", "channels_unnamed")]


def test_a_case_without_a_label_file_has_no_reference(tmp_path: Path) -> None:
    (write(tmp_path, VERSION_1, {"a": (0,)}) / "labelsTr" / "a.nii.gz").unlink()
    assert read_layout(tmp_path).cases[0].reference is None


@pytest.mark.parametrize("text", ["{", "[]", '"text"'])
def test_a_damaged_description_is_said(tmp_path: Path, text: str) -> None:
    (write(tmp_path, None, {"a": (0,)}) / "dataset.json").write_text(text)
    assert ("error", "damaged_dataset_json") in [(f.severity, f.code) for f in read_layout(tmp_path).findings]


def test_several_data_sets_are_refused(tmp_path: Path) -> None:
    for name in ("Dataset001_A", "Dataset002_B"):
        write(tmp_path / name, VERSION_1, {"a": (0,)})
    layout = read_layout(tmp_path)
    assert (layout.cases, [f.code for f in layout.findings]) == ((), ["several_datasets"])
