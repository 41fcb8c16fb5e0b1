"""Names that may be a person's stay out: cases are called by their place in the import instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from core.case import Case
from core.data.layouts.spec import Layout
from core.data.refusal import Finding

# words of public data sets and of plain numbering; a name made of these and short numbers is nobody's
# fmt: off
WORDS = frozenset({
    "brats", "ssa", "gli", "met", "ped", "men", "rt", "phm", "hgg", "lgg", "tcga", "cs", "du", "fg", "ht",
    "vsd", "brain", "tumor", "tumour", "mri", "ct", "mr", "case", "patient", "subject", "sub", "sample",
    "image", "img", "scan", "slice", "study", "test", "train", "val", "valid", "validation", "volume", "vol",
    "series", "ad", "en", "co", "on", "tr", "te", "gl", "me", "pi", "no", "ses", "run", "acq", "hemorrhage",
    "haemorrhage", "kidney", "liver", "lung", "spleen", "spine", "head", "heart", "prostate", "hippocampus",
    "pancreas", "colon", "hepatic", "vessel", "hepaticvessel", "la", "demo", "phantom", "example", "synthetic",
    "orig", "original", "copy", "data", "flair", "seg", "mask", "verse", "axial", "sagittal", "coronal",
})
# fmt: on
PART = re.compile(r"[^\W\d_]+|\d+")
LONGEST_NUMBER = 5  # digits: hospital numbers and dates have more
# the numbering of TCIA and of the BraTS challenges
PUBLIC = re.compile(r"TCGA[-_][A-Z0-9]{2}[-_][A-Z0-9]{4}([-_]\d{8})?|BraTS-[A-Za-z]{2,4}-\d{5}-\d{3}")


def may_name_a_person(name: str) -> bool:
    """Tell whether a case's name holds words or long numbers that no public numbering explains."""
    if PUBLIC.fullmatch(name):
        return False
    parts = PART.findall(name)
    return any(
        len(part) > LONGEST_NUMBER if part.isdigit() else len(part) > 1 and part.lower() not in WORDS for part in parts
    )


def without_names(layout: Layout) -> Layout:
    """Return a layout whose cases are called by their place: case-001 of patient-001, in the layout's order.

    Findings about a case keep their sentence under the new name; what quotes the old one is left out.
    """
    patients = _numbered("patient", (case.patient_id for case in layout.cases))
    groups = _numbered("group", (case.group_id for case in layout.cases))
    width = max(3, len(str(len(layout.cases))))
    renamed: dict[str, str] = {}
    cases = []
    for number, case in enumerate(layout.cases, 1):
        renamed[case.case_id] = name = f"case-{number:0{width}d}"
        group = patients[case.patient_id] if case.group_id == case.patient_id else groups[case.group_id]
        cases.append(replace(case, case_id=name, patient_id=patients[case.patient_id], group_id=group))
    findings = _renamed(layout.findings, renamed, lambda _name: True)
    return replace(layout, cases=tuple(cases), findings=findings, private_names=True)


def without_refused_names(layout: Layout) -> Layout:
    """Return a layout whose cases keep their names, where those that were refused may be called by a person's."""
    return replace(layout, findings=_renamed(layout.findings, {}, may_name_a_person))


def without_file_names(findings: Iterable[Finding], case: Case) -> tuple[Finding, ...]:
    """Return findings about a case in which a file is called by its sequence."""
    sources = {**case.sources, **({"reference mask": case.reference} if case.reference else {})}
    called: dict[str, str] = {}
    for name, source in sources.items():
        # an image and its mask may be called the same
        called[source.label] = f"{called[source.label]} or {name}" if source.label in called else name
    return tuple(replace(finding, file=called.get(finding.file, "")) for finding in findings)


def _renamed(
    findings: Sequence[Finding], renamed: Mapping[str, str], hides: Callable[[str], bool]
) -> tuple[Finding, ...]:
    unknown = (finding.case for finding in findings if finding.case and finding.case not in renamed)
    called = _numbered("refused", filter(hides, unknown)) | dict(renamed)
    return tuple(_hidden(f, called.get(f.case, "")) if hides(f.case) else f for f in findings)


def _hidden(finding: Finding, case: str) -> Finding:
    words = finding.case and (finding.case in finding.found or finding.case in finding.fix)
    found = "a problem with its files' names" if words else finding.found
    fix = "check the files of this case" if words else finding.fix
    return replace(finding, case=case, file="", found=found, fix=fix)


def _numbered(word: str, names: Iterable[str]) -> dict[str, str]:
    unique = list(dict.fromkeys(names))
    width = max(3, len(str(len(unique))))
    return {name: f"{word}-{number:0{width}d}" for number, name in enumerate(unique, 1)}
