"""LGG segmentation as on Kaggle: `TCGA_<site>_<patient>_<date>_<number>.tif` beside `..._mask.tif`.

The three channels of a file are pre-contrast T1, FLAIR and post-contrast T1, not colours; where a patient lacked a
sequence, the set's authors put FLAIR in its place. The numbered slices of one scan are one volume.

Reference: Buda et al., "Association of genomic subtypes of lower-grade gliomas with shape features automatically
extracted by a deep learning algorithm", Computers in Biology and Medicine 109, 2019.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.case import Case, Source
from core.data.formats.picture_file import open_picture
from core.data.layouts.listing import files_below, keep_first
from core.data.layouts.look_alikes import patient_of
from core.data.layouts.spec import Layout
from core.data.layouts.surveying import UNREADABLE
from core.data.refusal import Finding
from core.volume import Array

NAME = "lgg"
FILE_NAME = re.compile(
    r"(?P<scan>TCGA_[A-Z0-9]{2}_[A-Z0-9]{4}_\d{8})_(?P<number>\d{1,4})(?P<mask>_mask)?\.tiff?", re.IGNORECASE
)
SEQUENCES = ("t1n", "t2f", "t1c")  # channels 0, 1 and 2
FLAIR = 1
BLACK_AND_WHITE = ((0, 0, 0), (255, 255, 255))
SLICES_COMPARED = 5  # evenly over a scan, to tell whether two channels are one


@dataclass(frozen=True, slots=True)
class _Scan:
    images: dict[int, Path] = field(default_factory=dict)
    masks: dict[int, Path] = field(default_factory=dict)


def read_lgg(root: Path) -> Layout | None:
    """List the scans below `root`, or return None when no file there is named as in this set."""
    scans: dict[tuple[str, Path], _Scan] = defaultdict(_Scan)
    for path in files_below(root, (".tif", ".tiff")):
        if found := FILE_NAME.fullmatch(path.name):
            scan = scans[found["scan"].upper(), path.parent]
            (scan.masks if found["mask"] else scan.images)[int(found["number"])] = path
    cases, findings = [], []
    for (name, _), scan in sorted(scans.items()):
        problems = _problems(name, scan)
        findings += problems
        if not any(problem.severity == "error" for problem in problems):
            case, about = _case(name, scan)
            cases.append(case)
            findings += about
    if not scans:
        return None
    unique, doubles = keep_first(cases)
    slices = sum(len(case.sources["t2f"].files) for case in unique)
    why = f"files named TCGA_…_N.tif: {len(unique)} scans of {slices} slices; channels are T1, FLAIR and contrast T1"
    return Layout(NAME, tuple(unique), (*findings, *doubles), "binary", why)


def _problems(name: str, scan: _Scan) -> list[Finding]:
    problems = []
    numbers, drawn = set(scan.images), set(scan.masks)
    if drawn and drawn != numbers:
        found = f"slices {_listed(numbers - drawn)} without a mask" if numbers - drawn else ""
        found += " and " if numbers - drawn and drawn - numbers else ""
        found += f"masks {_listed(drawn - numbers)} without a slice" if drawn - numbers else ""
        fix = "add the missing files, or leave this scan out"
        problems.append(Finding("error", "missing_slice", name, "", found, "a mask for each slice", fix))
    if numbers and (gaps := set(range(min(numbers), max(numbers) + 1)) - numbers):
        found, fix = f"no slice {_listed(gaps)}", "add them: the others are stacked without a gap"
        problems.append(Finding("warning", "slice_gap", name, "", found, "consecutive numbers", fix))
    return problems


def _case(name: str, scan: _Scan) -> tuple[Case, list[Finding]]:
    order = sorted(scan.images)
    images = tuple(scan.images[number] for number in order)
    masks = tuple(scan.masks[number] for number in order if number in scan.masks)
    same = _channels_like_flair(images)
    # three equal channels are read as one
    channels = {"t2f": 0} if len(same) == 2 else {sequence: index for index, sequence in enumerate(SEQUENCES)}
    patient = patient_of(name) or name
    case = Case(
        case_id=name,
        patient_id=patient,
        group_id=patient,
        group_kind="patient",
        sources={sequence: Source(images, "picture", index) for sequence, index in channels.items()},
        reference=Source(masks, "picture", palette=BLACK_AND_WHITE) if masks else None,
    )
    return case, [_replaced(name, SEQUENCES[index]) for index in same]


def _channels_like_flair(images: tuple[Path, ...]) -> list[int]:
    """Return which channels hold FLAIR again, judged by a few slices with something on them."""
    chosen = np.unique(np.linspace(0, len(images) - 1, SLICES_COMPARED + 2).round().astype(int))[1:-1]
    slices: list[Array] = []
    for index in chosen if chosen.size else range(len(images)):
        try:
            pixels = open_picture(images[index]).pixels
        except UNREADABLE:  # said again, with its file, when the case is read
            continue
        if pixels.ndim == 2:
            pixels = np.repeat(pixels[..., np.newaxis], 3, axis=2)
        if pixels[..., FLAIR].any():
            slices.append(pixels)
    others = [index for index in range(len(SEQUENCES)) if index != FLAIR]
    return [i for i in others if slices and all((s[..., i] == s[..., FLAIR]).all() for s in slices)]


def _replaced(name: str, sequence: str) -> Finding:
    found = f"{sequence} with the voxels of t2f: the sequence is missing and FLAIR stands in its place"
    fix = f"leave {sequence} out of what a model reads, or leave this scan out"
    return Finding("warning", "sequence_replaced", name, "", found, "three sequences", fix)


def _listed(numbers: set[int]) -> str:
    first = sorted(numbers)[:5]
    return ", ".join(map(str, first)) + (f" and {len(numbers) - 5} more" if len(numbers) > 5 else "")
