"""What a split must keep together: slices of one scan and copies of one source by name, look-alikes by pixels."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from core.data.layouts.thumbnails import Thumbnail, look_alikes

LEAST_SCANS = 3  # fewer groups than parts of a split: the number in the name was no scan's
LEAST_FOLDERS = 5  # numbered folders from which on they are taken for patients; fewer may be classes
MANY_FOLDERS = 4  # a name in more folders than this is a number that every patient has

_CHANGES = (
    "augmented|aug|flipped|flip|hflip|vflip|fliplr|flipud|mirrored|mirror|rotated|rotate|rot|blurred|blur|noisy|noise|"
    "brightness|bright|zoomed|zoom|cropped|crop|scaled|sheared|shear|elastic|shifted|shift|translated|transformed|copy"
)
_EXPORTED = re.compile(r"([_-](png|jpe?g|tiff?|bmp))?\.rf\.[0-9a-z]+$", re.IGNORECASE)
_BEFORE = re.compile(rf"^(rot(ated|ate)?[_-](90|180|270)|({_CHANGES})\d*)[ _-]+", re.IGNORECASE)
_AFTER = re.compile(rf"[ _-]+({_CHANGES})(\d*|[_-](\d{{1,2}}|180|270))$", re.IGNORECASE)
_SLICE = re.compile(r"^(?P<scan>.*\d.*?)([_-](z|slice|sl|s|axial|frame))?[_-]\d{1,4}$", re.IGNORECASE)
_TCGA = re.compile(r"(TCGA[-_][A-Z0-9]{2}[-_][A-Z0-9]{4})(?![A-Za-z0-9])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Grouping:
    """Which pictures a split keeps together.

    Attributes:
        groups: the group of each picture, in their order.
        kind: what a group is: patient, source image or look-alike cluster.
        copies: pictures that are changed copies of a source by their names.
        joined: groups by name that became one because of how their pictures look.
        why: what the groups were told by, for a sentence.
    """

    groups: tuple[str, ...]
    kind: str
    copies: int
    joined: int
    why: str


def source_of(stem: str) -> str:
    """Return a file name's stem without what augmentation and exports add: `flipped_`, `_aug3`, `.rf.<hash>`."""
    source = _EXPORTED.sub("", stem)
    while (shorter := _AFTER.sub("", _BEFORE.sub("", source))) != source and shorter:
        source = shorter
    return source


def patient_of(stem: str) -> str | None:
    """Return the TCGA patient that a name starts with, such as `TCGA_CS_4941`, or None."""
    found = _TCGA.match(stem)
    return found.group(1).upper() if found else None


def group(stems: Sequence[str], folders: Sequence[str], thumbnails: Sequence[Thumbnail | None]) -> Grouping:
    """Decide which pictures a split keeps together; in doubt more of them, so that nothing leaks.

    Args:
        stems: the pictures' names without suffix.
        folders: the folder of each, without words such as train and test; "" where there is none.
        thumbnails: what each looks like; None where that says nothing.
    """
    sources = [source_of(stem) for stem in stems]
    copies = sum(source != stem for source, stem in zip(sources, stems, strict=True))
    groups, kind, why = _by_name(sources, folders)
    clustered = _joined(groups, look_alikes(thumbnails))
    joined = len(set(groups)) - len(set(clustered))
    if joined:
        kind, why = "look-alike cluster", f"{why} and how they look"
    return Grouping(tuple(clustered), kind, copies, joined, why)


def _by_name(sources: list[str], folders: Sequence[str]) -> tuple[list[str], str, str]:
    patients = [patient for source in sources if (patient := patient_of(source))]
    if len(patients) == len(sources):
        return patients, "patient", "the patient in their names"
    places = set(folders)
    if len(places) >= LEAST_FOLDERS and all(re.search(r"\d", place) for place in places):
        return list(folders), "source image", "their numbered folders"
    scans = _scans(sources, folders)
    return _told_apart(scans, folders), "source image", "their names" if scans == sources else "the scan in their names"


def _scans(sources: list[str], folders: Sequence[str]) -> list[str]:
    """Return the scan of each slice, in folders where all names end in a slice's number: `10001_66` is of `10001`."""
    inside: dict[str, list[int]] = defaultdict(list)
    for index, folder in enumerate(folders):
        inside[folder].append(index)
    scans = list(sources)
    for indices in inside.values():
        found = [_SLICE.match(sources[index]) for index in indices]
        named = [match["scan"] for match in found if match]
        if len(named) == len(indices) and len(set(named)) >= LEAST_SCANS:
            for index, scan in zip(indices, named, strict=True):
                scans[index] = scan
    return [patient_of(source) or scan for source, scan in zip(sources, scans, strict=True)]


def _told_apart(names: list[str], folders: Sequence[str]) -> list[str]:
    """Add its folder to each name that occurs in too many of them to mean one source."""
    seen: dict[str, set[str]] = defaultdict(set)
    for name, folder in zip(names, folders, strict=True):
        seen[name].add(folder)
    pairs = zip(names, folders, strict=True)
    return [f"{name} of {folder}" if len(seen[name]) > MANY_FOLDERS else name for name, folder in pairs]


def _joined(groups: Sequence[str], pairs: Sequence[tuple[int, int]]) -> list[str]:
    """Join groups that hold pictures of one pair, each called by the first of its names."""
    parent = {name: name for name in groups}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for first, second in pairs:
        one, other = sorted((root(groups[first]), root(groups[second])))
        parent[other] = one
    return [root(name) for name in groups]
