"""Cases read one ahead, a proposal without doubt taken at once, and a stop before anything is written."""

from __future__ import annotations

import threading
import weakref
from pathlib import Path

import numpy as np
import pytest

from core.data import load as load_module
from core.data.layouts import read_layout
from core.data.load import CaseFiles
from core.data.refusal import InputRefusedError
from core.errors import Cancelled
from core.importing import ImportChoices, read_study
from core.inference.device import Compute
from core.inference.segment import Segmenter
from core.jobs import ready_case as module
from core.jobs.listening import Listener
from core.jobs.ready_case import read_ahead, ready_case
from core.jobs.segment_files import segment_models
from core.workspace import Workspace
from tests import narrow
from tests.cases import case_id, channels, tumour_labels, write_case, write_nifti

CPU = Compute("cpu", bf16=False, channels_last=False)


@pytest.fixture
def three(tmp_path: Path) -> Path:
    for number in (1, 2, 3):
        write_case(tmp_path / "scans", case_id(number), number)
    return tmp_path / "scans"


def test_every_case_comes_in_order_and_a_damaged_one_as_its_refusal(three: Path) -> None:
    bad = three / case_id(2) / f"{case_id(2)}-t2f.nii.gz"
    bad.write_bytes(bad.read_bytes()[:-20])
    found = [(case, handed.take()) for case, handed in read_ahead(read_layout(three).cases)]
    assert [case.case_id for case, _ in found] == [case_id(number) for number in (1, 2, 3)]
    assert [type(files) for _, files in found] == [CaseFiles, InputRefusedError, CaseFiles]
    with pytest.raises(InputRefusedError, match=r"t2f.nii.gz: found the compressed data ends"):
        ready_case(found[1][0], ImportChoices(), files=found[1][1])


def test_what_was_read_is_held_by_whoever_takes_it_alone(three: Path) -> None:
    cases = read_ahead(read_layout(three).cases)
    for _case, handed in cases:
        files = handed.take()
        assert isinstance(files, CaseFiles)
        gone = weakref.ref(next(iter(files.images.values())).stored)
        del files
        assert gone() is None, "while the case is still worked on"


@pytest.mark.parametrize(("limit", "ahead"), [(1 << 30, True), (0, False)], ids=["small cases", "large cases"])
def test_the_next_case_is_read_while_one_is_worked_on_unless_it_is_large(
    three: Path, monkeypatch: pytest.MonkeyPatch, limit: int, ahead: bool
) -> None:
    begun = {case_id(number): threading.Event() for number in (1, 2, 3)}
    original = load_module.read_files

    def watched(case: object, reference: bool) -> CaseFiles:
        begun[case.case_id].set()  # type: ignore[attr-defined]
        return original(case, reference)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "read_files", watched)
    monkeypatch.setattr(module, "READ_AHEAD_BYTES", limit)
    cases = read_ahead(read_layout(three).cases)
    next(cases)
    assert begun[case_id(2)].wait(20 if ahead else 0.2) == ahead
    assert [case.case_id for case, _ in cases] == [case_id(2), case_id(3)]


def write_odd_study(folder: Path, names: dict[str, str], study: str = "scan") -> None:
    """Four sequences in names that no known layout has."""
    parts = channels(1, tumour_labels(1))
    for modality, name in names.items():
        write_nifti(folder / study / f"{name}.nii.gz", parts[modality])


SURE = {
    "t1n": "T1_AX_Si_TCGA-XX-0001_SE_10_se2d1_t1",
    "t1c": "MRHR_T1_AX_POST_GAD_Si_TCGA-XX-0001_SE_13_se2d1r_t1c",
    "t2w": "MRHR_T2_AX_Si_TCGA-XX-0001_SE_2_tse2d1_11_t2",
    "t2f": "MRHR_FLAIR_AX_Si_TCGA-XX-0001_SE_IR_5_tir2d1_21_fla",
}


def test_one_study_whose_names_say_what_each_series_is_needs_no_confirmation(tmp_path: Path) -> None:
    write_odd_study(tmp_path, SURE)
    layout = read_study(tmp_path, ImportChoices())
    (case,) = layout.cases
    assert set(case.sources) == {"t1n", "t1c", "t2w", "t2f"}
    assert [(finding.severity, finding.code) for finding in layout.findings] == [("warning", "proposed_layout")]


def test_two_studies_or_a_doubtful_name_are_asked_about(tmp_path: Path) -> None:
    write_odd_study(tmp_path / "two", SURE)
    write_odd_study(tmp_path / "two", SURE, "another")
    with pytest.raises(InputRefusedError, match="proposed are 2 case"):
        read_study(tmp_path / "two", ImportChoices())
    write_odd_study(tmp_path / "odd", {**SURE, "t2w": "series_7"})
    with pytest.raises(InputRefusedError):
        read_study(tmp_path / "odd", ImportChoices())


def test_a_wish_to_stop_before_writing_leaves_nothing(workspace: Workspace, three: Path, tmp_path: Path) -> None:
    checkpoint = narrow.checkpoint(tmp_path / "made")
    case = read_layout(three).cases[0]
    told = Listener(on_step=lambda what, _done, _total: what == "write")
    segmenter = Segmenter(workspace, CPU, keep=False)
    with pytest.raises(Cancelled, match="cancelled before: write"):
        segment_models(segmenter, case, {"": checkpoint}, tmp_path / "out", told=told)
    assert not (tmp_path / "out").exists()
    assert not (workspace.root / "predictions").exists()


def test_what_is_ready_is_what_was_read(three: Path) -> None:
    case = read_layout(three).cases[0]
    ready = ready_case(case, ImportChoices(), brains=True)
    assert ready.harmonised is None
    assert ready.series == {}
    assert np.array_equal(ready.volume.voxels, np.stack(list(channels(1, tumour_labels(1)).values())))
