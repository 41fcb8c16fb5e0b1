"""Scoring models: never on a patient that they have seen, and by the member that has not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.checkpoints import Checkpoint
from core.data.splits import Fold, Split
from core.evaluation.case_mask import average, pick_regions
from core.evaluation.contenders import Contender, EvaluationRefusedError, seen_in
from core.evaluation.evaluate import evaluate
from core.evaluation.saved import saved_scores, saved_summary
from core.evaluation.saved_files import saved_mask, saved_prediction, saved_slice
from core.inference.device import Compute
from core.inference.prediction import Prediction
from core.inference.segment import Segmenter, prediction_folder
from core.postprocess import Step
from core.volume import Box
from core.workspace import Cohort, CohortCase, Workspace
from tests import narrow
from tests.cases import case_id

CPU = Compute("cpu", bf16=False, channels_last=False)
ONE, TWO, THREE, FOUR, FIVE, SIX = CASES = tuple(case_id(n) for n in range(1, 7))

Names = tuple[str, ...]
Make = Callable[..., Checkpoint]


@pytest.fixture
def make(tmp_path: Path, small: Cohort) -> Make:
    """Make a checkpoint that says it was trained and tuned on these cases of the small cohort."""

    def made(
        name: str, train: tuple[str, ...] = (), validation: tuple[str, ...] = (), fold: int = 0, **spec: Any
    ) -> Checkpoint:
        def content(cases: Names) -> dict[str, list[str]]:
            # under other names, as from another cohort
            return {f"renamed-{case}": list(small.cases[case].content.values()) for case in cases}

        return narrow.checkpoint(
            tmp_path / name, seed=len(name), inference=narrow.spec(**spec),
            train=content(train), validation=content(validation), fold=fold,
        )  # fmt: skip

    return made


def scored(document: dict[str, Any], model: str = "m") -> set[str]:
    return set(document["models"][model]["cases"])


def run(workspace: Workspace, cohort: Cohort, *contenders: Contender, **where: Any) -> dict[str, Any]:
    return evaluate(Segmenter(workspace, CPU), cohort, contenders, where.get("split"), where.get("part"))


def test_patients_that_a_model_trained_or_was_tuned_on_are_dropped_and_named_whatever_they_were_called(
    workspace: Workspace, small: Cohort, make: Make
) -> None:
    document = run(workspace, small, Contender("m", (make("m", train=(ONE, TWO), validation=(THREE,)),)))
    assert scored(document) == {FOUR, FIVE, SIX}
    assert document["dropped"] == [
        {"model": "m", "case": ONE, "matches_part": "train"},
        {"model": "m", "case": TWO, "matches_part": "train"},
        {"model": "m", "case": THREE, "matches_part": "validation"},
    ]


def test_one_channel_seen_under_any_modality_is_enough(small: Cohort, tmp_path: Path) -> None:
    one = small.cases[ONE].content["t2w"]
    checkpoint = narrow.checkpoint(tmp_path / "x", train={"else": ["abc", one]})
    assert seen_in(checkpoint, small.cases[ONE].content.values()) == "train"
    assert seen_in(checkpoint, small.cases[TWO].content.values()) is None


def test_another_visit_of_a_patient_that_was_seen_is_dropped_too(
    workspace: Workspace, small: Cohort, make: Make
) -> None:
    """Patient 2's scan becomes a second visit of patient 1, whom the model was trained on."""
    entry = small.cases[TWO]
    visit = CohortCase(replace(entry.case, group_id=small.cases[ONE].case.group_id), entry.facts)
    cohort = replace(small, cases=small.cases | {TWO: visit})
    document = run(workspace, cohort, Contender("m", (make("m", train=(ONE,)),)))
    assert [(entry["case"], entry["matches_part"]) for entry in document["dropped"]] == [(ONE, "train"), (TWO, "train")]


def test_dropping_is_per_model_and_models_are_compared_on_what_both_may_be_scored_on(
    workspace: Workspace, small: Cohort, make: Make
) -> None:
    fresh, stale = Contender("fresh", (make("fresh"),)), Contender("stale", (make("stale", train=(ONE,)),))
    document = run(workspace, small, fresh, stale)
    assert (scored(document, "fresh"), scored(document, "stale")) == (set(CASES), set(CASES) - {ONE})
    assert document["models"]["fresh"]["summary"]["WT"]["dice"]["n"] == 5
    assert document["not_compared"] == [{"case": ONE, "missing_from": ["stale"]}]


