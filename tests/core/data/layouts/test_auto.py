"""Without a name the most specific layout is taken, and what nobody knows is proposed, not taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.data.layouts import LAYOUTS, read_layout
from core.data.refusal import InputRefusedError

BRATS = ("t1n", "t1c", "t2w", "t2f", "seg")


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_general_layouts_come_after_all_specific_ones_and_proposals_last() -> None:
    general = [spec.general for spec in LAYOUTS.values()]
    assert general == sorted(general)
    assert [spec.name for spec in LAYOUTS.values() if spec.proposes] == list(LAYOUTS)[-2:] == ["proposed", "pictures"]
    assert {name for name, spec in LAYOUTS.items() if spec.name != name} == set()


def test_of_two_layouts_with_files_of_their_own_the_more_specific_is_taken_and_the_other_named(tmp_path: Path) -> None:
    touch(tmp_path, "sub-01/anat/sub-01_FLAIR.nii.gz", *(f"more/BraTS-SSA-00002-000-{part}.nii.gz" for part in BRATS))
    layout = read_layout(tmp_path)
    assert [case.case_id for case in layout.cases] == ["sub-01"]
    (finding,) = layout.findings
    assert (finding.severity, finding.code) == ("warning", "several_layouts")
    assert finding.found == "files of more than one layout: bids, brats"
    assert layout.why.endswith("it could be read as brats too, which is less specific")
    assert [case.case_id for case in read_layout(tmp_path, "brats").cases] == ["BraTS-SSA-00002-000"]


def test_a_layout_whose_cases_are_all_refused_is_not_replaced_by_a_proposal(tmp_path: Path) -> None:
    layout = read_layout(touch(tmp_path, "BraTS-SSA-00015-000/BraTS-SSA-00015-000-t1n.nii.gz"))
    assert (layout.name, layout.cases) == ("brats", ())
    assert [finding.code for finding in layout.findings] == ["missing_modality"]


def test_a_proposal_has_to_be_confirmed_by_its_name(tmp_path: Path) -> None:
    touch(tmp_path, "FLAIR.nii.gz", "lesion.nii.gz")
    with pytest.raises(InputRefusedError) as refused:
        read_layout(tmp_path)
    (error,) = refused.value.findings
    assert (error.severity, error.code) == ("error", "proposed_layout")
    assert error.fix == "take the proposal with --layout proposed, or rename the files"
    layout = read_layout(tmp_path, "proposed")
    assert [(f.severity, f.code, f.found) for f in layout.findings] == [("warning", "proposed_layout", error.found)]


@pytest.mark.parametrize(
    ("folder", "layout", "cases", "scheme"),
    [
        ("brats_africa", "brats", 11, "brats-2023"),
        ("brats_2021", "brats", 2, "brats-2021"),
        ("brats_2013_2d_nifti", "brats", 8, None),
        ("clinical_study/TCGA-FG-6692/raw", "proposed", 1, None),
        ("clinical_study/TCGA-FG-6692/prepared_by_brats_toolkit", "proposed", 1, None),
        ("clinical_study", "proposed", 2, None),
        ("nifti_oddities/flair_lesion", "proposed", 1, None),
        ("nifti_oddities/ct_multi_organ", "proposed", 2, None),
        ("nifti_oddities/ct_small", "proposed", 1, None),
        ("nifti_oddities/48_orientations", "proposed", 48, None),
        ("instances_spine", "proposed", 0, None),
    ],
)
def test_every_folder_of_volumes_is_taken_for_what_it_is(
    real_data: Path, folder: str, layout: str, cases: int, scheme: str | None
) -> None:
    if layout == "proposed":
        with pytest.raises(InputRefusedError) as refused:
            read_layout(real_data / folder)
        assert refused.value.findings[0].code == ("proposed_layout" if cases else "no_image")
    found = read_layout(real_data / folder, layout if layout == "proposed" else None)
    assert (found.name, len(found.cases), found.scheme) == (layout, cases, scheme)
    assert found.why
