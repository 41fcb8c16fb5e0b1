"""BraTS folders of every year: one folder per case, one NIfTI file per sequence.

Up to 2021 files are called `<case>_flair`, `_t1`, `_t1ce`, `_t2`, `_seg`; from 2023 on `<case>-t2f`, `-t1n`, `-t1c`,
`-t2w`, `-seg`. In 2013 to 2015 each file has a folder of its own below the case's, both called
`VSD.Brain.XX.O.MR_Flair.<number>` or, for the mask, `VSD.Brain_3more.XX.O.OT.<number>`. Single slices of 2013 go by
`BRATS_HG0005_T1C_slice95`. Folders that are named likewise but hold fewer sequences are read too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from core.case import BRATS_MODALITIES, Case, Source
from core.data.layouts.listing import (
    NIFTI_SUFFIXES,
    enumerate_some,
    files_below,
    keep_first,
    name_problem,
    usual_modalities,
)
from core.data.layouts.spec import Layout
from core.data.refusal import Finding

NAME = "brats"
ALIASES = {
    "t1n": "t1n",
    "t1": "t1n",
    "t1c": "t1c",
    "t1ce": "t1c",
    "t1gd": "t1c",
    "t2w": "t2w",
    "t2": "t2w",
    "t2f": "t2f",
    "flair": "t2f",
    "seg": "seg",
    "segm": "seg",
    "tumor_segmentation": "seg",
    "ot": "seg",
    "truth": "seg",
    "atropos_truth": "seg",
}
FILE_NAMES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<case>BRATS_[HL]G\d+)_(?P<part>T1C?|T2|FLAIR|(atropos_)?truth)(?P<slice>_slice\d+)\.nii(\.gz)?",
        r"VSD\.Brain[^/]*\.(MR_)?(?P<part>Flair|T1c|T1|T2|OT)\.[^/]*\.(nii(\.gz)?|mha)",
        r"(?P<case>.+)[-_](?P<part>t1n|t1c|t1ce|t1gd|t1|t2w|t2f|t2|flair|tumor_segmentation|segm?)\.nii(\.gz)?",
    )
)
VISIT = re.compile(r"(?P<patient>BraTS-[A-Za-z]+-\d+)-(?P<visit>\d{3})")
OLD_VISIT = re.compile(
    r"(?P<patient>Brats1[5-8]_.+_\d+|brats_(2013|tcia)_pat\d+)_\d+|(?P<slices>BRATS_[HL]G\d+)_slice\d+"
)

Parts = dict[str, list[Path]]


def read_brats(root: Path) -> Layout | None:
    """List the cases below `root`, or return None when no file there is named as BraTS names them."""
    found, metaimages = _parts(root)
    findings = _join_lone_masks(found)
    named = [case_id for _, case_id in found if _is_brats(case_id)]
    if not named and not any(len(set(parts) - {"seg"}) > 1 for parts in found.values()):
        return _only_metaimages() if metaimages else None
    expected = BRATS_MODALITIES if named else usual_modalities([[*parts] for parts in found.values() if len(parts) > 1])
    expected = tuple(name for name in expected if name != "seg")
    cases, partial = [], []
    for (_, case_id), parts in sorted(found.items(), key=lambda item: item[0][1]):
        problems = _problems(root, case_id, parts, expected)
        findings += problems
        if not problems:
            cases.append(_case(case_id, parts, expected))
        elif {problem.code for problem in problems} == {"missing_modality"} and not parts.keys().isdisjoint(expected):
            partial.append(_case(case_id, parts, tuple(name for name in expected if name in parts)))
    cases, duplicates = keep_first(cases)
    findings += _tissue_labels(cases)
    scheme = _implied_scheme([case_id for _, case_id in found], list(found.values()))
    why = _why(found, expected, scheme)
    return Layout(NAME, tuple(cases), (*findings, *duplicates), scheme, why, partial=tuple(partial))


def _parts(root: Path) -> tuple[dict[tuple[Path, str], Parts], bool]:
    """Return the files of each case by part, and whether any is a MetaImage, as BraTS 2013 to 2015 came."""
    found: dict[tuple[Path, str], Parts] = defaultdict(lambda: defaultdict(list))
    metaimages = False
    for path in files_below(root, (*NIFTI_SUFFIXES, ".mha")):
        match = next(filter(None, (pattern.fullmatch(path.name) for pattern in FILE_NAMES)), None)
        if match is None:
            continue
        if path.suffix.lower() == ".mha":
            metaimages = True
            continue
        groups = match.groupdict()
        folder = path.parent
        while "case" not in groups and folder != root and folder.name.startswith("VSD."):
            folder = folder.parent
        case_id = groups["case"] + (groups.get("slice") or "") if "case" in groups else folder.name
        found[folder, case_id][ALIASES[match["part"].lower()]].append(path)
    return found, metaimages


def _is_brats(case_id: str) -> bool:
    return case_id.lower().startswith("brats")


def _join_lone_masks(found: dict[tuple[Path, str], Parts]) -> list[Finding]:
    """Give a case the only mask of its folder, where that is named differently, as one of 2020 is."""
    findings = []
    for lone in [key for key, parts in found.items() if set(parts) == {"seg"}]:
        beside = [key for key in found if key[0] == lone[0] and key != lone]
        if len(beside) == 1 and "seg" not in found[beside[0]]:
            found[beside[0]]["seg"] = found.pop(lone)["seg"]
            case_id, name = beside[0][1], found[beside[0]]["seg"][0].name
            expected, fix = f"one named {case_id}_seg", "nothing to do if it is this case's; it is used"
            findings.append(Finding("note", "mask_name", case_id, name, "another name for the mask", expected, fix))
    return findings


def _problems(root: Path, case_id: str, parts: Parts, expected: tuple[str, ...]) -> list[Finding]:
    problems = [problem for problem in [name_problem(case_id)] if problem]
    if missing := [name for name in expected if name not in parts]:
        present = ", ".join(name for name in (*BRATS_MODALITIES, "seg") if name in parts)
        fix = f"add the missing file(s) named {case_id}-{missing[0]}.nii.gz or leave the case out"
        found = f"only {present}"
        also = f"{', '.join(missing)} as well"
        problems.append(Finding("error", "missing_modality", case_id, "", found, also, fix))
    for name, paths in parts.items():
        if len(paths) > 1:
            listed = " and ".join(path.relative_to(root).name for path in paths)
            found = f"{listed} for {name}"
            problems.append(Finding("error", "duplicate_modality", case_id, "", found, "one file", "remove one"))
    return problems


def _case(case_id: str, parts: Parts, expected: tuple[str, ...]) -> Case:
    visit = VISIT.fullmatch(case_id) or OLD_VISIT.fullmatch(case_id)
    patient = next((name for name in visit.groups() if name), case_id) if visit else case_id
    return Case(
        case_id=case_id,
        patient_id=patient,
        group_id=patient,
        group_kind="patient",
        sources={name: Source((parts[name][0],), "nifti") for name in expected},
        reference=Source((parts["seg"][0],), "nifti") if "seg" in parts else None,
    )


def _implied_scheme(case_ids: list[str], parts: list[Parts]) -> str | None:
    if all(VISIT.fullmatch(case_id) and case_id.endswith(("-000", "-001")) for case_id in case_ids):
        return "brats-2023"
    names = {path.name.lower() for files in parts for paths in files.values() for path in paths}
    old = all(re.search(r"_(flair|t1|t1ce|t2|segm?)\.nii", name) for name in names)
    if old and any(re.search(r"_(flair|t1ce)\.nii", name) for name in names):
        return "brats-2021"
    return None


def _tissue_labels(cases: list[Case]) -> list[Finding]:
    """Say what the labels of the 2013 slices mean: tissues came first, so those of the challenge are 3 higher."""
    if not any(case.reference and "atropos_truth" in case.reference.file.name for case in cases):
        return []
    tumour = "4 necrosis, 5 oedema, 6 non-enhancing core, 7 enhancing tumour"
    found = f"masks of tissues and tumour together: 1 CSF, 2 grey and 3 white matter, {tumour}"
    fix = "write these into a scheme file for --scheme"
    return [Finding("note", "labels_listed", "", "", found, "the labels of a scheme that is known by name", fix)]


def _why(found: dict[tuple[Path, str], Parts], expected: tuple[str, ...], scheme: str | None) -> str:
    # endings alone: what stands before them may be anybody's name
    named = [
        (case_id, path.name) for (_, case_id), parts in found.items() for paths in parts.values() for path in paths
    ]
    endings = sorted({name.removeprefix(case_id) for case_id, name in named if name.startswith(case_id)})
    shown = enumerate_some(endings or ["single slices, or one folder per file, as in 2013 to 2015"])
    labels = f"labels as in {scheme}" if scheme else "which leaves open what the labels mean"
    return f"names end as in BraTS ({shown}); {', '.join(expected)} per case, {labels}"


def _only_metaimages() -> Layout:
    found, expected = "BraTS 2013-2015 files in MetaImage format (.mha)", "NIfTI files (.nii or .nii.gz)"
    fix = "convert each file to NIfTI under the same name and folder"
    finding = Finding("error", "unsupported_format", "", "", found, expected, fix)
    return Layout(NAME, (), (finding,), None, "files are named as in BraTS 2013-2015")
