"""The `evaluate` document of what is compared, over what has been segmented before, and what has not been."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import streamlit as st

from core.evaluation.evaluate import group_content, seen_content, seen_part
from core.evaluation.saved import saved_scores
from core.evaluation.scoring import CaseScores
from core.evaluation.summary import summarise
from core.inference.segment import prediction_folder
from core.workspace import Cohort, Workspace
from pages.parts import store
from pages.parts.compare.contenders import Compared
from pages.parts.words import plural

BUDGET_S = 1.5  # a page waits no longer for scores that were never computed


@dataclass(frozen=True, slots=True)
class Found:
    """What can be said now.

    Attributes:
        document: what `evaluate` would print over the cases that are segmented.
        missing: case and checkpoint's name of every prediction that has not been made yet.
        wanted: how many predictions there would be.
        waiting: how many predictions are there but not scored yet.
    """

    document: Mapping[str, Any]
    missing: tuple[tuple[str, str], ...]
    wanted: int
    waiting: int


def found_of(cohort: Cohort, contenders: Sequence[Compared]) -> Found:
    """Return the document, computed again only when a prediction was made or the cohort has changed."""
    members = {name: checkpoint for each in contenders for name, checkpoint in each.members.items()}
    goes_by = (*store.what_scores_go_by(cohort, members), " ".join(each.name for each in contenders))
    found = _found(*goes_by, cohort, list(contenders))
    if found.waiting:  # there is more to come
        _found.clear(*goes_by)
    return found


def score_on(cohort: Cohort, contenders: Sequence[Compared], waiting: int) -> None:
    """Score what waits, a little at a time, and draw the page anew when all is scored."""
    if waiting:
        st.fragment(_score_on, run_every=1.0)(cohort, list(contenders), waiting)


def _score_on(cohort: Cohort, contenders: list[Compared], at_first: int) -> None:
    waiting = found_of(cohort, contenders).waiting
    if not waiting:
        st.rerun(scope="app")
    st.progress(1 - waiting / max(waiting, at_first), text=f"{plural(waiting, 'mask')} still to be scored")


@st.cache_data(max_entries=32, show_spinner="Scoring what has been segmented")
def _found(
    root: str,
    name: str,
    changed: int,
    made: tuple[tuple[str, str, int], ...],
    names: str,
    _cohort: Cohort,
    _contenders: list[Compared],
) -> Found:
    del name, changed, made, names  # what the cache goes by
    workspace = Workspace(Path(root))
    scores: dict[str, dict[str, CaseScores]] = {each.name: {} for each in _contenders}
    dropped, missing, wanted, waiting, ends = [], [], 0, 0, monotonic() + BUDGET_S
    kept = _scores_kept(root, _cohort.name, store.changed(_cohort))
    content = {group: group_content(_cohort, cases) for group, cases in _cohort.groups.items()}
    seen = {name: seen_content(each) for one in _contenders for name, each in one.members.items()}
    for case_id, entry in _cohort.cases.items():
        if entry.case.reference is None or not entry.case.reference.file.exists():
            continue
        for each in _contenders:
            parts = {name: seen_part(seen[name], content[entry.case.group_id]) for name in each.members}
            unseen = next((name for name, part in parts.items() if part is None), None)
            if unseen is None:
                dropped.append({"model": each.name, "case": case_id, "matches_part": next(iter(parts.values()))})
                continue
            wanted += 1
            checkpoint = each.members[unseen]
            if not (prediction_folder(workspace, checkpoint, entry.content) / "prediction.json").exists():
                missing.append((case_id, unseen))
            elif (case_id, checkpoint.id) not in kept and monotonic() > ends:
                waiting += 1
            elif found := kept.get((case_id, checkpoint.id)) or saved_scores(workspace, _cohort, case_id, checkpoint):
                scores[each.name][case_id] = kept[case_id, checkpoint.id] = found
    groups = {case_id: entry.case.group_id for case_id, entry in _cohort.cases.items()}
    document = summarise(scores, groups, _cohort.group_kind, dropped=dropped)
    document |= {"cohort": _cohort.name, "part": "all"}
    document["checkpoints"] = {each.name: [member.id for member in each.members.values()] for each in _contenders}
    return Found(document, tuple(missing), wanted, waiting)


@st.cache_resource(max_entries=8, show_spinner=False)
def _scores_kept(root: str, name: str, changed: int) -> dict[tuple[str, str], CaseScores]:
    """Return a cohort's scores read or computed before, by case and checkpoint id: a second look reads no file."""
    del root, name, changed
    return {}
