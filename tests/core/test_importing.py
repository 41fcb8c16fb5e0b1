"""Importing a folder: what is good comes in, what is not is refused by name, and the counts are right."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from core.data.label_files import load_scheme
from core.data.refusal import InputRefusedError
from core.data.store import open_case
from core.importing import ImportChoices, ImportReport, check_folder, import_folder
from core.labels import scheme_named
from core.workspace import NotInWorkspaceError, Workspace
from tests.cases import AFFINES, SHAPE, case_id, tumour_labels, write_case, write_nifti


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two good cases, and two with something wrong; not to be changed."""
    folder = tmp_path_factory.mktemp("files") / "mixed"
    write_case(folder, case_id(1), 1)
    write_case(folder, case_id(1, visit=1), 11)
    write_case(folder, case_id(2), 2, without=("t2w",))
    write_case(folder, case_id(3), 3)
    write_nifti(folder / case_id(3) / f"{case_id(3)}-t1c.nii.gz", np.ones((26, 24, 17), np.int16))
    return folder


@pytest.fixture(scope="module")
def report(mixed: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, ImportReport]:
    """The mixed folder imported."""
    place = Workspace(tmp_path_factory.mktemp("imported"))
    return place, import_folder(place, mixed, "mixed")


def test_bad_cases_are_refused_by_name_and_the_others_come_in(report: tuple[Workspace, ImportReport]) -> None:
    place, made = report
    assert list(made.cohort.cases) == [case_id(1), case_id(1, visit=1)]
    assert [(finding["case"], finding["code"]) for finding in made.cohort.refused] == [
        (case_id(2), "missing_modality"),
        (case_id(3), "grid_mismatch"),
    ]
    assert made.cohort.refused[1]["file"] == f"{case_id(3)}-t1c.nii.gz"
    assert place.cohort("mixed").to_json() == made.cohort.to_json()
    assert not place.store_folder("mixed", case_id(3)).exists()


def test_the_report_counts_patients_volumes_slices_and_air(report: tuple[Workspace, ImportReport]) -> None:
    """Two visits of one patient, four modalities each, two voxels of air on every side of 26 x 24 x 16."""
    made = report[1]
    assert (made.patients, made.volumes, made.slices) == (1, 8, 2 * 12)
    assert made.air_share == pytest.approx(1 - (22 * 20 * 12) / (26 * 24 * 16))
    document = made.to_json()
    assert document["cases"]["accepted"] == 2
    assert document["air_share"] == made.air_share
    assert document["scheme"] == "brats-2023"


def test_the_facts_of_a_case_are_what_its_files_say(workspace: Workspace, tmp_path: Path) -> None:
    write_case(tmp_path / "one", case_id(1), 1, affine=AFFINES["LPS"])
    cohort = import_folder(workspace, tmp_path / "one", "one").cohort
    facts = cohort.cases[case_id(1)].facts
    labels = tumour_labels(1)
    assert facts["axis_codes"] == "LPS"
    assert facts["spacing_mm"] == pytest.approx([1.0, 1.5, 2.0])
    assert facts["volumes_ml"] == pytest.approx(
        {
            "WT": (labels > 0).sum() * 0.003,
            "TC": np.isin(labels, (1, 3)).sum() * 0.003,
            "ET": (labels == 3).sum() * 0.003,
        }
    )
    assert facts["tumour_slice"] == int((labels > 0).sum(axis=(0, 1)).argmax())
    file = cohort.cases[case_id(1)].case.sources["t1c"].file
    content = file.read_bytes()
    assert facts["files"]["t1c"] == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def test_what_is_in_the_store_is_the_case(workspace: Workspace, tmp_path: Path) -> None:
    write_case(tmp_path / "one", case_id(1), 1)
    import_folder(workspace, tmp_path / "one", "one")
    stored = open_case(workspace.store_folder("one", case_id(1)), "axial")
    assert stored.shape == SHAPE
    assert stored.reference is not None
    assert np.count_nonzero(stored.reference) == np.count_nonzero(tumour_labels(1))


