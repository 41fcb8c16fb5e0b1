"""Masks made elsewhere: a folder of label maps or DICOM segmentations, matched by name to a cohort's cases.

nnU-Net writes `CASE.nii.gz`, a colleague `CASE_seg.nii.gz`, another a folder per case with one file in it. A DICOM
segmentation says itself which series it was drawn on.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.case import Source
from core.data.formats import format_of
from core.data.layouts.listing import enumerate_some, files_below, stem_of
from core.errors import RefusedError
from core.evaluation.case_mask import Made, MaskOnDisk
from core.evaluation.segmentation_series import SeriesOfCases, segmented_series
from core.labels import LabelScheme, scheme_to_json
from core.workspace import Cohort, Workspace

VOLUME_SUFFIXES = (".nii", ".nii.gz", ".nrrd")
PICTURE_SUFFIXES = (".png", ".tif", ".tiff", ".bmp", ".npy")
LEAKAGE_UNKNOWN = "unknown: made elsewhere, so no patient can be dropped that it may have been trained on"
# what is put behind a case's name to say that a file is its mask; nnU-Net numbers channels with four digits
ENDING = re.compile(
    r"[-_. ]+(seg|segs|segmentation|segmentations|mask|masks|pred|prediction|predictions|label|labels|labelmap|dseg|"
    r"gt|manual|reader\d*|annotation|\d{4})$"
)
BEGINNING = re.compile(r"^(seg|segmentation|mask|pred|prediction|label|labels)[-_. ]+")
PSEUDONYM = re.compile(r"case-\d{3,}")  # what an import calls cases whose names may be a person's


class MasksElsewhereError(RefusedError):
    """A folder of masks cannot be compared; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class MaskFolder:
    """A folder of masks, matched to cases.

    Attributes:
        name: what tables call it.
        scheme: what its labels mean.
        files: case id to its file, in the order of the cohort.
        called: case id to what a sentence calls that file.
        unmatched: files that belong to no case.
        without_file: cases for which there is none.
    """

    name: str
    scheme: LabelScheme
    files: Mapping[str, Source]
    called: Mapping[str, str]
    unmatched: tuple[str, ...]
    without_file: tuple[str, ...]

    @property
    def regions(self) -> tuple[str, ...]:
        return self.scheme.region_names

    def mask_of(self, cohort: Cohort, case_id: str) -> Made | None:
        """Return where the mask of a case is read from, or None where there is no file."""
        source = self.files.get(case_id)
        if source is None:
            return None
        return MaskOnDisk(source, self.scheme, cohort.cases[case_id].grid, self.called[case_id])

    def sha256(self) -> str:
        """Return the SHA-256 over each case's name and its file's bytes (lower-case hex)."""
        digest = hashlib.sha256()
        for case_id, source in sorted(self.files.items()):
            with source.file.open("rb") as stream:
                file = hashlib.file_digest(stream, "sha256").hexdigest()
            digest.update(f"{case_id} {file}\n".encode())
        return digest.hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Say what was found; no path."""
        return {
            "model": self.name,
            "scheme": scheme_to_json(self.scheme),
            "cases": len(self.files),
            "sha256": self.sha256(),
            "unmatched_files": list(self.unmatched),
            "cases_without_file": list(self.without_file),
            "leakage": LEAKAGE_UNKNOWN,
        }


def find_masks(
    workspace: Workspace, cohort: Cohort, folder: Path, name: str, scheme: LabelScheme | None = None
) -> MaskFolder:
    """Match the masks below a folder to the cases of a cohort, by name; no voxel is read.

    Args:
        workspace: where the identifiers of DICOM sources are kept.
        cohort: whose cases.
        folder: where the masks are, in it or below it.
        name: what to call them.
        scheme: what their labels mean; None takes the cohort's.

    Raises:
        MasksElsewhereError: there is no such folder, no mask in it, two for one case, or none that is named like a
            case; or the scheme shares no region with the cohort's.
    """
    scheme = scheme or cohort.scheme
    _require_regions(name, scheme, cohort)
    if not folder.is_dir():
        raise MasksElsewhereError(f"{name}: no folder at {str(folder)!r}; give the folder that holds its masks")
    flat = any(entry.grid.affine is None for entry in cohort.cases.values())
    masks = dict(_masks_below(folder, (*VOLUME_SUFFIXES, *PICTURE_SUFFIXES) if flat else VOLUME_SUFFIXES, cohort))
    if not masks:
        kinds = f"label maps ({', '.join(VOLUME_SUFFIXES)}) or DICOM segmentations"
        raise MasksElsewhereError(f"{name}: found no mask in the folder; expected {kinds}")
    labels = _labels(list(masks), cohort)
    found = _match(masks, cohort, SeriesOfCases(workspace, cohort))
    _require_one_each(name, found, labels)
    matched = {path for paths in found.values() for path in paths}
    unmatched = tuple(labels[path] for path in masks if path not in matched)
    if not found:
        cases = enumerate_some(list(cohort.cases))
        raise MasksElsewhereError(
            f"{name}: none of {len(masks)} files ({enumerate_some(unmatched)}) is called like a case of cohort "
            f"{cohort.name} ({cases}); call each after its case, such as {next(iter(cohort.cases))}_seg.nii.gz"
        )
    files = {case_id: found[case_id][0] for case_id in cohort.cases if case_id in found}
    return MaskFolder(
        name=name,
        scheme=scheme,
        files={case_id: masks[path] for case_id, path in files.items()},
        called={case_id: labels[path] for case_id, path in files.items()},
        unmatched=unmatched,
        without_file=tuple(case_id for case_id in cohort.cases if case_id not in found),
    )


def _require_regions(name: str, scheme: LabelScheme, cohort: Cohort) -> None:
    if not set(scheme.region_names) & set(cohort.scheme.region_names):
        raise MasksElsewhereError(
            f"{name}: scheme {scheme.name} has the regions {', '.join(scheme.region_names)} and cohort {cohort.name} "
            f"{', '.join(cohort.scheme.region_names)}, none of them alike; name one with the cohort's regions with "
            f"--predictions-scheme {name}=SCHEME"
        )


def _masks_below(folder: Path, suffixes: tuple[str, ...], cohort: Cohort) -> Iterator[tuple[Path, Source]]:
    """Yield the files that may be masks: by their ending, or because they are DICOM segmentations."""
    for path in files_below(folder, ("",)):
        if path.name.lower().endswith(suffixes):
            kind = format_of(path)
            yield path, Source((path,), kind, palette=_palette(cohort) if kind == "picture" else None)
        elif segmented_series(path) is not None:
            yield path, Source((path,), "dicom-seg")


def _palette(cohort: Cohort) -> tuple[tuple[int, int, int], ...]:
    """Return the colours of the cohort's own masks: those made elsewhere are drawn as they are, or as numbers."""
    references = (entry.case.reference for entry in cohort.cases.values())
    return next((source.palette for source in references if source and source.palette), ())


