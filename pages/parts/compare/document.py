"""The `evaluate` document over the masks that are there; what was never computed is, by a process of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import streamlit as st

from core.checkpoints import Checkpoint
from core.evaluation.failures import RANKED, rank_failures
from core.evaluation.subgroups import case_facts
from core.evaluation.summary import summarise
from core.evaluation.trust import trust_of_models
from core.jobs.score_masks import KINDS, is_computed, scoring_job, start_scoring
from core.workspace import Cohort, Workspace
from pages.parts import state, store
from pages.parts.compare.contenders import Compared
from pages.parts.compare.pieces import Piece, pieces_of

BUDGET_S = 1.5  # a page waits no longer for what was never computed
SMALL = 10**6  # voxels: a case that is quicker scored than a process is started
SCORES, FAILURES, TRUST = KINDS
MOST_FAILURES = 20  # of each region, kind and metric

# what was computed of one mask: kind, case, model id
Kept = dict[tuple[str, str, str], Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What can be said now.

    Attributes:
        document: what `evaluate` would print over the masks that are there.
        missing: case and checkpoint's name of every prediction that has not been made yet.
        wanted: how many masks there would be.
        waiting: case and model's name of masks that have not been looked at in every way that was asked for.
    """

    document: Mapping[str, Any]
    missing: tuple[tuple[str, str], ...]
    wanted: int
    waiting: tuple[tuple[str, str], ...]


def found_of(cohort: Cohort, contenders: Sequence[Compared], also: tuple[str, ...] = ()) -> Found:
    """Return the document, computed again only when a mask was made or the cohort has changed.

    Args:
        cohort: on which patients.
        contenders: what is compared.
        also: what it says beyond scores: `FAILURES`, `TRUST`.
    """
    members = {name: model for each in contenders for name, model in each.members.items()}
    goes_by = (*store.what_scores_go_by(cohort, members), " ".join(each.name for each in contenders), also)
    found = _found(*goes_by, cohort, list(contenders))
    if found.waiting:  # there is more to come
        _found.clear(*goes_by)
    return found


def go_on(cohort: Cohort, found: Found, also: tuple[str, ...] = ()) -> None:
    """Have what waits computed, and draw the page anew when that is done."""
    if found.waiting:
        st.fragment(_go_on, run_every=1.0)(cohort, found.waiting, (SCORES, *also))


def _go_on(cohort: Cohort, waiting: tuple[tuple[str, str], ...], kinds: tuple[str, ...]) -> None:
    place = store.workspace()
    job = scoring_job(place, cohort.name)
    status = None if job is None else job.status
    if job is not None and status is not None and {tuple(each) for each in job.request["pieces"]} >= set(waiting):
        if status.state == "failed":
            st.error(status.message)
            if st.button("Score them again"):
                start_scoring(place, cohort.name, waiting, kinds)
            return
        if status.state == "done" and set(kinds) <= set(job.request["kinds"]):
            if state.heard_of(job.id):  # it was drawn anew since, and they wait all the same
                st.error("Some masks could not be scored: is the ground truth still where it was imported from?")
                return
            st.rerun(scope="app")
    if status is None or status.state not in ("queued", "running"):
        start_scoring(place, cohort.name, waiting, kinds)
        return
    share = status.done / max(1, status.total)
    st.progress(min(1.0, share), text=f"{status.title} :gray[ {status.label}]")


@st.cache_data(max_entries=64, show_spinner=False)
def _found(
    root: str,
    name: str,
    changed: int,
    made: tuple[tuple[str, str, int], ...],
    names: str,
    also: tuple[str, ...],
    _cohort: Cohort,
    _contenders: list[Compared],
) -> Found:
    del made, names  # what the cache goes by
    workspace = Workspace(Path(root))
    pieces, rows = pieces_of(workspace, _cohort, _contenders), [each.name for each in _contenders]
    results = _Results(workspace, _cohort, _kept(root, name, changed))
    scores = results.of(SCORES, pieces.made, rows)
    groups = {case_id: entry.case.group_id for case_id, entry in _cohort.cases.items()}
    document = summarise(scores, groups, _cohort.group_kind, dropped=pieces.dropped, facts=case_facts(_cohort))
    document |= {"cohort": _cohort.name, "part": "all"}
    document["checkpoints"] = {
        each.name: [member.id for member in each.members.values() if isinstance(member, Checkpoint)]
        for each in _contenders
    }
    if FAILURES in also:
        wrong = results.of(FAILURES, pieces.made, rows)
        document["failures"] = {row: rank_failures(wrong[row], scores[row], RANKED, MOST_FAILURES) for row in rows}
    if TRUST in also:
        document |= trust_of_models(results.of(TRUST, pieces.made, rows), scores)
    return Found(document, tuple(pieces.missing), pieces.wanted, tuple(results.waiting))


class _Results:
    """Reads what is kept of each mask, and notes of which nothing is."""

    def __init__(self, workspace: Workspace, cohort: Cohort, kept: Kept) -> None:
        self.waiting: dict[tuple[str, str], None] = {}
        self._workspace, self._cohort, self._kept = workspace, cohort, kept
        self._ends = monotonic() + BUDGET_S

    def of(self, kind: str, pieces: Sequence[Piece], rows: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return row to case to what one of `KINDS` says."""
        found: dict[str, dict[str, Any]] = {row: {} for row in rows}
        for each in pieces:
            key = (kind, each.case_id, store.model_id(each.model))
            if key not in self._kept:
                of = (self._workspace, self._cohort, each.case_id, each.model)
                if not self._may_compute(each.case_id) and not is_computed(*of, kind):
                    self.waiting[each.case_id, each.name] = None
                    continue
                self._kept[key] = KINDS[kind].compute(*of)
            if self._kept[key] is not None:
                found[each.row][each.case_id] = self._kept[key]
        return found

    def _may_compute(self, case_id: str) -> bool:
        return monotonic() < self._ends and self._cohort.cases[case_id].facts["voxels"] <= SMALL


@st.cache_resource(max_entries=8, show_spinner=False)
def _kept(root: str, name: str, changed: int) -> Kept:
    """Return what was read of a cohort before: a second look reads no file."""
    del root, name, changed
    return {}
