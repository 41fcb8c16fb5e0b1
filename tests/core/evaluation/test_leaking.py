"""A run that leaks is scored in rows of its own, on the slices that it held out, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.checkpoints import Checkpoint, read_checkpoint, write_checkpoint
from core.data.load import load_regions
from core.evaluation.contenders import Contender, EvaluationRefusedError
from core.evaluation.evaluate import Wishes, evaluate
from core.evaluation.leaking import held_out_slices, split_leaking
from core.evaluation.saved import saved_summary
from core.evaluation.tables import table
from core.importing import import_folder
from core.inference.device import Compute
from core.inference.segment import Segmenter
from core.models import build_model
from core.workspace import Cohort, Workspace
from tests import narrow
from tests.cases import case_id, channels, tumour_labels, write_nifti

CPU = Compute("cpu", bf16=False, channels_last=False)
ONE, TWO, THREE = (case_id(n) for n in (1, 2, 3))

Make = Callable[..., Checkpoint]


@pytest.fixture
def make(tmp_path: Path, small: Cohort) -> Make:
    """Make a checkpoint that was trained on these patients of the small cohort, under other names."""

    def made(name: str, train: tuple[str, ...], **said: Any) -> Checkpoint:
        spec = narrow.spec()
        content = {f"renamed-{case}": list(small.cases[case].content.values()) for case in train}
        model = build_model(spec.architecture, spec.inputs, spec.outputs, spec.arguments)
        card = narrow.card(spec, train=content).model_copy(update=said)
        write_checkpoint(tmp_path / name, model.state_dict(), card, {})
        return read_checkpoint(tmp_path / name)

    return made


@pytest.fixture
def sliced(make: Make) -> Contender:
    """Trained on slices of patients 1 and 2, of which it held out these."""
    held_out = {f"renamed-{ONE}": [5, 8, 11], f"renamed-{TWO}": [4, 7]}
    slice_split = {"seed": 0, "share": 0.8, "held_out": held_out}
    return Contender("sliced", (make("s", (ONE, TWO), leaks=True, slice_split=slice_split),))


def run(workspace: Workspace, cohort: Cohort, *models: Contender, conventions: bool = True) -> dict[str, Any]:
    return evaluate(Segmenter(workspace, CPU), cohort, models, None, None, wishes=Wishes(conventions=conventions))


def test_it_is_scored_on_its_held_out_slices_alone(
    workspace: Workspace, small: Cohort, make: Make, sliced: Contender
) -> None:
    document = run(workspace, small, Contender("fair", (make("f", ()),)), sliced)
    assert set(document["models"]) == {"fair"}
    assert document["dropped"] == [], "nothing of it is dropped, for nothing of it is scored"
    assert set(document["conventions"]["patient"]) == {"fair"}
    rows = {name: document["conventions"][name]["sliced"] for name in ("slice-split", "slice-split-pooled")}
    assert "leaks" not in document["conventions"]
    for bit, region in enumerate(("WT", "TC", "ET")):
        shares = []
        for case, slices in ((ONE, [5, 8, 11]), (TWO, [4, 7])):
            entry = small.cases[case]
            assert entry.case.reference is not None
            truth = load_regions(entry.case.reference, small.scheme)[0][..., slices] >> bit & 1
            found = Segmenter(workspace, CPU).segment_stored(small, case, sliced.members[0]).mask()
            mask = found[..., slices] >> bit & 1
            shares.append((2 * int((mask & truth).sum()), int(mask.sum()) + int(truth.sum()), int(truth.sum())))
        dice = [both / either for both, either, drawn in shares if drawn]
        assert rows["slice-split"][region] == {"mean": pytest.approx(np.mean(dice)), "n": len(dice)}
        pooled = sum(share[0] for share in shares) / sum(share[1] for share in shares)
        assert rows["slice-split-pooled"][region] == {"mean": pytest.approx(pooled), "n": 2}


def test_the_printed_table_says_the_word_and_why(
    workspace: Workspace, small: Cohort, make: Make, sliced: Contender
) -> None:
    printed = table(run(workspace, small, Contender("fair", (make("f", ()),)), sliced))
    assert "Slice split (leaks), per patient" in printed
    assert "Scored in the table of conventions alone: sliced leaks: its part was drawn by slices" in printed


def test_without_the_table_it_is_scored_nowhere(
    workspace: Workspace, small: Cohort, make: Make, sliced: Contender
) -> None:
    document = run(workspace, small, Contender("fair", (make("f", ()),)), sliced, conventions=False)
    assert set(document["models"]) == {"fair"}
    assert "conventions" not in document
    assert document["leaking"]["sliced"].startswith("sliced leaks: ")
    with pytest.raises(EvaluationRefusedError, match="in the table of conventions alone: add --conventions"):
        run(workspace, small, sliced, conventions=False)
    alone = run(workspace, small, sliced)
    assert alone["models"] == {}
    assert set(alone["conventions"]["slice-split"]) == {"sliced"}


def test_a_run_on_a_split_that_leaks_has_a_row_of_that_name_and_drops_nobody(
    workspace: Workspace, small: Cohort, make: Make
) -> None:
    audit = {"sha256": "0", "checks": [], "leaks": ["fold 0: a (train) and b (test) are the same patient"]}
    told = Contender("told", (make("t", (ONE,), leaks=True, audit=audit),))
    document = run(workspace, small, told)
    assert document["conventions"]["leaks"]["told"]["WT"]["n"] == 6
    assert document["leaking"] == {"told": "told leaks: fold 0: a (train) and b (test) are the same patient"}
    assert "slice-split" not in document["conventions"]


def test_one_member_that_leaks_spoils_a_model_of_folds(make: Make) -> None:
    fair, leaky = make("f", ()), make("l", (ONE,), leaks=True)
    models = [Contender("both", (fair, leaky)), Contender("fair", (fair,))]
    assert split_leaking(models) == ([models[1]], [models[0]])


def test_held_out_slices_are_found_by_what_a_case_is(small: Cohort, sliced: Contender) -> None:
    assert held_out_slices(sliced.members[0], small, TWO) == [4, 7]
    assert held_out_slices(sliced.members[0], small, THREE) == []


def test_saved_tables_leave_it_out(workspace: Workspace, small: Cohort, make: Make) -> None:
    leaky = make("l", (), leaks=True)
    Segmenter(workspace, CPU).segment_stored(small, ONE, leaky)
    assert saved_summary(workspace, small, {"l": leaky})["models"]["l"]["cases"] == {}


def test_a_training_patient_smuggled_into_another_cohort_is_dropped_and_named_by_one_channel_of_it(
    workspace: Workspace, small: Cohort, make: Make, tmp_path: Path
) -> None:
    """Another cohort, other ids and groups: X is patient 1 whole, Y has only patient 2's T2, and Z is new."""
    for number, name in ((1, "BraTS-NEW-00091-000"), (2, "BraTS-NEW-00092-000"), (30, "BraTS-NEW-00093-000")):
        labels = tumour_labels(number)
        parts: dict[str, Any] = {**channels(number if number != 2 else 40, labels), "seg": labels}
        if number == 2:
            parts["t2w"] = channels(2, labels)["t2w"]
        for part, voxels in parts.items():
            write_nifti(tmp_path / "other" / name / f"{name}-{part}.nii", voxels)
    other = import_folder(workspace, tmp_path / "other", "other").cohort
    document = run(workspace, other, Contender("m", (make("m", (ONE, TWO)),)), conventions=False)
    assert document["dropped"] == [
        {"model": "m", "case": "BraTS-NEW-00091-000", "matches_part": "train"},
        {"model": "m", "case": "BraTS-NEW-00092-000", "matches_part": "train"},
    ]
    assert set(document["models"]["m"]["cases"]) == {"BraTS-NEW-00093-000"}
    assert other.cases["BraTS-NEW-00091-000"].case.group_id not in small.groups
