"""BIDS: `sub-01/[ses-02/]anat/sub-01_ses-02_FLAIR.nii.gz`, masks below `derivatives/` or beside the images.

Reference: Gorgolewski et al., The brain imaging data structure, Scientific Data 3:160044, 2016.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from core.case import Case, Source
from core.data.layouts.listing import NIFTI_SUFFIXES, files_below, stacking_order, usual_modalities
from core.data.layouts.spec import Layout
from core.data.refusal import Finding

NAME = "bids"
SUFFIXES = {"T1w": "t1n", "T2w": "t2w", "FLAIR": "t2f", "PDw": "pd", "T2starw": "t2s"}
MASK_SUFFIXES = frozenset({"dseg", "mask", "roi", "seg", "lesion", "label", "segmentation"})
FILE_NAME = re.compile(
    r"(?P<entities>sub-[A-Za-z0-9]+(_[A-Za-z0-9]+(-[A-Za-z0-9.+]+)?)*)_(?P<suffix>[A-Za-z0-9]+)\.nii(\.gz)?"
)
LESION = re.compile(r"lesion|tumou?r|stroke|roi|wmh|infarct|glioma|metast", re.IGNORECASE)
# masks of healthy anatomy, and of the head
ANATOMY = re.compile(
    r"brain|head|tissue|aseg|aparc|label-(GM|WM|CSF|L|R)(?![A-Za-z])|hemi|probseg|defac", re.IGNORECASE
)

Visit = tuple[str, str]  # subject and session, such as ("sub-01", "ses-02"); "" without sessions


@dataclass(frozen=True, slots=True)
class Named:
    """A file whose name follows BIDS."""

    path: Path
    visit: Visit
    entities: dict[str, str]
    suffix: str


def read_bids(root: Path) -> Layout | None:
    """List the visits below `root`, or return None when no image there is named as BIDS names them."""
    files = [named for path in files_below(root, NIFTI_SUFFIXES) if (named := _named(path))]
    images: dict[Visit, dict[str, list[Named]]] = defaultdict(lambda: defaultdict(list))
    masks: dict[Visit, list[Named]] = defaultdict(list)
    for file in files:
        derived = "derivatives" in file.path.relative_to(root).parts
        if file.suffix in MASK_SUFFIXES:
            masks[file.visit].append(file)
        elif file.suffix in SUFFIXES and not derived and file.path.parent.name == "anat":
            images[file.visit][_modality(file)].append(file)
    if not images:
        return None
    expected = usual_modalities([[*found] for found in images.values()])
    cases, findings = [], []
    for visit, found in sorted(images.items()):
        case, problems = _case(visit, found, masks.get(visit, []), expected)
        findings += problems
        cases += [case] if case else []
    scheme = _implied_scheme(cases)
    why = (
        f"files in anat folders are named as in BIDS, sub-…_{'/'.join(s for s in SUFFIXES if SUFFIXES[s] in expected)}"
    )
    why += f"; the reference is the {_kind(cases)} of each visit" if scheme else ""
    return Layout(NAME, tuple(cases), tuple(findings), scheme, why)


def _named(path: Path) -> Named | None:
    match = FILE_NAME.fullmatch(path.name)
    if match is None:
        return None
    pairs = [part.partition("-") for part in match["entities"].split("_")]
    entities = {key: value for key, _, value in pairs}
    session = f"ses-{entities['ses']}" if entities.get("ses") else ""
    return Named(path, (f"sub-{entities['sub']}", session), entities, match["suffix"])


def _modality(file: Named) -> str:
    """Return the modality of an image: its suffix, and for a T1 whether a contrast agent was given."""
    modality = SUFFIXES[file.suffix]
    return "t1c" if modality == "t1n" and file.entities.get("ce", "none").lower() != "none" else modality


def _case(
    visit: Visit, images: dict[str, list[Named]], masks: list[Named], expected: tuple[str, ...]
) -> tuple[Case | None, list[Finding]]:
    case_id = "_".join(filter(None, visit))
    findings = []
    if missing := [name for name in expected if name not in images]:
        present = ", ".join(sorted(images, key=stacking_order))
        fix = "add the file(s) or leave the visit out"
        also = f"{', '.join(missing)} as well, as most visits have"
        return None, [Finding("error", "missing_modality", case_id, "", f"only {present}", also, fix)]
    for name in expected:
        if len(images[name]) > 1:
            found, fix = f"{len(images[name])} images for {name}", "remove the others if another one is meant"
            first = _first(images[name]).path.name
            findings.append(Finding("warning", "several_runs", case_id, first, found, "one; this one is used", fix))
    reference, problems = _reference(case_id, masks)
    if any(problem.severity == "error" for problem in problems):
        return None, problems
    sources = {name: Source((_first(images[name]).path,), "nifti") for name in expected}
    return Case(case_id, visit[0], visit[0], "patient", sources, reference), [*findings, *problems]


def _first(files: list[Named]) -> Named:
    """Return the first run; of several acquisitions the one with the shortest name."""
    return min(files, key=lambda file: (len(file.entities), file.entities.get("run", "").zfill(4), file.path.name))


def _reference(case_id: str, masks: list[Named]) -> tuple[Source | None, list[Finding]]:
    """Choose the reference among a visit's masks: a lesion's if there is one, on the grid of the images."""
    candidates = [mask for mask in masks if not ANATOMY.search(mask.path.name) or LESION.search(mask.path.name)]
    candidates = [mask for mask in candidates if LESION.search(mask.path.name)] or candidates
    candidates = [mask for mask in candidates if mask.entities.get("space", "orig") == "orig"] or candidates
    if len(candidates) > 1:
        names = " and ".join(mask.path.name for mask in candidates)
        fix = "keep the one that is the reference"
        return None, [Finding("error", "ambiguous_mask", case_id, "", f"{names}", "one mask", fix)]
    return (Source((candidates[0].path,), "nifti") if candidates else None), []


def _implied_scheme(cases: list[Case]) -> str | None:
    """Return `binary` where every reference is a mask of one thing; a dseg has labels of its own."""
    named = [named for case in cases if case.reference and (named := _named(case.reference.file))]
    return "binary" if named and all(file.suffix in {"mask", "roi", "lesion"} for file in named) else None


def _kind(cases: list[Case]) -> str:
    named = [named for case in cases if case.reference and (named := _named(case.reference.file))]
    return "/".join(sorted({file.suffix for file in named}))
