"""What a training is refused for before anything is computed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.atomic import write_json
from core.checkpoints import read_checkpoint, resolve_checkpoint
from core.data.slice_split import SliceSplit
from core.data.splits import Fold, Split
from core.data.store import open_case
from core.jobs.trainings import clone_run, list_runs
from core.splitting import make_split
from core.training.batches.sampling import pool_slices
from core.training.process import run_training
from core.training.start import TrainingRefusedError, create_run, plan_run
from core.workspace import Cohort, CohortCase, NotInWorkspaceError, Workspace
from tests import narrow
from tests.cases import case_id
from tests.core.training.conftest import Start, Train


def refused(workspace: Workspace, split: str = "default", fold: int | None = None, **sections: Any) -> str:
    with pytest.raises(TrainingRefusedError) as found:
        plan_run(workspace, narrow.recipe(**sections), "small", split, fold)
    assert found.value.exit_code == 1
    return str(found.value)


def write_split(
    workspace: Workspace, train: tuple[str, ...], validation: tuple[str, ...], test: tuple[str, ...]
) -> None:
    split = Split("patient", 0, (Fold(train, validation, test),))
    write_json(workspace.split_path("small", "planted"), split.to_json())


def test_a_plan_holds_the_fold_that_was_asked_for(workspace: Workspace, small: Cohort) -> None:
    split, _ = make_split(workspace, "small", "three", 3, "", 0)
    plan = plan_run(workspace, narrow.recipe(), None, "three", 2)
    assert (plan.fold_number, plan.fold) == (2, split.folds[2])
    run = create_run(workspace, narrow.recipe(), plan)
    assert run.split["fold"] == 2
    assert run.split["test"] == list(split.folds[2].test)
    assert run.split["audit"]["clean"] is True


def test_of_several_folds_one_must_be_named(workspace: Workspace, small: Cohort) -> None:
    make_split(workspace, "small", "three", 3, "", 0)
    assert refused(workspace, "three") == "split three has 3 folds; name one with --fold, from 0"
    assert refused(workspace, "three", 3) == "fold 3 of a split with 3; folds count from 0"
    assert refused(workspace, "three", -1) == "fold -1 of a split with 3; folds count from 0"
    assert refused(workspace, "default", 1) == "fold 1 of a split with 1; folds count from 0"


def test_a_clean_up_for_a_region_that_the_cohort_has_not_is_refused(workspace: Workspace, small: Cohort) -> None:
    said = refused(workspace, post={"steps": [{"name": "fill_holes", "regions": ["RC"]}]})
    assert said == "recipe narrow, post.steps: step fill_holes is for region RC; the model predicts WT, TC, ET"


def test_a_split_with_one_patient_in_two_parts_is_refused(workspace: Workspace, small: Cohort) -> None:
    entry = small.cases[case_id(2)]
    twin = CohortCase(replace(entry.case, group_id="BraTS-TST-00001"), entry.facts)
    workspace.write_cohort(replace(small, cases=small.cases | {case_id(2): twin}))
    write_split(workspace, (case_id(1),), (case_id(2),), (case_id(3),))
    assert "split planted leaks: fold 0: " in refused(workspace, "planted")
    assert "are the same patient" in refused(workspace, "planted")


def test_a_split_with_the_same_voxels_under_two_names_is_refused(workspace: Workspace, small: Cohort) -> None:
    entry = small.cases[case_id(2)]
    hashes = {"t1n": "new", "t1c": small.cases[case_id(1)].content["t1c"]}
    twin = CohortCase(entry.case, {**entry.facts, "content_hashes": hashes})
    workspace.write_cohort(replace(small, cases=small.cases | {case_id(2): twin}))
    write_split(workspace, (case_id(1),), (case_id(3),), (case_id(2),))
    assert "are identical voxels" in refused(workspace, "planted")


def test_a_modality_that_the_cohort_lacks_is_refused_by_name(workspace: Workspace, small: Cohort) -> None:
    assert refused(workspace, data={"modalities": ["t2f", "dwi", "adc"]}) == (
        "recipe narrow reads dwi, adc, which cohort small lacks (it has t1n, t1c, t2w, t2f); set data.modalities"
    )


def test_cases_that_have_left_the_cohort_are_named(workspace: Workspace, small: Cohort) -> None:
    write_split(workspace, ("gone",), (case_id(1),), ())
    assert refused(workspace, "planted") == "the split names cases that the cohort lacks (gone); make the split again"


def test_a_case_without_reference_cannot_be_learnt_from(workspace: Workspace, small: Cohort) -> None:
    entry = small.cases[case_id(1)]
    blind = CohortCase(replace(entry.case, reference=None), entry.facts)
    workspace.write_cohort(replace(small, cases=small.cases | {case_id(1): blind}))
    write_split(workspace, (case_id(1), case_id(2)), (), (case_id(3),))
    assert refused(workspace, "planted").startswith(f"{case_id(1)} has no reference mask")


def test_unknown_names_are_refused_with_the_known_ones(workspace: Workspace, small: Cohort) -> None:
    with pytest.raises(NotInWorkspaceError, match="known: small"):
        plan_run(workspace, narrow.recipe(), "big", "default", None)
    with pytest.raises(NotInWorkspaceError, match="known: default"):
        plan_run(workspace, narrow.recipe(), "small", "other", None)


def test_a_case_that_has_left_the_store_is_named_and_the_status_says_it(
    workspace: Workspace, small: Cohort, start: Start
) -> None:
    run = start()
    first = run.split["train"][0]
    (workspace.store_folder("small", first) / "prepared.json").unlink()
    with pytest.raises(TrainingRefusedError, match=f"{first} is not in the slice store any more; import small again"):
        run_training(workspace, run, "cpu", lambda _event: None)
    assert run.status.state == "failed"
    assert run.status.message == f"{first} is not in the slice store any more; import small again"


def test_without_any_tumour_there_is_nothing_to_learn(workspace: Workspace, small: Cohort, start: Start) -> None:
    import numpy as np

    run = start()
    for case in run.split["train"]:
        labels = workspace.store_folder("small", case) / "labels.npy"
        np.save(labels, np.zeros_like(np.load(labels)))
    with pytest.raises(TrainingRefusedError, match="no training slice has any tumour"):
        run_training(workspace, run, "cpu", lambda _event: None)


def test_a_run_that_another_process_trains_is_left_alone(workspace: Workspace, start: Start) -> None:
    run = start()
    with run.claimed(), pytest.raises(TrainingRefusedError, match="is being trained by another process"):
        run_training(workspace, run, "cpu", lambda _event: None)
    assert run.status.state == "stopped"


def test_other_planes_are_cut_when_a_training_first_needs_them(workspace: Workspace, start: Start) -> None:
    run = start(data={"plane": "coronal"}, train={"max_steps": 1})
    run_training(workspace, run, "cpu", lambda _event: None)
    for case in (*run.split["train"], *run.split["validation"]):
        assert (workspace.store_folder("small", case) / "coronal.npy").exists()
    assert run.status.state == "done"


def test_a_split_that_leaks_is_trained_on_when_told_and_the_card_says_so(workspace: Workspace, small: Cohort) -> None:
    entry = small.cases[case_id(2)]
    twin = CohortCase(replace(entry.case, group_id="BraTS-TST-00001"), entry.facts)
    workspace.write_cohort(replace(small, cases=small.cases | {case_id(2): twin}))
    write_split(workspace, (case_id(1), case_id(4)), (), (case_id(2),))
    assert "--allow-leaks" in refused(workspace, "planted")
    recipe = narrow.recipe(train={"max_steps": 1})
    plan = plan_run(workspace, recipe, "small", "planted", None, allow_leaks=True)
    run = create_run(workspace, recipe, plan)
    run_training(workspace, run, "cpu", lambda _event: None)
    card = resolve_checkpoint(workspace, run.name).card
    assert (plan.leaks, card.leaks, card.slice_split) == (True, True, None)
    assert card.audit is not None
    assert set(card.audit) == {"sha256", "checks", "leaks"}
    assert card.audit["sha256"] == plan.audit.to_json()["sha256"]
    assert "are the same patient" in card.audit["leaks"][0]
    assert [row["leaks"] for row in list_runs(workspace)] == [True]
    again = clone_run(workspace, run.name)
    assert again.split["leaks"] is True, "a clone trains on the same cases"


def test_the_card_states_the_licence_of_the_cohort_that_was_learnt_from(
    workspace: Workspace, small: Cohort, start: Start, train: Train
) -> None:
    workspace.write_cohort(replace(small, licence="CC BY 4.0, Somebody"))
    run = start()
    train(run)
    last = run.pointed("last")
    assert last is not None
    assert read_checkpoint(last).card.data_licence == "CC BY 4.0, Somebody"


def test_an_honest_run_says_so_too(workspace: Workspace, small: Cohort, start: Start) -> None:
    run = start(train={"max_steps": 1})
    run_training(workspace, run, "cpu", lambda _event: None)
    card = resolve_checkpoint(workspace, run.name).card
    split = workspace.split("small", "default")
    assert (card.leaks, card.slice_split) == (False, None)
    assert card.audit is not None
    assert card.audit["leaks"] == []
    assert card.audit["sha256"] == workspace.audit(small, split).to_json()["sha256"]


def test_a_slice_split_trains_on_a_share_of_everyones_slices_and_keeps_the_others(
    workspace: Workspace, small: Cohort
) -> None:
    recipe = narrow.recipe(train={"max_steps": 1})
    plan = plan_run(workspace, recipe, "small", "default", None, slice_split=True)
    honest = workspace.split("small", "default").folds[0]
    both = tuple(sorted({*honest.train, *honest.test}))
    assert (plan.fold.train, plan.fold.validation, plan.fold.test) == (both, honest.validation, both)
    assert plan.leaks
    run = create_run(workspace, recipe, plan)
    run_training(workspace, run, "cpu", lambda _event: None)
    card = resolve_checkpoint(workspace, run.name).card
    assert card.leaks
    assert card.slice_split is not None
    assert set(card.slice_split["held_out"]) == set(card.training_content) == set(both)
    for case in both:
        stored = open_case(workspace.store_folder("small", case), "axial")
        held_out = card.slice_split["held_out"][case]
        assert len(held_out) == len(stored.slice_index) - round(0.8 * len(stored.slice_index))
        assert set(held_out) < set(stored.slice_index)


def test_no_slice_that_a_slice_split_holds_out_is_ever_drawn(workspace: Workspace, small: Cohort) -> None:
    cases = [open_case(workspace.store_folder("small", case), "axial") for case in (case_id(1), case_id(2))]
    chosen = [SliceSplit(7).trains(case.content, len(case.slice_index)) for case in cases]
    pools = pool_slices(cases, 3, chosen=chosen)
    drawn = {(int(case), int(place)) for case, place in pools.all}
    assert drawn == {(c, s) for c in (0, 1) for s in range(len(chosen[c])) if chosen[c][s]}
    for pool in (pools.tumour, pools.free, *pools.kinds):
        assert {(int(case), int(place)) for case, place in pool} <= drawn
    assert [mask.tolist() for mask in chosen] == [
        SliceSplit(7).trains(case.content, len(case.slice_index)).tolist() for case in cases
    ]
    assert chosen[0].tolist() != SliceSplit(8).trains(cases[0].content, len(chosen[0])).tolist()
