"""Conventions over cases: kept beside the prediction, averaged over the cases that count for every model."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.checkpoints import Checkpoint
from core.evaluation.contenders import Contender
from core.evaluation.convention_table import (
    CaseConventions,
    convention_definitions,
    convention_means,
    convention_value,
)
from core.evaluation.conventions import CONVENTIONS
from core.evaluation.evaluate import Wishes, evaluate
from core.evaluation.saved_conventions import saved_convention_means, saved_conventions
from core.evaluation.tables import table
from core.inference.device import Compute
from core.inference.segment import Segmenter
from core.workspace import Cohort, CohortCase, Workspace
from tests import narrow
from tests.cases import case_id

CPU = Compute("cpu", bf16=False, channels_last=False)
ONE, TWO, THREE = (case_id(n) for n in (1, 2, 3))


def case(numerator: float, denominator: float) -> CaseConventions:
    """A case whose whole tumour has the same share in every convention."""
    return {name: {"WT": [numerator, denominator]} for name in CONVENTIONS}


def test_cases_are_averaged_and_pooling_adds_before_it_divides() -> None:
    """A small tumour of 1/2 and a large one of 90/100: mean 0.7, pooled 91/102."""
    means = convention_means({"m": {"a": case(1, 2), "b": case(90, 100)}})
    assert means["patient"]["m"]["WT"] == {"mean": pytest.approx(0.7), "n": 2}
    assert means["pooled-cohort"]["m"]["WT"] == {"mean": pytest.approx(91 / 102), "n": 2}


def test_every_model_is_averaged_over_the_same_cases() -> None:
    """n has no b and a has no number in c for m: a alone counts for both; o saw everything and takes no part."""
    found: dict[str, Any] = {
        "m": {"a": case(1, 2), "b": case(1, 1), "c": case(0, 0)},
        "n": {"a": case(3, 4), "c": case(1, 1)},
        "o": {},
    }
    means = convention_means(found)["slice"]
    assert means == {"m": {"WT": {"mean": 0.5, "n": 1}}, "n": {"WT": {"mean": 0.75, "n": 1}}, "o": {}}
    assert convention_means({"m": {"c": case(0, 0)}})["slice"]["m"]["WT"] == {"mean": None, "n": 0}
    assert convention_means({"m": {"c": case(0, 0)}})["pooled-cohort"]["m"]["WT"] == {"mean": None, "n": 0}


@pytest.fixture
def checkpoint(small: Cohort, tmp_path: Path) -> Checkpoint:
    """A checkpoint that was trained on the second patient."""
    return narrow.checkpoint(tmp_path / "m", train={"else": list(small.cases[TWO].content.values())})


def test_evaluate_gives_the_table_on_request_and_its_first_row_is_the_summary(
    workspace: Workspace, small: Cohort, checkpoint: Checkpoint
) -> None:
    contenders = [Contender("m", (checkpoint,))]
    plain = evaluate(Segmenter(workspace, CPU), small, contenders, None, None)
    assert "conventions" not in plain
    document = evaluate(Segmenter(workspace, CPU), small, contenders, None, None, wishes=Wishes(conventions=True))
    assert list(document["conventions"]) == list(CONVENTIONS)
    assert document["convention_definitions"] == convention_definitions()
    for region, cells in document["models"]["m"]["summary"].items():
        cell = document["conventions"]["patient"]["m"][region]
        assert cell == {"mean": pytest.approx(cells["dice"]["mean"]), "n": 5}
    printed = table(document)
    assert "Dice of the same masks" in printed
    assert "Labels not binarised: 2 sum(m y)" in printed
    assert f"{document['conventions']['slice']['m']['WT']['mean']:.3f} (n 5)" in printed


def test_what_was_scored_is_kept_beside_the_prediction_and_computed_once(
    workspace: Workspace, small: Cohort, checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert saved_conventions(workspace, small, ONE, checkpoint) is None, "no prediction yet"
    document = evaluate(
        Segmenter(workspace, CPU), small, [Contender("m", (checkpoint,))], None, None, wishes=Wishes(conventions=True)
    )
    waiting = saved_convention_means(workspace, small, {"m": checkpoint}, budget_s=-1)
    assert waiting.waiting == 5, "nothing is computed without time, and the patient that it has seen is not waited for"
    first = saved_conventions(workspace, small, ONE, checkpoint)
    assert first is not None
    done = saved_convention_means(workspace, small, {"m": checkpoint}, budget_s=60)
    assert done.waiting == 0
    assert done.means == document["conventions"]
    monkeypatch.setattr(
        "core.evaluation.saved_conventions.conventions_of_mask", lambda *_args: pytest.fail("computed twice")
    )
    assert saved_conventions(workspace, small, ONE, checkpoint) == first
    assert saved_convention_means(workspace, small, {"m": checkpoint}, budget_s=-1) == done


def test_a_reference_that_is_gone_is_no_reason_to_fail(
    workspace: Workspace, small: Cohort, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    reference = small.cases[ONE].case.reference
    assert reference is not None
    own = tmp_path / "seg.nii"
    shutil.copy(reference.file, own)
    moved = replace(small.cases[ONE].case, reference=replace(reference, files=(own,)))
    cohort = replace(small, cases={ONE: CohortCase(moved, small.cases[ONE].facts)})
    Segmenter(workspace, CPU).segment_stored(cohort, ONE, checkpoint)
    assert saved_conventions(workspace, cohort, ONE, checkpoint) is not None
    own.unlink()
    assert saved_conventions(workspace, cohort, ONE, checkpoint) is None
    assert saved_convention_means(workspace, cohort, {"m": checkpoint}, budget_s=60).waiting == 0


def test_a_model_with_its_regions_in_another_order_is_scored_by_their_names(
    workspace: Workspace, small: Cohort, tmp_path: Path
) -> None:
    other = narrow.checkpoint(tmp_path / "x", inference=narrow.spec(regions=("ET", "WT"), thresholds=(128, 128)))
    document = evaluate(Segmenter(workspace, CPU), small, [Contender("x", (other,))], None, None)
    found = saved_conventions(workspace, small, ONE, other)
    assert found is not None
    for region in ("WT", "ET"):
        dice = document["models"]["x"]["cases"][ONE][region]["dice"]
        assert convention_value(found, "patient", region) == pytest.approx(dice)