def test_importing_again_replaces_the_cohort(workspace: Workspace, tmp_path: Path) -> None:
    write_case(tmp_path / "one", case_id(1), 1)
    import_folder(workspace, tmp_path / "one", "one")
    write_case(tmp_path / "two", case_id(2), 2)
    import_folder(workspace, tmp_path / "two", "one")
    assert list(workspace.cohort("one").cases) == [case_id(2)]


def test_when_nothing_is_good_the_import_is_refused_and_no_cohort_appears(workspace: Workspace, tmp_path: Path) -> None:
    write_case(tmp_path / "bad", case_id(1), 1, without=("t1c",))
    with pytest.raises(InputRefusedError, match="found only t1n, t2w, t2f, seg; expected t1c as well"):
        import_folder(workspace, tmp_path / "bad", "bad")
    assert workspace.cohort_names() == []


def test_a_name_that_is_no_name_is_refused_before_anything_is_read(workspace: Workspace, mixed: Path) -> None:
    with pytest.raises(NotInWorkspaceError, match="'my cohort' is not a name"):
        import_folder(workspace, mixed, "my cohort")
    assert not (workspace.root / "slices").exists()


def test_names_that_do_not_say_what_labels_mean_ask_for_the_scheme(workspace: Workspace, tmp_path: Path) -> None:
    write_case(tmp_path / "x", "patient1", 1)
    with pytest.raises(InputRefusedError, match="name it with --scheme brats-2021"):
        import_folder(workspace, tmp_path / "x", "x")
    chosen = ImportChoices(scheme=scheme_named("brats-2023"))
    assert import_folder(workspace, tmp_path / "x", "x", chosen).cohort.scheme.name == "brats-2023"


def test_a_scheme_from_a_file_is_kept_with_the_cohort(workspace: Workspace, tmp_path: Path) -> None:
    write_case(tmp_path / "x", "patient1", 1)
    (tmp_path / "mine.yaml").write_text("labels: {1: core, 2: swelling, 3: rim}\n")
    scheme = load_scheme(tmp_path / "mine.yaml")
    import_folder(workspace, tmp_path / "x", "x", ImportChoices(scheme=scheme))
    (tmp_path / "mine.yaml").unlink()
    assert workspace.cohort("x").scheme == scheme
    assert workspace.cohort("x").scheme.region_names == ("core", "swelling", "rim")


def test_old_names_mean_that_4_is_enhancing_tumour(workspace: Workspace, tmp_path: Path) -> None:
    write_case(tmp_path / "x", "BraTS2021_00001", 1, old_names=True, relabel={3: 4})
    cohort = import_folder(workspace, tmp_path / "x", "x").cohort
    assert cohort.scheme.name == "brats-2021"
    et = cohort.cases["BraTS2021_00001"].facts["volumes_ml"]["ET"]
    assert et == pytest.approx((tumour_labels(1) == 3).sum() * 0.003)


def test_checking_says_the_same_and_writes_nothing(workspace: Workspace, mixed: Path) -> None:
    seen: list[str] = []
    layout, findings, accepted = check_folder(mixed, ImportChoices(), lambda case, _done, _total: seen.append(case))
    assert (layout.name, accepted) == ("brats", 2)
    assert [finding.case for finding in findings] == [case_id(2), case_id(3)]
    assert seen == [case_id(1), case_id(1, visit=1), case_id(3)]
    assert list(workspace.root.iterdir()) == []


@pytest.mark.slow
def test_brats_africa_comes_in_with_eleven_cases_and_two_refused_by_name(workspace: Workspace, real_data: Path) -> None:
    report = import_folder(workspace, real_data / "brats_africa", "africa")
    assert (len(report.cohort.cases), report.patients, report.volumes) == (11, 11, 44)
    assert [finding["case"] for finding in report.cohort.refused] == ["BraTS-SSA-00008-000", "BraTS-SSA-00015-000"]
    assert 0.5 < report.air_share < 0.9
    assert {entry.facts["axis_codes"] for entry in report.cohort.cases.values()} == {"RAS"}
    without_necrosis = report.cohort.cases["BraTS-SSA-00110-000"].facts["volumes_ml"]
    assert without_necrosis["TC"] == without_necrosis["ET"] > 0
