"""From a folder to cases, and from a case's files to voxels that passed the gate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from core.case import Case
from core.data.gate import examine
from core.data.layouts import read_layout
from core.data.layouts.spec import Layout
from core.data.load import LoadedCase, load_case
from core.data.refusal import Finding, InputRefusedError
from core.importing.choices import ImportChoices
from core.importing.naming import may_name_a_person, without_file_names, without_names
from core.labels import LabelScheme, scheme_named


@dataclass(frozen=True, slots=True, eq=False)
class AcceptedCase:
    """A case that passed the gate.

    Attributes:
        case: what its sources are.
        loaded: its voxels.
        findings: warnings and notes about it.
        steps: what was done to bring it onto one grid, one sentence each.
    """

    case: Case
    loaded: LoadedCase
    findings: tuple[Finding, ...]
    steps: tuple[str, ...] = ()


def read_cases(source: Path, choices: ImportChoices) -> Layout:
    """List the cases below a folder, called by their place where their names may be a person's.

    Raises:
        InputRefusedError: there is no such folder or layout, or nothing in it is recognised.
    """
    layout = read_layout(source.resolve(), choices.layout)
    named = layout.private_names or any(may_name_a_person(case.case_id) for case in layout.cases)
    if named and not choices.keep_names:
        return without_names(layout)
    return replace(layout, private_names=False) if choices.keep_names else layout


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
        loaded, steps = load_case(case, scheme), ()
        findings = tuple(examine(loaded, scheme))
    except InputRefusedError as error:
        raise InputRefusedError(*without_file_names(error.findings, case)) if private else error from None
    return AcceptedCase(case, loaded, without_file_names(findings, case) if private else findings, steps)


def scheme_of(layout: Layout, name: str | None) -> LabelScheme:
    """Decide what a cohort's labels mean: what the user said, else what its names imply.

    Without a reference mask anywhere the scheme is `binary`.

    Raises:
        InputRefusedError: neither says it, and there are labels.
        UnknownSchemeError: the name is not a scheme.
    """
    if chosen := name or layout.scheme:
        return scheme_named(chosen)
    if not any(case.reference for case in layout.cases):
        return scheme_named("binary")  # there is nothing that it would be asked about
    raise InputRefusedError(
        Finding(
            "error",
            "scheme_unknown",
            "",
            "",
            "file names that do not say what the labels mean",
            "a label scheme (4 is enhancing tumour up to BraTS 2021 and resection cavity in 2024)",
            "name it with --scheme brats-2021, brats-2023, brats-2024, msd-task01 or binary",
        )
    )