def _labels(paths: list[Path], cohort: Cohort) -> dict[Path, str]:
    """Return what sentences call each file: its name, or its place where cases hide names that may be a person's."""
    if all(PSEUDONYM.fullmatch(case_id) for case_id in cohort.cases):
        return {path: f"file {number}" for number, path in enumerate(paths, 1)}
    return {path: path.name for path in paths}


def _match(masks: Mapping[Path, Source], cohort: Cohort, series: SeriesOfCases) -> dict[str, list[Path]]:
    aliases = _aliases(cohort)
    alone = defaultdict(list)
    for path in masks:
        alone[path.parent].append(path)
    found: dict[str, list[Path]] = defaultdict(list)
    for path, source in masks.items():
        names = [stem_of(path)] + ([path.parent.name] if len(alone[path.parent]) == 1 else [])
        case_id = series.case_of(path) if source.format == "dicom-seg" else None
        case_id = case_id or next((aliases[n] for name in names for n in _shorter(name) if n in aliases), None)
        if case_id:
            found[case_id].append(path)
    return dict(found)


def _aliases(cohort: Cohort) -> dict[str, str]:
    """Return what a mask's file may be called after, lower case, to the case: its id, and the names of its files."""
    owners: dict[str, set[str]] = defaultdict(set)
    for case_id, entry in cohort.cases.items():
        sources = [*entry.case.sources.values(), *([entry.case.reference] if entry.case.reference else [])]
        for source in sources:
            for name in _shorter(stem_of(source.file)):
                owners[name].add(case_id)
    names = {name: next(iter(cases)) for name, cases in owners.items() if len(cases) == 1}
    return names | {case_id.lower(): case_id for case_id in cohort.cases}


def _shorter(name: str) -> list[str]:
    """Return a name in lower case, then without what says that it is a mask, one word after the other."""
    names = [name.lower()]
    while (shorter := ENDING.sub("", names[-1])) != names[-1]:
        names.append(shorter)
    if (shorter := BEGINNING.sub("", names[-1])) != names[-1]:
        names.append(shorter)
    return names


def _require_one_each(name: str, found: Mapping[str, list[Path]], labels: Mapping[Path, str]) -> None:
    for case_id, paths in found.items():
        if len(paths) > 1:
            files = enumerate_some([labels[path] for path in paths])
            raise MasksElsewhereError(f"{name}: found {len(paths)} files for case {case_id} ({files}); keep one")
