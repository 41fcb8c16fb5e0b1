"""Print docs/data.md: what the input gate says about every data set below a folder.

`python -m tools.describe_data FOLDER > docs/data.md`. A data set is a folder of FOLDER, or of one of its folders that
hold nothing but folders. Each is checked as it is, and once more the way the gate's own sentence proposes.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from core.cli.output import progress
from core.data.refusal import Finding
from core.errors import RefusedError
from core.harmonise import Harmonising
from core.importing import ImportChoices, check_folder
from core.labels import LabelScheme, Region, scheme_named

SENTENCES = 3  # per data set: the first of each kind, errors first
ORDER = {"error": 0, "warning": 1, "note": 2}

# folders of sets, and of studies
COLLECTIONS = {"coco", "brain_2d", "ct_2d", "dicom", "nifti_oddities", "clinical_study", "TCGA-FG-6692", "lgg"}
STEPS = "register,resample=1,strip"
LONGEST = 280  # characters of a sentence in the table
# what a scheme file with eight classes says
CLASSES = LabelScheme(
    "labels-1-8",
    {value: f"label {value}" for value in range(1, 9)},
    tuple(Region(f"label-{value}", f"label {value}", (value,)) for value in range(1, 9)),
    tuple((f"label-{value}", value) for value in range(1, 9)),
)

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
    """Yield the folders to check: those of `root`, or those inside one that holds sets and no files of its own."""
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        if folder.name in COLLECTIONS:
            yield from data_sets(folder)
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


def _follow(folder: Path, first: Checked) -> Checked | None:
    """Check a refused set again with what its refusals ask for, as far as that can be chosen here."""
    choices, last = ImportChoices(), first
    label: dict[str, str] = {}
    for _ in range(3):
        codes = {finding.code for finding in last.findings if finding.severity == "error"}
        if last.accepted and "unknown_label" not in codes:
            break
        if "proposed_layout" in codes:
            choices, label["layout"] = replace(choices, layout="proposed"), "`--layout proposed`"
        elif "scheme_unknown" in codes and "brats" in first.name:
            choices, label["scheme"] = replace(choices, scheme=scheme_named("brats-2023")), "`--scheme brats-2023`"
        elif codes & {"scheme_unknown", "unknown_label"} and choices.scheme != CLASSES:
            choices, label["scheme"] = replace(choices, scheme=CLASSES), "`--scheme` labels 1-8"
        elif "grid_mismatch" in codes:
            asked = Harmonising.parse(STEPS)
            choices, label["harmonise"] = replace(choices, harmonise=asked), f"`--harmonise {STEPS}`"
        else:
            break
        last = check(folder, first.name, " ".join(label.values()), choices)
    return last if last is not first else None


def _sentences(findings: tuple[Finding, ...]) -> list[str]:
    kinds = Counter((finding.severity, finding.code) for finding in findings)
    first = {(finding.severity, finding.code): finding for finding in reversed(findings)}
    ordered = sorted(kinds, key=lambda kind: ORDER[kind[0]])
    said = [f"{kind[0]}{f' ({kinds[kind]})' if kinds[kind] > 1 else ''}: {_cell(first[kind])}" for kind in ordered]
    return said[:SENTENCES] + ([f"and {len(said) - SENTENCES} more kinds"] if len(said) > SENTENCES else [])


def _cell(finding: Finding) -> str:
    text = finding.sentence.replace("|", "/").replace("\n", " ")
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip()} …"


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
        if again := _follow(folder, first):
            print(again.row)
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
