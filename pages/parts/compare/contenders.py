"""What is compared: a model, or the folds of one training joined, each patient scored by the fold that never saw it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from core.checkpoints import Checkpoint
from core.evaluation.evaluate import group_content, seen_in
from core.workspace import Cohort
from pages.parts import store
from pages.parts.words import plural


@dataclass(frozen=True, slots=True)
class Compared:
    """One row of every table.

    Attributes:
        name: of the checkpoint, or those of the folds with a plus between.
        title: what the page calls it.
        members: name to checkpoint; several are folds of one training.
    """

    name: str
    title: str
    members: Mapping[str, Checkpoint]


def compared(models: Mapping[str, Checkpoint]) -> list[Compared]:
    """Join the folds of one recipe on one split, in the order in which the first of each was chosen.

    A fold that was trained twice starts a model of its own.
    """
    sets: dict[str, list[dict[str, Checkpoint]]] = {}
    for name, checkpoint in models.items():
        fold, same = checkpoint.card.fold, sets.setdefault(_kind(checkpoint), [])
        open_set = next((each for each in same if fold not in {member.card.fold for member in each.values()}), None)
        if open_set is None:
            same.append({name: checkpoint})
        else:
            open_set[name] = checkpoint
    return [_compared(members) for same in sets.values() for members in same]


def fair(models: Mapping[str, Checkpoint]) -> dict[str, Checkpoint]:
    """Return the models without those whose split leaks: they are scored in the convention table only."""
    return {name: checkpoint for name, checkpoint in models.items() if not checkpoint.card.leaks}


def worth_making(cohort: Cohort, case_id: str, models: Mapping[str, Checkpoint]) -> dict[str, Checkpoint]:
    """Return the models without the folds that saw a case's patient, where another fold of the training did not."""
    group = cohort.cases[case_id].case.group_id
    content = group_content(cohort, cohort.groups[group])
    found: dict[str, Checkpoint] = {}
    for each in compared(models):
        unseen = {name: one for name, one in each.members.items() if seen_in(one, content) is None}
        found |= unseen or each.members
    return {name: found[name] for name in models if name in found}


def say_what_is_compared(everything: Mapping[str, Checkpoint], contenders: list[Compared]) -> None:
    """Say which rows are folds joined, and which models are left out because they leak."""
    for each in contenders:
        if len(each.members) > 1:
            st.caption(
                f"{each.title}: each patient is scored by the fold that never saw it ({', '.join(each.members)})."
            )
    if leaking := [store.model_title(name, each) for name, each in everything.items() if each.card.leaks]:
        st.caption(f"{', '.join(leaking)}: leaks, so in the table of conventions under Look only.")


def _kind(checkpoint: Checkpoint) -> str:
    """Return what folds of one training share; a card names its fold, but not the split that it is of."""
    card, spec = checkpoint.card, checkpoint.spec
    return json.dumps([card.title, card.cohort, card.recipe, spec.regions, spec.class_bits, spec.thresholds])


def _compared(members: dict[str, Checkpoint]) -> Compared:
    first = next(iter(members))
    if len(members) == 1:
        return Compared(first, store.model_title(first, members[first]), members)
    title = f"{members[first].card.title}, {plural(len(members), 'fold')}"
    return Compared("+".join(members), title, members)
