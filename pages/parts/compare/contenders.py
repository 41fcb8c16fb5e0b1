"""What is compared: a model, or the folds of one training joined, each patient scored by the fold that never saw it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from core.checkpoints import Checkpoint
from core.evaluation.contenders import group_content, seen_content, seen_part
from core.evaluation.kept_masks import KeptMasks
from core.evaluation.saved_files import SavedModel
from core.workspace import Cohort
from pages.parts import store
from pages.parts.words import plural


@dataclass(frozen=True, slots=True)
class Compared:
    """One row of every table.

    Attributes:
        name: of the checkpoint; of folds their title, which is told from another's by the first fold's name.
        title: what the page calls it.
        members: name to checkpoint; several are folds of one training.
    """

    name: str
    title: str
    members: Mapping[str, SavedModel]


def compared(models: Mapping[str, SavedModel]) -> list[Compared]:
    """Join the folds of one recipe on one split, in the order in which the first of each was chosen.

    A fold that was trained twice starts a model of its own.
    """
    sets: dict[str, list[dict[str, SavedModel]]] = {}
    for name, model in models.items():
        if isinstance(model, KeptMasks):
            sets[f"elsewhere {name}"] = [{name: model}]
            continue
        fold, same = model.card.fold, sets.setdefault(_kind(model), [])
        open_set = next((each for each in same if fold not in map(_fold, each.values())), None)
        if open_set is None:
            same.append({name: model})
        else:
            open_set[name] = model
    found = [_compared(members) for same in sets.values() for members in same]
    titles = [each.title for each in found]
    return [each if titles.count(each.title) == 1 else _told_apart(each) for each in found]


def fair(models: Mapping[str, SavedModel]) -> dict[str, SavedModel]:
    """Return the models without those whose split leaks: they are scored in the convention table only."""
    return {name: model for name, model in models.items() if not leaks(model)}


def leaks(model: SavedModel) -> bool:
    """Tell whether a model was trained on a split that leaks; of masks made elsewhere nobody here knows."""
    return isinstance(model, Checkpoint) and model.card.leaks


def what_it_saw(model: SavedModel) -> dict[str, frozenset[str]]:
    """Return the content hashes that a model was trained and tuned on, by part; of masks made elsewhere none."""
    return seen_content(model) if isinstance(model, Checkpoint) else {}


def worth_making(cohort: Cohort, case_id: str, models: Mapping[str, SavedModel]) -> dict[str, SavedModel]:
    """Return the models without the folds that saw a case's patient, where another fold of the training did not."""
    group = cohort.cases[case_id].case.group_id
    content = group_content(cohort, cohort.groups[group])
    found: dict[str, SavedModel] = {}
    for each in compared(models):
        unseen = {name: one for name, one in each.members.items() if seen_part(what_it_saw(one), content) is None}
        found |= unseen or each.members
    return {name: found[name] for name in models if name in found}


def say_what_is_compared(everything: Mapping[str, SavedModel], contenders: list[Compared]) -> None:
    """Say which rows are folds joined, and which models are left out because they leak."""
    for each in contenders:
        if len(each.members) > 1:
            st.caption(
                f"{each.title}: each patient is scored by the fold that never saw it ({', '.join(each.members)})."
            )
    if elsewhere := [
        each.title for each in contenders if any(isinstance(one, KeptMasks) for one in each.members.values())
    ]:
        st.caption(
            f"{', '.join(elsewhere)}: on which patients it was trained nobody here knows, so none is dropped for it."
        )
    if leaking := [store.model_title(name, each) for name, each in everything.items() if leaks(each)]:
        st.caption(f"{', '.join(leaking)}: leaks, so in the table of conventions under Look only.")


def _kind(checkpoint: Checkpoint) -> str:
    """Return what folds of one training share; a card names its fold, but not the split that it is of."""
    card, spec = checkpoint.card, checkpoint.spec
    post = [step.model_dump(mode="json") for step in spec.post]
    return json.dumps([card.title, card.cohort, card.recipe, spec.regions, spec.class_bits, spec.thresholds, post])


def _compared(members: dict[str, SavedModel]) -> Compared:
    first = next(iter(members))
    if len(members) == 1:
        return Compared(first, store.model_title(first, members[first]), members)
    model = members[first]
    assert isinstance(model, Checkpoint)
    title = f"{model.card.title}, {plural(len(members), 'fold')}"
    return Compared(title, title, members)


def _told_apart(each: Compared) -> Compared:
    if len(each.members) == 1:
        return each
    title = f"{each.title} ({next(iter(each.members))} and so on)"
    return Compared(title, title, each.members)


def _fold(model: SavedModel) -> int | None:
    return model.card.fold if isinstance(model, Checkpoint) else None
