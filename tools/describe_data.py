"""Print docs/data.md: what the input gate says about every data set below a folder.

`python -m tools.describe_data FOLDER > docs/data.md`. A data set is a folder of FOLDER, or of one of its folders that
hold nothing but folders. Each is checked as it is, and once more the way the gate's own sentence proposes.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.cli.output import progress
from core.data.refusal import Finding
from core.errors import RefusedError
from core.harmonise import Harmonising
from core.importing import ImportChoices, check_folder
from core.labels import scheme_named

SENTENCES = 3  # per data set: the first of each kind, errors first
ORDER = {"error": 0, "warning": 1, "note": 2}

HEADER = """\
# What the input gate says about real data

Made by `python -m tools.describe_data FOLDER`: every data set of the development data, checked as
`python -m core check` does it, without a hint unless one is shown. Each is imported or refused with a reason.

| data set | choices | layout | cases | what the gate says |
|---|---|---|---:|---|
"""


@dataclass(frozen=True, slots=True)
class Checked:
    """What one check of one data set gave."""

    name: str
    choices: str
    layout: str
    accepted: int
    findings: tuple[Finding, ...]

    @property
    def row(self) -> str:
        said = "<br>".join(_sentences(self.findings)) or "nothing to say"
        return f"| `{self.name}` | {self.choices} | {self.layout} | {self.accepted} | {said} |"


def data_sets(root: Path) -> Iterator[Path]:
    """Yield the folders to check: those of `root`, or theirs where they hold nothing but folders of sets."""
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        inside = sorted(path for path in folder.iterdir() if path.is_dir())
        files = [path for path in folder.iterdir() if path.is_file() and path.suffix not in {".md", ".txt"}]
        several = folder.name in {"coco", "brain_2d", "ct_2d", "dicom", "nifti_oddities", "clinical_study", "lgg"}
        if several and inside and not files:
            yield from inside
        else:
            yield folder


def check(folder: Path, name: str, label: str, choices: ImportChoices) -> Checked:
    """Check one data set."""
    try:
        layout, findings, accepted = check_folder(folder, choices, lambda *_: None)
    except RefusedError as error:
        found = getattr(error, "findings", None) or (Finding("error", "refused", "", "", str(error), "", ""),)
        return Checked(name, label, "–", 0, tuple(found))
    return Checked(name, label, layout.name, accepted, tuple(findings))


def _again(name: str, first: Checked) -> tuple[str, ImportChoices] | None:
    """Return the choice that a refusal asks for, where it asks for one that can be made here."""
    codes = {finding.code for finding in first.findings}
    if first.accepted:
        return None
    if "scheme_unknown" in codes:
        scheme = "brats-2023" if "brats" in name else "binary"
        return f"`--scheme {scheme}`", ImportChoices(scheme=scheme_named(scheme))
    if "proposed_layout" in codes:
        return "`--layout proposed`", ImportChoices(layout="proposed", scheme=scheme_named("binary"))
    if "grid_mismatch" in codes:
        steps = "register,resample=1,strip"
        return f"`--harmonise {steps}`", ImportChoices(harmonise=Harmonising.parse(steps))
    return None


def _sentences(findings: tuple[Finding, ...]) -> list[str]:
    kinds = Counter((finding.severity, finding.code) for finding in findings)
    first = {(finding.severity, finding.code): finding for finding in reversed(findings)}
    ordered = sorted(kinds, key=lambda kind: ORDER[kind[0]])
    said = [f"{kind[0]}{f' ({kinds[kind]})' if kinds[kind] > 1 else ''}: {_cell(first[kind])}" for kind in ordered]
    return said[:SENTENCES] + ([f"and {len(said) - SENTENCES} more kinds"] if len(said) > SENTENCES else [])


def _cell(finding: Finding) -> str:
    return finding.sentence.replace("|", "/").replace("\n", " ")


def main() -> int:
    """Check every data set and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    root = options.parse_args().folder.resolve()
    print(HEADER, end="")
    folders = list(data_sets(root))
    for number, folder in enumerate(folders, 1):
        name = str(folder.relative_to(root))
        progress(name, number, len(folders))
        first = check(folder, name, "", ImportChoices())
        print(first.row)
        if again := _again(name, first):
            print(check(folder, name, *again).row)
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
