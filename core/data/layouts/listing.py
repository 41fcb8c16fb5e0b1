"""What the layouts share: which files lie below a folder, and what is wrong with a list of cases."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from core.case import BRATS_MODALITIES, SAFE_NAME, Case
from core.data import limits
from core.data.refusal import Finding

NIFTI_SUFFIXES = (".nii", ".nii.gz")
LISTED = 5  # files or cases that a sentence names


def files_below(root: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Return the files below a folder whose names end so, sorted, at most as many as a layout may look at.

    Hidden files and folders are passed over: macOS writes a twin `._name` beside each file on a foreign disk, and a
    folder `__MACOSX` of them into each archive.
    """
    named = (path for path in root.rglob("*") if path.name.lower().endswith(suffixes))
    seen = (path for path in named if not _hidden(path.relative_to(root)) and path.is_file())
    return sorted(itertools.islice(seen, limits.MAX_FOLDER_FILES))


def stem_of(path: Path) -> str:
    """Return a file's name without its ending, `.nii.gz` being one."""
    name = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    return name.rpartition(".")[0] or name


def name_problem(case_id: str) -> Finding | None:
    """Return the finding about a case whose name could not be a folder's, or None."""
    if SAFE_NAME.fullmatch(case_id):
        return None
    expected, fix = "letters, digits, '.', '_' and '-', at most 100", "rename the files"
    return Finding("error", "case_name", case_id, "", f"the case name {case_id!r}", expected, fix)


def keep_first(cases: Sequence[Case]) -> tuple[list[Case], list[Finding]]:
    """Keep the first of several cases that have one id, and say which were left out."""
    kept: dict[str, Case] = {}
    findings = []
    for case in cases:
        if case.case_id not in kept:
            kept[case.case_id] = case
            continue
        found, expected = "a second folder for this case", "one folder per case"
        fix = "remove or rename one; the first is used"
        findings.append(Finding("error", "duplicate_case", case.case_id, "", found, expected, fix))
    return list(kept.values()), findings


def usual_modalities(present: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the modalities that at least half of the cases have, in the order in which channels are stacked."""
    counts = Counter(name for names in present for name in set(names))
    usual = {name for name, count in counts.items() if 2 * count >= len(present)}
    return tuple(sorted(usual, key=stacking_order))


def stacking_order(modality: str) -> tuple[int, str]:
    """Return what modalities are sorted by: those of BraTS in their order, then the others by name."""
    known = modality in BRATS_MODALITIES
    return (BRATS_MODALITIES.index(modality) if known else len(BRATS_MODALITIES), modality)


def enumerate_some(names: Sequence[str]) -> str:
    """Return the first names of a list for a sentence, and how many more there are."""
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {more} more" if more > 0 else "")


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
