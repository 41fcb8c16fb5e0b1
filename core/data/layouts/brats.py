"""BraTS folders of every year: one folder per case, one NIfTI file per sequence.

Up to 2021 files are called `<case>_flair`, `_t1`, `_t1ce`, `_t2`, `_seg`; from 2023 on
`<case>-t2f`, `-t1n`, `-t1c`, `-t2w`, `-seg`.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from core.case import BRATS_MODALITIES, SAFE_NAME, Case, Source
from core.data import limits
from core.data.layouts.spec import Layout
from core.data.refusal import Finding

NAME = "brats"
ALIASES = {
    "t1n": "t1n",
    "t1": "t1n",
    "t1c": "t1c",
    "t1ce": "t1c",
    "t2w": "t2w",
    "t2": "t2w",
    "t2f": "t2f",
    "flair": "t2f",
    "seg": "seg",
}
FILE_NAME = re.compile(rf"(?P<case>.+)[-_](?P<part>{'|'.join(ALIASES)})\.nii(\.gz)?", re.IGNORECASE)
VISIT = re.compile(r"(?P<patient>BraTS-[A-Za-z]+-\d+)-(?P<visit>\d{3})")


def read_brats(root: Path) -> Layout | None:
    """List the cases below `root`, or return None when no file there is named as BraTS names them."""
    parts: dict[tuple[Path, str], dict[str, list[Path]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted(itertools.islice(_images(root), limits.MAX_FOLDER_FILES)):
        if path.is_file() and (match := FILE_NAME.fullmatch(path.name)):
            parts[path.parent, match["case"]][ALIASES[match["part"].lower()]].append(path)
    if not parts:
        return None
    cases, findings = [], []
    for (_, case_id), files in sorted(parts.items(), key=lambda item: item[0][1]):
        problems = _problems(root, case_id, files)
        findings += problems
        if not problems:
            cases.append(_case(case_id, files))
    cases, duplicates = _unique(cases)
    return Layout(NAME, tuple(cases), (*findings, *duplicates), _implied_scheme([key[1] for key in parts], parts))


def _images(root: Path) -> Iterator[Path]:
    # macOS writes a hidden twin `._name` beside each file on a foreign disk
    return (path for path in root.rglob("*.nii*") if not path.name.startswith("."))


def _problems(root: Path, case_id: str, files: dict[str, list[Path]]) -> list[Finding]:
    problems = []
    if not SAFE_NAME.fullmatch(case_id):
        expected, fix = "letters, digits, '.', '_' and '-', at most 100", "rename the files"
        problems.append(Finding("error", "case_name", case_id, "", f"the case name {case_id!r}", expected, fix))
    if missing := [name for name in BRATS_MODALITIES if name not in files]:
        present = ", ".join(name for name in (*BRATS_MODALITIES, "seg") if name in files)
        problems.append(
            Finding(
                "error",
                "missing_modality",
                case_id,
                "",
                f"only {present}",
                f"{', '.join(missing)} as well",
                f"add the missing file(s) named {case_id}-{missing[0]}.nii.gz or leave the case out",
            )
        )
    for name, paths in files.items():
        if len(paths) > 1:
            listed = " and ".join(path.relative_to(root).name for path in paths)
            problems.append(
                Finding("error", "duplicate_modality", case_id, "", f"{listed} for {name}", "one file", "remove one")
            )
    return problems


def _case(case_id: str, files: dict[str, list[Path]]) -> Case:
    visit = VISIT.fullmatch(case_id)
    patient = visit["patient"] if visit else case_id
    return Case(
        case_id=case_id,
        patient_id=patient,
        group_id=patient,
        group_kind="patient",
        sources={name: Source((files[name][0],), "nifti") for name in BRATS_MODALITIES},
        reference=Source((files["seg"][0],), "nifti") if "seg" in files else None,
    )


def _unique(cases: list[Case]) -> tuple[list[Case], list[Finding]]:
    """Keep the first of several folders that hold the same case id."""
    kept: dict[str, Case] = {}
    findings = []
    for case in cases:
        if case.case_id in kept:
            folder = case.sources["t1n"].file.parent.name
            findings.append(
                Finding(
                    "error",
                    "duplicate_case",
                    case.case_id,
                    "",
                    f"a second folder for this case ({folder})",
                    "one folder per case",
                    "remove or rename one; the first is used",
                )
            )
        else:
            kept[case.case_id] = case
    return list(kept.values()), findings


def _implied_scheme(case_ids: list[str], parts: dict[tuple[Path, str], dict[str, list[Path]]]) -> str | None:
    if all(VISIT.fullmatch(case_id) and case_id.endswith(("-000", "-001")) for case_id in case_ids):
        return "brats-2023"
    names = {path.name.lower() for files in parts.values() for paths in files.values() for path in paths}
    if all(re.search(r"_(flair|t1|t1ce|t2|seg)\.nii", name) for name in names):
        return "brats-2021"
    return None
