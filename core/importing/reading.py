"""From a folder to cases, and from a case's files to voxels that passed the gate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.case import BRATS_MODALITIES, Case
from core.data.gate import examine, suspect_channels
from core.data.layouts import pictures, read_layout
from core.data.layouts.spec import Layout
from core.data.load import CaseFiles, LoadedCase, assemble, read_files
from core.data.refusal import Finding, InputRefusedError
from core.harmonise import Harmonised, Harmonising
from core.harmonise.picture import before_and_after
from core.importing.choices import ImportChoices
from core.importing.modalities import called
from core.importing.naming import may_name_a_person, without_file_names, without_names, without_refused_names
from core.importing.one_grid import on_one_grid, single_channels
from core.labels import LabelScheme, scheme_named


@dataclass(frozen=True, slots=True, eq=False)
class AcceptedCase:
    """A case that passed the gate.

    Attributes:
        case: what its sources are.
        loaded: its voxels.
        findings: warnings and notes about it.
        harmonised: what was done to bring it onto one grid, as plain JSON types; None where nothing was asked.
        picture: PNG of the series before and after that.
    """

    case: Case
    loaded: LoadedCase
    findings: tuple[Finding, ...]
    harmonised: dict[str, Any] | None = None
    picture: bytes | None = None


def read_cases(source: Path, choices: ImportChoices, *, partial: bool = False) -> Layout:
    """List the cases below a folder, called by their place where their names may be a person's.

    Args:
        source: the folder.
        choices: how it is read.
        partial: list cases that lack a sequence too, last, instead of refusing them.

    Raises:
        InputRefusedError: there is no such folder or layout, or nothing in it is recognised.
    """
    layout = read_layout(source.resolve(), choices.layout, choices.called)
    layout = _with_partial(layout) if partial else layout
    layout = replace(layout, cases=tuple(_in_order(called(case, choices.names)) for case in layout.cases))
    named = layout.private_names or any(may_name_a_person(case.case_id) for case in layout.cases)
    if named and not choices.keep_names:
        return without_names(layout)
    return replace(layout, private_names=False) if choices.keep_names else without_refused_names(layout)


def read_study(source: Path, choices: ImportChoices) -> Layout:
    """List the cases of what is to be segmented and looked at once: a proposal that leaves no doubt is taken.

    A cohort outlives a mistake, so `read_cases` has every proposal confirmed. Here a single case whose sequences are
    all sure is taken as proposed, and a warning says what was taken for what; so are pictures
    without masks. A case that lacks a sequence is for the checkpoint to refuse, or to do without.

    Raises:
        InputRefusedError: as `read_cases`.
    """
    try:
        return read_cases(source, choices, partial=True)
    except InputRefusedError as error:
        codes = {finding.code for finding in error.findings}
        if choices.layout is None and pictures.CODE in codes:
            return read_cases(source, replace(choices, layout=pictures.NAME))
        if choices.layout is not None or codes != {"proposed_layout"}:
            raise
        layout = read_cases(source, replace(choices, layout="proposed"), partial=True)
        if len(layout.cases) != 1:
            raise
        return layout


def _with_partial(layout: Layout) -> Layout:
    names = {case.case_id for case in layout.partial}
    kept = (each for each in layout.findings if each.code != "missing_modality" or each.case not in names)
    return replace(layout, cases=(*layout.cases, *layout.partial), findings=tuple(kept), partial=())


def _in_order(case: Case) -> Case:
    """Return a case whose BraTS sequences come first, in their own order, whatever the layout met first."""
    known = [name for name in BRATS_MODALITIES if name in case.sources]
    names = [*known, *(name for name in case.sources if name not in known)]
    return replace(case, sources={name: case.sources[name] for name in names})


def read_case(case: Case, scheme: LabelScheme | None, choices: ImportChoices, private: bool) -> AcceptedCase:
    """Read a case, bring it onto one grid where that was asked for, and look for trouble.

    Args:
        case: which.
        scheme: what its reference's integers mean; None leaves the reference unread.
        choices: of the import.
        private: call files by their sequence.

    Raises:
        InputRefusedError: the case cannot be used.
    """
    try:
        files = read_files(case, reference=scheme is not None)
        harmonised, picture = None, None
        findings: list[Finding] = []
        if choices.harmonise:
            files, done, picture = _on_one_grid(files, choices.harmonise)
            harmonised, findings = done.to_json(), [finding.about(case.case_id, "") for finding in done.findings]
        loaded = assemble(files, scheme)
        findings += examine(loaded, scheme)
        # a cohort outlives a mistake; what is segmented at once reports none of this, and should not wait for it
        findings += [] if choices.public or scheme is None else suspect_channels(loaded)
    except InputRefusedError as error:
        about = tuple(finding.about(case.case_id, "") for finding in error.findings)
        raise InputRefusedError(*(without_file_names(about, case) if private else about)) from None
    told = without_file_names(findings, case) if private else tuple(findings)
    return AcceptedCase(case, loaded, told, harmonised, picture)


def _on_one_grid(files: CaseFiles, asked: Harmonising) -> tuple[CaseFiles, Harmonised, bytes]:
    """Harmonise what was read, and draw it before and after."""
    single = single_channels(files)
    moved, done = on_one_grid(files, single, asked)
    return moved, done, before_and_after(single, done)


def scheme_of(layout: Layout, chosen: LabelScheme | None) -> LabelScheme:
    """Decide what a cohort's labels mean: what the user said, else what its names imply.

    Without a reference mask anywhere the scheme is `binary`.

    Raises:
        InputRefusedError: neither says it, and there are labels.
    """
    if chosen:
        return chosen
    if layout.scheme:
        return scheme_named(layout.scheme)
    if not any(case.reference for case in layout.cases):
        return scheme_named("binary")  # there is nothing that it would be asked about
    unknown = Finding(
        "error",
        "scheme_unknown",
        "",
        "",
        "file names that do not say what the labels mean",
        "a label scheme (4 is enhancing tumour up to BraTS 2021 and resection cavity in 2024)",
        "name it with --scheme brats-2021, brats-2023, brats-2024, msd-task01, binary, or a file that says it",
    )
    raise InputRefusedError(unknown, *(finding for finding in layout.findings if finding.code == "labels_found"))
