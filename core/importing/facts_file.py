"""What a user tells of a cohort's cases in a table: site, scanner, vendor, field strength.

Sites stand in no image that may be read, for an institution's name points at its patients. Columns are a closed list,
so that a table with names in it is refused rather than kept.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from core.data.subgroup_axes import TOLD, tesla
from core.errors import RefusedError
from core.workspace import Cohort, Workspace

KEYS = ("case", "patient")
MAX_BYTES = 10_000_000
_VALUE = re.compile(r"[\w][\w .+/()-]{0,39}")
_FIELD = re.compile(r"(\d{1,2}(?:\.\d{1,4})?) ?T?", re.IGNORECASE)

Told = dict[str, dict[str, str]]


class FactsRefusedError(RefusedError):
    """A table of facts cannot be used; the message says why."""


def tell_facts(workspace: Workspace, cohort_name: str, path: Path) -> Cohort:
    """Read a table of facts and keep it with the cohort; its columns replace what was told before.

    Args:
        workspace: where the cohort is.
        cohort_name: which cohort.
        path: a CSV file whose first line names the columns: `case` or `patient`, then any of `TOLD`.

    Returns:
        The cohort as it is now.

    Raises:
        FactsRefusedError: the file is no such table, or a line speaks of a case that the cohort lacks.
        NotInWorkspaceError: no such cohort.
    """
    cohort = workspace.cohort(cohort_name)
    told = read_facts(path, cohort)
    cases = {
        case: replace(entry, facts={**entry.facts, "told": {**(entry.facts.get("told") or {}), **told[case]}})
        if case in told
        else entry
        for case, entry in cohort.cases.items()
    }
    changed = replace(cohort, cases=cases)
    workspace.write_cohort(changed)
    return changed


def require_table(path: Path) -> None:
    """Refuse a file that is no table of facts, before its cohort is there: its first line alone is read.

    Raises:
        FactsRefusedError: it cannot be read, or its columns are not those of a table of facts.
    """
    _columns(_head(csv.reader(_lines(path), delimiter=_delimiter(path))))


def read_facts(path: Path, cohort: Cohort) -> Told:
    """Return what a table tells of each case, by axis; an empty field tells nothing.

    Raises:
        FactsRefusedError: the file is no such table, or a line speaks of a case that the cohort lacks.
    """
    rows = csv.reader(_lines(path), delimiter=_delimiter(path))
    head = _head(rows)
    columns = _columns(head)
    key = head[0]
    members = {case: [case] for case in cohort.cases} if key == "case" else _of_patients(cohort)
    told: Told = {}
    for number, row in enumerate(rows, 2):
        if not any(field.strip() for field in row):
            continue
        if len(row) != len(head):
            raise FactsRefusedError(f"line {number} has {len(row)} fields, the first line {len(head)}; make them equal")
        if (name := row[0].strip()) not in members:
            raise FactsRefusedError(
                f"line {number} speaks of a {key} that cohort {cohort.name} lacks; correct its name"
            )
        facts = {axis: _value(axis, row[at].strip(), number) for axis, at in columns.items() if row[at].strip()}
        for case in members[name]:
            if any(told.get(case, {}).get(axis, value) != value for axis, value in facts.items()):
                raise FactsRefusedError(f"line {number} contradicts an earlier line; keep one of them")
            told.setdefault(case, {}).update(facts)
    if not any(told.values()):
        raise FactsRefusedError(f"nothing is told of any case; expected lines such as {key} name,A below the first")
    return told


def _head(rows: Iterator[list[str]]) -> list[str]:
    return [name.strip().lower() for name in next(rows, [])]


def _lines(path: Path) -> Iterator[str]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FactsRefusedError(f"a table of more than {MAX_BYTES:,} bytes; expected one short line per case")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise FactsRefusedError("the table is no UTF-8 text; save it as CSV (UTF-8)") from None
    except OSError as error:
        raise FactsRefusedError(f"the table cannot be read ({error.strerror}); check its name") from None
    return iter(text.splitlines())


def _delimiter(path: Path) -> str:
    first = next(_lines(path), "")
    return max(",;\t", key=first.count)


def _columns(head: list[str]) -> Mapping[str, int]:
    """Return the place of each axis, the key's column being the first."""
    expected = f"expected case or patient, then any of {', '.join(TOLD)}"
    if not head or head[0] not in KEYS:
        raise FactsRefusedError(f"the first column is not the key; {expected}")
    columns = head[1:]
    unknown = [name for name in columns if name not in TOLD]
    if unknown or not columns or len(set(columns)) < len(columns):
        raise FactsRefusedError(f"{len(unknown)} unknown or repeated columns; {expected}, once each, and nothing else")
    return {name: number for number, name in enumerate(columns, 1)}


def _of_patients(cohort: Cohort) -> dict[str, list[str]]:
    members: dict[str, list[str]] = {}
    for case_id, entry in cohort.cases.items():
        members.setdefault(entry.case.patient_id, []).append(case_id)
    return members


def _value(axis: str, text: str, line: int) -> str:
    if axis == "field_strength":
        if not (found := _FIELD.fullmatch(text)) or not float(found[1]):
            raise FactsRefusedError(f"line {line}: a field strength that is no number of tesla such as 1.5 or 3 T")
        return tesla(float(found[1]))
    if not _VALUE.fullmatch(text):
        raise FactsRefusedError(
            f"line {line}: a {axis} that is no short name; expected letters, digits and .+/()- , at most 40"
        )
    return text