def test_when_everything_is_dropped_the_document_says_so(workspace: Workspace, small: Cohort, make: Make) -> None:
    document = run(workspace, small, Contender("m", (make("m", train=CASES),)))
    assert scored(document) == set()
    assert len(document["dropped"]) == 6


def test_out_of_fold_each_patient_is_scored_by_the_member_that_never_saw_it(
    workspace: Workspace, small: Cohort, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    folds = (Fold((THREE, FOUR, FIVE), (SIX,), (ONE, TWO)), Fold((ONE, TWO, SIX), (FIVE,), (THREE, FOUR)),
             Fold((ONE, THREE, FOUR), (TWO,), (FIVE, SIX)))  # fmt: skip
    members = tuple(
        make(f"member{number * 'x'}", train=fold.train, validation=fold.validation, fold=number)
        for number, fold in enumerate(folds)
    )
    used: dict[str, list[str]] = {}
    original = Segmenter.segment_stored

    def watching(self: Segmenter, cohort: Cohort, case: str, checkpoint: Checkpoint) -> Prediction:
        used.setdefault(case, []).append(checkpoint.id)
        return original(self, cohort, case, checkpoint)

    monkeypatch.setattr(Segmenter, "segment_stored", watching)
    document = run(workspace, small, Contender("m", members), split=Split("patient", 0, folds), part="out-of-fold")
    assert document["dropped"] == []
    assert scored(document) == set(CASES)
    ids = [member.id for member in members]
    assert used == {ONE: [ids[0]], TWO: [ids[0]], THREE: [ids[1]], FOUR: [ids[1]], FIVE: [ids[2]], SIX: [ids[2]]}
    assert document["checkpoints"] == {"m": ids}
    assert document["audit"]["clean"] is True


def test_a_patient_that_every_member_saw_is_dropped_out_of_fold_too(
    workspace: Workspace, small: Cohort, make: Make
) -> None:
    split = Split("patient", 0, (Fold((TWO, THREE), (), (ONE,)), Fold((ONE, TWO), (), (THREE,))))
    members = (make("a", train=(TWO, THREE)), make("bb", train=(ONE, TWO, THREE), fold=1))
    document = run(workspace, small, Contender("m", members), split=split, part="out-of-fold")
    assert scored(document) == {ONE}
    assert [entry["case"] for entry in document["dropped"]] == [THREE]


def test_an_ensemble_is_dropped_when_any_member_saw_the_patient(
    workspace: Workspace, small: Cohort, make: Make
) -> None:
    members = (make("a", train=(ONE,)), make("bb", validation=(TWO,)))
    document = run(workspace, small, Contender("m", members))
    assert {entry["case"]: entry["matches_part"] for entry in document["dropped"]} == {ONE: "train", TWO: "validation"}


def test_a_part_of_a_split_is_scored_alone(workspace: Workspace, small: Cohort, make: Make) -> None:
    split = workspace.split("small", "default")
    for part in ("validation", "test"):
        document = run(workspace, small, Contender("m", (make("m"),)), split=split, part=part)
        assert scored(document) == set(split.folds[0].part(part))
        assert document["part"] == part


def test_of_several_folds_the_checkpoints_own_is_meant(workspace: Workspace, small: Cohort, make: Make) -> None:
    split = Split("patient", 0, (Fold((TWO,), (), (ONE,)), Fold((ONE,), (), (TWO,))))
    own = Contender("m", (make("m", fold=1),))
    assert scored(run(workspace, small, own, split=split, part="test")) == {TWO}
    other = Contender("n", (make("nn", fold=0),))
    with pytest.raises(EvaluationRefusedError, match="different folds; score them with --part out-of-fold"):
        run(workspace, small, own, other, split=split, part="test")
    beyond = Contender("o", (make("ooo", fold=4),))
    with pytest.raises(EvaluationRefusedError, match="trained on fold 4 and this split has 2 folds; name the split"):
        run(workspace, small, beyond, split=split, part="test")


def test_a_split_that_names_cases_the_cohort_lacks_is_refused(workspace: Workspace, small: Cohort, make: Make) -> None:
    split = Split("patient", 0, (Fold((ONE,), (), (TWO, "gone")),))
    with pytest.raises(EvaluationRefusedError, match=r"the split names cases that the cohort lacks \(gone\)"):
        run(workspace, small, Contender("m", (make("m"),)), split=split, part="test")


def test_without_any_reference_there_is_nothing_to_score(workspace: Workspace, small: Cohort, make: Make) -> None:
    blind = {name: CohortCase(replace(e.case, reference=None), e.facts) for name, e in small.cases.items()}
    with pytest.raises(EvaluationRefusedError, match="no case of cohort small has a reference mask in this part"):
        run(workspace, replace(small, cases=blind), Contender("m", (make("m"),)))


def test_models_that_share_no_region_cannot_be_compared(workspace: Workspace, small: Cohort, make: Make) -> None:
    other = make("x", regions=("foreground",), thresholds=(128,), scheme="binary")
    with pytest.raises(EvaluationRefusedError, match=r"the models \(x: foreground\) and cohort small .* no region"):
        run(workspace, small, Contender("x", (other,)))


def test_only_shared_regions_are_scored_whatever_their_order(workspace: Workspace, small: Cohort, make: Make) -> None:
    other = make("x", regions=("ET", "WT"), thresholds=(128, 128))
    document = run(workspace, small, Contender("m", (make("m"),)), Contender("x", (other,)))
    assert set(document["models"]["m"]["cases"][ONE]) == set(document["models"]["x"]["cases"][ONE]) == {"WT", "ET"}


def test_members_of_one_model_must_predict_the_same(workspace: Workspace, small: Cohort, make: Make) -> None:
    members = (make("a"), make("bb", regions=("ET", "TC", "WT")))
    cleaning = make("c", post=[{"name": "fill_holes"}])
    with pytest.raises(EvaluationRefusedError, match="m joins checkpoints that clean their masks up differently"):
        run(workspace, small, Contender("m", (members[0], cleaning)))
    with pytest.raises(EvaluationRefusedError, match="m joins checkpoints with different regions or thresholds"):
        run(workspace, small, Contender("m", members))


def test_the_document_has_the_agreed_shape_and_is_json_without_nan(
    workspace: Workspace, small: Cohort, make: Make
) -> None:
    document = run(workspace, small, Contender("m", (make("m", train=(ONE,)),)), Contender("n", (make("nn"),)))
    assert {"models", "dropped", "tests", "audit", "policy"} <= set(document)
    regions = document["models"]["n"]["cases"][ONE]
    assert set(regions) == {"WT", "TC", "ET"}
    assert {"dice", "iou", "hd95_mm"} <= set(regions["WT"])
    summary = document["models"]["n"]["summary"]["WT"]["dice"]
    assert {"mean", "median", "ci95", "n", "n_empty"} <= set(summary)
    assert summary["n"] == 5
    low, high = summary["ci95"]
    assert low <= summary["mean"] <= high
    json.dumps(document, allow_nan=False)


def test_the_same_question_gets_the_same_answer_to_the_last_byte(
    workspace: Workspace, small: Cohort, make: Make, tmp_path: Path
) -> None:
    """Computed, read back from disk, and computed in another workspace."""
    contender = Contender("m", (make("m"),))
    first = json.dumps(run(workspace, small, contender))
    assert json.dumps(run(workspace, small, contender)) == first
    elsewhere = Workspace(tmp_path / "elsewhere")
    assert json.dumps(run(elsewhere, small, contender)) == first
    assert str(tmp_path) not in first, "no path of this machine"


def test_a_score_is_that_of_the_mask_against_the_reference_on_the_native_grid(
    workspace: Workspace, small: Cohort, make: Make
) -> None:
    """Dice by hand, 2 |A & B| / (|A| + |B|), over the whole grid."""
    import nibabel as nib

    checkpoint = make("m")
    document = run(workspace, small, Contender("m", (checkpoint,)))
    predicted = Segmenter(workspace, CPU).segment_stored(small, ONE, checkpoint).mask()
    reference = small.cases[ONE].case.reference
    assert reference is not None
    labels = np.asarray(nib.load(reference.file).dataobj)
    for bit, (region, values) in enumerate({"WT": (1, 2, 3), "TC": (1, 3), "ET": (3,)}.items()):
        a, b = predicted >> bit & 1 == 1, np.isin(labels, values)
        dice = 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))
        assert document["models"]["m"]["cases"][ONE][region]["dice"] == pytest.approx(dice)


