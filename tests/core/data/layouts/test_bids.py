"""BIDS folders are read by subject, session and suffix."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.data.layouts import read_layout
from core.data.layouts.spec import Layout


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def image(visit: str, ending: str) -> str:
    """Such as sub-01/ses-02/anat/sub-01_ses-02_T1w.nii.gz."""
    return f"{visit.replace('_', '/')}/anat/{visit}_{ending}.nii.gz"


def codes(layout: Layout) -> list[tuple[str, str, str]]:
    return [(finding.severity, finding.code, finding.case) for finding in layout.findings]


def test_suffix_and_contrast_agent_say_the_modality_and_derivatives_hold_the_mask(tmp_path: Path) -> None:
    endings = ("T1w", "ce-gadolinium_T1w", "T2w", "FLAIR")
    touch(tmp_path, *(image("sub-01", ending) for ending in endings))
    touch(tmp_path, "derivatives/manual/sub-01/anat/sub-01_label-lesion_mask.nii.gz", "dataset_description.json")
    layout = read_layout(tmp_path)
    assert (layout.name, layout.findings, layout.scheme) == ("bids", (), "binary")
    assert layout.why == (
        "files in anat folders are named as in BIDS, sub-…_T1w/T2w/FLAIR; the reference is the mask of each visit; "
        "it could be read as brats too, which is less specific"
    )
    (case,) = layout.cases
    assert {name: source.file.name for name, source in case.sources.items()} == {
        "t1n": "sub-01_T1w.nii.gz",
        "t1c": "sub-01_ce-gadolinium_T1w.nii.gz",
        "t2w": "sub-01_T2w.nii.gz",
        "t2f": "sub-01_FLAIR.nii.gz",
    }
    assert case.reference is not None
    assert case.reference.file.name == "sub-01_label-lesion_mask.nii.gz"


def test_sessions_are_cases_of_one_patient(tmp_path: Path) -> None:
    touch(tmp_path, *(image(visit, "FLAIR") for visit in ("sub-01_ses-a", "sub-01_ses-b", "sub-02_ses-a")))
    layout = read_layout(tmp_path)
    assert [(case.case_id, case.group_id, case.group_kind) for case in layout.cases] == [
        ("sub-01_ses-a", "sub-01", "patient"),
        ("sub-01_ses-b", "sub-01", "patient"),
        ("sub-02_ses-a", "sub-02", "patient"),
    ]


def test_what_most_visits_have_is_asked_of_all_and_the_rest_left_out(tmp_path: Path) -> None:
    touch(tmp_path, *(image(f"sub-0{n}", "FLAIR") for n in (1, 2, 3)), image("sub-03", "T2w"))
    touch(tmp_path, image("sub-04", "T2w"))
    layout = read_layout(tmp_path, "bids")
    assert [tuple(case.sources) for case in layout.cases if case.case_id == "sub-03"] == [("t2w", "t2f")]
    assert codes(layout) == [("error", "missing_modality", f"sub-0{n}") for n in (1, 2, 4)]
    touch(tmp_path, image("sub-05", "FLAIR"))
    layout = read_layout(tmp_path)
    assert [tuple(case.sources) for case in layout.cases] == [("t2f",)] * 4
    assert codes(layout) == [("error", "missing_modality", "sub-04")]


def test_the_first_of_several_runs_is_used_and_that_is_said(tmp_path: Path) -> None:
    touch(tmp_path, image("sub-01", "run-2_T1w"), image("sub-01", "run-1_T1w"))
    layout = read_layout(tmp_path)
    assert layout.cases[0].sources["t1n"].file.name == "sub-01_run-1_T1w.nii.gz"
    assert codes(layout) == [("warning", "several_runs", "sub-01")]


@pytest.mark.parametrize(
    ("masks", "chosen"),
    [
        (("derivatives/x/sub-01/anat/sub-01_dseg.nii.gz",), "sub-01_dseg.nii.gz"),
        (("sub-01/anat/sub-01_FLAIR_roi.nii.gz",), "sub-01_FLAIR_roi.nii.gz"),
        (
            ("derivatives/x/sub-01/anat/sub-01_desc-brain_mask.nii.gz", "derivatives/x/sub-01_lesion.nii.gz"),
            "sub-01_lesion.nii.gz",
        ),
        (
            (
                "derivatives/x/sub-01/anat/sub-01_space-MNI152_label-lesion_mask.nii.gz",
                "derivatives/x/sub-01/anat/sub-01_label-lesion_mask.nii.gz",
            ),
            "sub-01_label-lesion_mask.nii.gz",
        ),
        (("derivatives/x/sub-01/anat/sub-01_desc-brain_mask.nii.gz",), None),
        (("derivatives/x/sub-02/anat/sub-02_label-lesion_mask.nii.gz",), None),
    ],
)
def test_the_lesions_mask_on_the_images_own_grid_is_the_reference(
    tmp_path: Path, masks: tuple[str, ...], chosen: str | None
) -> None:
    touch(tmp_path, image("sub-01", "FLAIR"), *masks)
    reference = read_layout(tmp_path).cases[0].reference
    assert (reference.file.name if reference else None) == chosen


def test_two_raters_masks_refuse_the_visit(tmp_path: Path) -> None:
    touch(tmp_path, image("sub-01", "FLAIR"))
    touch(tmp_path, *(f"derivatives/rater{n}/sub-01/anat/sub-01_desc-rater{n}_mask.nii.gz" for n in (1, 2)))
    layout = read_layout(tmp_path)
    assert (layout.cases, codes(layout)) == ((), [("error", "ambiguous_mask", "sub-01")])


def test_a_segmentation_with_labels_of_its_own_implies_no_scheme(tmp_path: Path) -> None:
    touch(tmp_path, image("sub-01", "FLAIR"), "derivatives/x/sub-01/anat/sub-01_dseg.nii.gz")
    assert read_layout(tmp_path).scheme is None


def test_other_images_of_a_subject_do_not_matter(tmp_path: Path) -> None:
    touch(tmp_path, image("sub-01", "T1w"), "sub-01/func/sub-01_task-rest_bold.nii.gz", image("sub-01", "T1map"))
    touch(tmp_path, "derivatives/fmriprep/sub-01/anat/sub-01_desc-preproc_T1w.nii.gz")
    layout = read_layout(tmp_path)
    assert [tuple(case.sources) for case in layout.cases] == [("t1n",)]
    assert layout.cases[0].sources["t1n"].file == tmp_path / image("sub-01", "T1w")
