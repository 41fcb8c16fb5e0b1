"""BraTS folders of every year are recognised by their names alone."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from core.data import limits
from core.data.layouts import read_layout
from core.data.layouts.spec import Layout
from core.data.load import load_case
from core.data.refusal import InputRefusedError

NEW = ("t1n", "t1c", "t2w", "t2f", "seg")
OLD = ("t1", "t1ce", "t2", "flair", "seg")


def touch(root: Path, case: str, parts: tuple[str, ...], joint: str = "-", suffix: str = ".nii.gz") -> None:
    """A layout opens no file, so empty ones will do."""
    for part in parts:
        path = root / case / f"{case}{joint}{part}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def codes(layout: Layout) -> list[tuple[str, str]]:
    return [(finding.code, finding.case) for finding in layout.findings]


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize(
    ("case", "parts", "joint", "scheme"),
    [
        ("BraTS-SSA-00002-000", NEW, "-", "brats-2023"),
        ("BraTS2021_00495", OLD, "_", "brats-2021"),
        ("Brats18_2013_2_1", OLD, "_", "brats-2021"),
        ("patient7", NEW, "-", None),
        ("BraTS-GLI-00005-100", NEW, "-", None),
    ],
)
def test_old_and_new_names_give_the_same_four_modalities_and_what_their_labels_mean(
    tmp_path: Path, suffix: str, case: str, parts: tuple[str, ...], joint: str, scheme: str | None
) -> None:
    touch(tmp_path, case, parts, joint, suffix)
    layout = read_layout(tmp_path)
    assert layout.findings == ()
    assert layout.scheme == scheme
    (found,) = layout.cases
    assert found.case_id == case
    assert tuple(found.sources) == ("t1n", "t1c", "t2w", "t2f")
    assert [source.file.name for source in found.sources.values()] == [f"{case}{joint}{p}{suffix}" for p in parts[:4]]
    assert found.reference is not None
    assert found.reference.file.name == f"{case}{joint}seg{suffix}"


@pytest.mark.parametrize(
    ("alias", "modality"),
    [("t1", "t1n"), ("T1", "t1n"), ("t1ce", "t1c"), ("t1c", "t1c"), ("t2", "t2w"), ("flair", "t2f"), ("FLAIR", "t2f")],
)
def test_an_alias_is_read_as_its_modality(tmp_path: Path, alias: str, modality: str) -> None:
    others = tuple(name for name in NEW if name != modality)
    touch(tmp_path, "a", (*others, alias))
    assert read_layout(tmp_path).cases[0].sources[modality].file.name == f"a-{alias}.nii.gz"


def test_two_visits_are_two_cases_of_one_patient(tmp_path: Path) -> None:
    for visit in ("BraTS-MET-00007-000", "BraTS-MET-00007-001", "BraTS-MET-00008-000"):
        touch(tmp_path, visit, NEW)
    cases = read_layout(tmp_path).cases
    assert [case.case_id for case in cases] == ["BraTS-MET-00007-000", "BraTS-MET-00007-001", "BraTS-MET-00008-000"]
    assert [case.group_id for case in cases] == ["BraTS-MET-00007", "BraTS-MET-00007", "BraTS-MET-00008"]
    assert {case.group_kind for case in cases} == {"patient"}


def test_a_case_without_a_mask_is_a_case_without_a_reference(tmp_path: Path) -> None:
    touch(tmp_path, "a", NEW[:4])
    assert read_layout(tmp_path).cases[0].reference is None


def test_a_missing_modality_refuses_its_case_by_name_and_no_other(tmp_path: Path) -> None:
    touch(tmp_path, "whole", NEW)
    touch(tmp_path, "part", ("t1n", "t1c", "seg"))
    layout = read_layout(tmp_path)
    assert [case.case_id for case in layout.cases] == ["whole"]
    (finding,) = layout.findings
    assert (finding.severity, finding.code, finding.case) == ("error", "missing_modality", "part")
    assert finding.sentence == (
        "part: found only t1n, t1c, seg; expected t2w, t2f as well; "
        "add the missing file(s) named part-t2w.nii.gz or leave the case out."
    )


def test_one_sequence_twice_is_refused_with_both_files(tmp_path: Path) -> None:
    touch(tmp_path, "a", NEW)
    (tmp_path / "a" / "a-t1c.nii").touch()
    layout = read_layout(tmp_path)
    assert codes(layout) == [("duplicate_modality", "a")]
    assert layout.findings[0].found == "a-t1c.nii and a-t1c.nii.gz for t1c"
    assert layout.cases == ()


def test_the_second_folder_of_one_case_is_refused_and_the_first_kept(tmp_path: Path) -> None:
    touch(tmp_path / "batch1", "a", NEW)
    touch(tmp_path / "batch2", "a", NEW)
    layout = read_layout(tmp_path)
    assert codes(layout) == [("duplicate_case", "a")]
    assert layout.cases[0].sources["t1n"].file.is_relative_to(tmp_path / "batch1")


def test_a_name_that_could_not_be_a_folder_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "pa tient", NEW)
    assert codes(read_layout(tmp_path)) == [("case_name", "pa tient")]


def test_the_hidden_twins_that_macos_leaves_are_passed_over(tmp_path: Path) -> None:
    touch(tmp_path, "a", NEW)
    (tmp_path / "a" / "._a-t1c.nii.gz").touch()
    layout = read_layout(tmp_path)
    assert layout.findings == ()
    assert len(layout.cases) == 1


def test_other_files_in_the_folder_do_not_matter(tmp_path: Path) -> None:
    touch(tmp_path, "a", NEW)
    for name in ("readme.txt", "a-adc.nii.gz", "atlas.nii"):
        (tmp_path / name).touch()
    assert len(read_layout(tmp_path).cases) == 1


def test_no_more_files_are_looked_at_than_the_limit_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for case in "abc":
        touch(tmp_path, case, NEW)
    monkeypatch.setattr(limits, "MAX_FOLDER_FILES", 7)
    layout = read_layout(tmp_path)
    files = sum(len(case.sources) + (case.reference is not None) for case in layout.cases)
    assert files <= 7
    assert len(layout.cases) == 1


@pytest.mark.parametrize(
    ("name", "layout", "sentence"),
    [
        ("empty", None, "found no case in 'empty'; expected files named like BraTS-SSA-00002-000-t1c.nii.gz"),
        ("gone", None, "found no folder at 'gone'; expected a folder with cases; check the path."),
        ("empty", "atlas", "found the layout 'atlas'; expected one of coco, msd, nnunet, bids, "),
        ("empty", "brats", "found no case in 'empty'; expected BraTS 2013-2024 folders, one NIfTI file per sequence; "),
    ],
)
def test_a_folder_that_is_not_understood_is_refused_in_a_sentence(
    tmp_path: Path, name: str, layout: str | None, sentence: str
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputRefusedError) as refused:
        read_layout(tmp_path / name, layout)
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize(
    ("name", "content", "fix"),
    [
        ("study.zip", b"PK\x05\x06" + bytes(18), "unpack it, and name the folder that it becomes"),
        ("t1c.nii.gz", gzip.compress(bytes(348)), "name the folder that it lies in"),
    ],
)
def test_a_file_is_refused_with_how_it_becomes_a_folder(tmp_path: Path, name: str, content: bytes, fix: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputRefusedError) as refused:
        read_layout(tmp_path / name)
    assert str(refused.value) == f"found the file '{name}'; expected a folder with cases; {fix}."


def vsd(root: Path, patient: str, parts: tuple[str, ...], suffix: str = ".nii") -> None:
    """Write a case as BraTS 2013 to 2015 came: a folder per file, both of one name."""
    for number, part in enumerate(parts):
        name = f"VSD.Brain_3more.XX.O.OT.{number}" if part == "OT" else f"VSD.Brain.XX.O.MR_{part}.{number}"
        path = root / "HGG" / patient / name / f"{name}{suffix}"
        path.parent.mkdir(parents=True)
        path.touch()


def test_a_folder_per_file_is_a_case_per_patient_as_in_2013(tmp_path: Path) -> None:
    for visit in ("brats_2013_pat0001_1", "brats_2013_pat0001_2"):
        vsd(tmp_path, visit, ("Flair", "T1", "T1c", "T2", "OT"))
    layout = read_layout(tmp_path)
    assert [(case.case_id, case.group_id) for case in layout.cases] == [
        ("brats_2013_pat0001_1", "brats_2013_pat0001"),
        ("brats_2013_pat0001_2", "brats_2013_pat0001"),
    ]
    assert [source.file.name for source in layout.cases[0].sources.values()] == [
        f"VSD.Brain.XX.O.MR_{part}.nii" for part in ("T1.1", "T1c.2", "T2.3", "Flair.0")
    ]
    assert layout.cases[0].reference is not None
    assert layout.scheme is None


def test_metaimages_of_those_years_are_refused_with_what_to_do(tmp_path: Path) -> None:
    vsd(tmp_path, "brats_2013_pat0001_1", ("Flair", "T1", "T1c", "T2", "OT"), ".mha")
    layout = read_layout(tmp_path)
    assert (layout.cases, codes(layout)) == ((), [("unsupported_format", "")])


@pytest.mark.parametrize(
    ("case", "patient"),
    [
        ("Brats18_2013_2_1", "Brats18_2013_2"),
        ("Brats17_TCIA_101_1", "Brats17_TCIA_101"),
        ("BraTS20_Training_001", "BraTS20_Training_001"),
        ("BraTS2021_00495", "BraTS2021_00495"),
    ],
)
def test_the_visit_is_told_from_the_patient_where_that_year_numbers_it(tmp_path: Path, case: str, patient: str) -> None:
    touch(tmp_path, case, OLD, "_")
    assert read_layout(tmp_path).cases[0].group_id == patient


def test_the_only_mask_of_a_folder_is_its_cases_although_it_is_named_otherwise(tmp_path: Path) -> None:
    touch(tmp_path, "BraTS20_Training_355", OLD[:4], "_")
    (tmp_path / "BraTS20_Training_355" / "W39_1998.09.19_Segm.nii").touch()
    layout = read_layout(tmp_path)
    assert codes(layout) == [("mask_name", "BraTS20_Training_355")]
    assert layout.findings[0].severity == "note"
    assert layout.cases[0].reference is not None
    assert layout.scheme == "brats-2021"


def test_fewer_sequences_will_do_where_every_case_has_them_and_none_is_named_after_brats(tmp_path: Path) -> None:
    for case in ("p1", "p2"):
        touch(tmp_path, case, ("t1c", "t2f", "seg"))
    layout = read_layout(tmp_path)
    assert layout.findings == ()
    assert [tuple(case.sources) for case in layout.cases] == [("t1c", "t2f")] * 2
    assert layout.scheme is None
    touch(tmp_path, "BraTS-SSA-00001-000", ("t1c", "t2f", "seg"))
    assert {finding.code for finding in read_layout(tmp_path).findings} == {"missing_modality"}


def test_what_the_folder_was_taken_for_is_said_without_a_name(tmp_path: Path) -> None:
    touch(tmp_path, "Jane-Doe", NEW)
    assert read_layout(tmp_path).why == (
        "names end as in BraTS (-seg.nii.gz, -t1c.nii.gz, -t1n.nii.gz, -t2f.nii.gz, -t2w.nii.gz); "
        "t1n, t1c, t2w, t2f per case, which leaves open what the labels mean"
    )


def test_slices_of_2013_are_eight_patients_with_four_sequences_and_the_tissues_as_reference(real_data: Path) -> None:
    layout = read_layout(real_data / "brats_2013_2d_nifti")
    assert (len(layout.cases), codes(layout), layout.scheme) == (8, [("labels_listed", "")], None)
    first = layout.cases[0]
    assert (first.case_id, first.group_id) == ("BRATS_HG0001_slice90", "BRATS_HG0001")
    assert first.reference is not None
    assert first.reference.file.name == "BRATS_HG0001_atropos_truth_slice90.nii.gz"
    assert load_case(first, None).volume.shape[2] == 1


def test_brats_africa_has_eleven_whole_cases_and_two_named_incomplete(real_data: Path) -> None:
    layout = read_layout(real_data / "brats_africa")
    assert len(layout.cases) == 11
    assert layout.scheme == "brats-2023"
    assert codes(layout) == [
        ("missing_modality", "BraTS-SSA-00008-000"),
        ("missing_modality", "BraTS-SSA-00015-000"),
    ]
    assert [finding.found for finding in layout.findings] == ["only t1n, t1c, seg", "only seg"]


def test_brats_2021_has_two_whole_cases_under_old_names(real_data: Path) -> None:
    layout = read_layout(real_data / "brats_2021")
    assert (len(layout.cases), layout.findings, layout.scheme) == (2, (), "brats-2021")