def prediction(*values: int) -> Prediction:
    probabilities = np.array(values, np.uint8).reshape(1, -1, 1, 1)
    return Prediction(probabilities, Box.whole((len(values), 1, 1)), (len(values), 1, 1), ("WT",), (128,), "id")


def test_members_are_averaged_in_bytes_halves_upwards() -> None:
    mean = average([prediction(0, 100, 255), prediction(1, 103, 255), prediction(1, 100, 255)])
    assert mean.probabilities.ravel().tolist() == [1, 101, 255]
    assert average([prediction(0), prediction(1)]).probabilities.item() == 1
    assert average([prediction(7)]).probabilities.item() == 7


def test_regions_are_picked_by_name() -> None:
    bits = np.array([0b001, 0b100, 0b101], np.uint8)
    assert pick_regions(bits, ("WT", "TC", "ET"), ("ET", "WT")).tolist() == [0b10, 0b01, 0b11]
    assert pick_regions(bits, ("WT", "TC"), ("WT", "TC")) is bits


def test_saved_scores_are_those_of_evaluate_and_are_computed_once(
    workspace: Workspace, small: Cohort, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = make("m", train=(TWO,))
    assert saved_scores(workspace, small, ONE, checkpoint) is None, "no prediction yet"
    document = run(workspace, small, Contender("m", (checkpoint,)))
    found = saved_scores(workspace, small, ONE, checkpoint)
    assert found == document["models"]["m"]["cases"][ONE]
    summary = saved_summary(workspace, small, {"m": checkpoint})
    assert summary["models"] == document["models"]
    assert summary["dropped"] == document["dropped"] == [{"model": "m", "case": TWO, "matches_part": "train"}]
    monkeypatch.setattr("core.evaluation.saved.score_case", lambda *_args, **_named: pytest.fail("computed twice"))
    assert saved_scores(workspace, small, ONE, checkpoint) == found


def test_a_reference_that_was_drawn_again_is_scored_again(
    workspace: Workspace, small: Cohort, make: Make, tmp_path: Path
) -> None:

    reference = small.cases[ONE].case.reference
    assert reference is not None
    own = tmp_path / "seg.nii"
    shutil.copy(reference.file, own)
    drawn_again = replace(small.cases[ONE].case, reference=replace(reference, files=(own,)))
    entry = CohortCase(drawn_again, small.cases[ONE].facts)
    cohort = replace(small, cases={ONE: entry})
    checkpoint = make("m")
    Segmenter(workspace, CPU).segment_stored(cohort, ONE, checkpoint)
    before = saved_scores(workspace, cohort, ONE, checkpoint)
    other = small.cases[TWO].case.reference
    assert other is not None
    own.write_bytes(other.file.read_bytes() + b"\0")
    assert saved_scores(workspace, cohort, ONE, checkpoint) != before
    own.unlink()
    assert saved_scores(workspace, cohort, ONE, checkpoint) is None, "a file that has gone is no reason to fail"


def test_a_model_with_fewer_regions_is_scored_on_those(workspace: Workspace, small: Cohort, make: Make) -> None:
    checkpoint = make("x", regions=("WT",), thresholds=(128,))
    Segmenter(workspace, CPU).segment_stored(small, ONE, checkpoint)
    scores = saved_scores(workspace, small, ONE, checkpoint)
    assert scores is not None
    assert set(scores) == {"WT"}


@pytest.mark.parametrize("post", [(), (Step(name="largest_component"),)])
def test_a_slice_of_a_saved_mask_is_that_of_the_whole_one(
    workspace: Workspace, small: Cohort, tmp_path: Path, post: tuple[Step, ...]
) -> None:
    checkpoint = narrow.checkpoint(tmp_path / "m", inference=narrow.spec(post=post))
    assert saved_slice(workspace, small, ONE, checkpoint, 0) is None, "no prediction yet"
    Segmenter(workspace, CPU).segment_stored(small, ONE, checkpoint)
    whole = saved_mask(workspace, small, ONE, checkpoint)
    assert whole is not None
    assert whole.bits.any()
    for z in range(whole.bits.shape[2]):
        found = saved_slice(workspace, small, ONE, checkpoint, z)
        assert np.array_equal(found, whole.of(small.scheme.region_names)[:, :, z])


def test_a_saved_prediction_is_found_by_case(workspace: Workspace, small: Cohort, make: Make) -> None:
    checkpoint = make("m")
    assert saved_prediction(workspace, small, ONE, checkpoint) is None
    Segmenter(workspace, CPU).segment_stored(small, ONE, checkpoint)
    found = saved_prediction(workspace, small, ONE, checkpoint)
    assert found is not None
    assert found.checkpoint_id == checkpoint.id
    assert (prediction_folder(workspace, checkpoint, small.cases[ONE].content) / "prediction.json").exists()
