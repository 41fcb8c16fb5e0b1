"""Import a folder of cases into the workspace: gate, slice store, cohort."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from core.case import Case
from core.data.addresses import licence_of_download
from core.data.layouts.spec import Layout
from core.data.leakage.fingerprints import fingerprint
from core.data.refusal import Finding, InputRefusedError
from core.data.store import slice_case, write_case
from core.importing.choices import ImportChoices
from core.importing.facts import case_facts
from core.importing.keeping import keep_case, write_private
from core.importing.modalities import of_one_kind
from core.importing.reading import read_case, read_cases, scheme_of
from core.importing.report import ImportReport, report_of
from core.labels import LabelScheme
from core.workspace import Cohort, CohortCase, Workspace, safe_name

WORKERS = 2

OnCase = Callable[[str, int, int], None]


def check_folder(source: Path, choices: ImportChoices, on_case: OnCase) -> tuple[Layout, list[Finding], int]:
    """Run the input gate alone.

    Returns:
        The layout, every finding, and how many cases are accepted.

    Raises:
        InputRefusedError: the folder is not understood.
    """
    layout = of_one_kind(read_cases(source, choices), choices.modalities)
    scheme = scheme_of(layout, choices.scheme)
    findings, accepted = list(layout.findings), 0
    for number, case in enumerate(layout.cases):
        on_case(case.case_id, number, len(layout.cases))
        try:
            findings += read_case(case, scheme, choices, layout.private_names).findings
            accepted += 1
        except InputRefusedError as error:
            findings += error.findings
    return layout, findings, accepted


def import_folder(
    workspace: Workspace,
    source: Path,
    name: str | None = None,
    choices: ImportChoices | None = None,
    on_case: OnCase = lambda _case, _done, _total: None,
) -> ImportReport:
    """Import every acceptable case below `source`; refused ones are listed with their reasons.

    Files are kept where they are, by reference with size and hash, unless a copy was asked for or their names
    may be a person's; slices are cut into the store. The cohort appears in the workspace only when every case has
    been looked at, and an import that fails leaves nothing behind.

    Args:
        workspace: where it goes.
        source: a folder on this machine.
        name: of the cohort; None calls it as the folder is called, or by a number where that may be a person's name.
        choices: how it is read.
        on_case: told which case is done, how many are, and of how many.

    Raises:
        InputRefusedError: the folder is not understood, or no case is acceptable.
        NotInWorkspaceError: `name` cannot be a folder's name.
    """
    choices = choices or ImportChoices()
    if name is not None:
        safe_name(name)
    layout = of_one_kind(read_cases(source, choices), choices.modalities)
    name = name or _cohort_name(workspace, source, layout.private_names)
    scheme = scheme_of(layout, choices.scheme)
    task = _Task(workspace, name, scheme, choices, layout.private_names)
    is_new = name not in workspace.cohort_names()
    try:
        cohort = _collect(task, layout, on_case)
    except BaseException:
        if is_new:
            remove_half_imported(workspace, name)
        raise
    licence = choices.licence or licence_of_download(workspace.downloads, source)
    cohort = replace(cohort, licence=licence)
    workspace.write_cohort(cohort)
    return report_of(cohort)


def remove_half_imported(workspace: Workspace, cohort: str) -> None:
    """Take away what an import that did not end had made."""
    for folder in (workspace.cohort_folder(cohort), workspace.kept_folder(cohort), workspace.stored_cohort(cohort)):
        shutil.rmtree(folder, ignore_errors=True)


def _cohort_name(workspace: Workspace, source: Path, private: bool) -> str:
    if not private:
        return safe_name(source.resolve().name)
    taken = set(workspace.cohort_names())
    return next(name for number in itertools.count(1) if (name := f"cohort-{number:03d}") not in taken)


@dataclass(frozen=True, slots=True)
class _Task:
    workspace: Workspace
    cohort: str
    scheme: LabelScheme
    choices: ImportChoices
    private: bool


@dataclass(frozen=True, slots=True)
class _Outcome:
    entry: CohortCase | None
    findings: tuple[Finding, ...]


def _collect(task: _Task, layout: Layout, on_case: OnCase) -> Cohort:
    entries: dict[str, CohortCase] = {}
    findings = list(layout.findings)
    outcomes = _in_processes(partial(_store_case, task), layout.cases)
    for number, (case, outcome) in enumerate(zip(layout.cases, outcomes, strict=True)):
        on_case(case.case_id, number + 1, len(layout.cases))
        findings += outcome.findings
        if outcome.entry:
            entries[case.case_id] = outcome.entry
    errors = [finding for finding in findings if finding.severity == "error"]
    if not entries:
        raise InputRefusedError(*errors)
    return Cohort(
        name=task.cohort,
        layout=layout.name,
        scheme=task.scheme,
        cases=entries,
        refused=tuple(finding.to_json() for finding in errors),
        findings=tuple(finding.to_json() for finding in findings if finding.severity != "error"),
        public=task.choices.public,
        why=layout.why,
    )


def _in_processes(store: Callable[[Case], _Outcome], cases: Sequence[Case]) -> Iterator[_Outcome]:
    """Store cases side by side, in order; a single case is not worth a process."""
    if len(cases) == 1:
        yield store(cases[0])
        return
    # spawn: a fork of a process that holds threads may hang
    with ProcessPoolExecutor(min(WORKERS, len(cases)) or 1, mp_context=get_context("spawn")) as pool:
        yield from pool.map(store, cases)


def _store_case(task: _Task, case: Case) -> _Outcome:
    try:
        accepted = read_case(case, task.scheme, task.choices, task.private)
    except InputRefusedError as error:
        return _Outcome(None, error.findings)
    loaded, workspace = accepted.loaded, task.workspace
    kept = case
    if task.choices.copy or task.private or accepted.harmonised:
        folder = workspace.kept_folder(task.cohort, case.case_id)
        kept = keep_case(folder, loaded, accepted.picture)
        if uids := {name: image.uids for name, image in loaded.files.images.items() if image.uids}:
            write_private(workspace.private_file(task.cohort, case.case_id), uids)
    sliced = slice_case(case.case_id, loaded.volume, loaded.reference, "axial")
    stored = workspace.store_folder(task.cohort, case.case_id)
    write_case(stored, sliced)
    fingerprint(stored)  # here, in a process of its own, so that no audit has to look at slices again
    facts = case_facts(kept, loaded, sliced, task.scheme) | {"harmonised": accepted.harmonised}
    return _Outcome(CohortCase(kept, facts), accepted.findings)
