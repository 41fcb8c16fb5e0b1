"""COCO folders: pictures, and annotation files that say what is drawn on them; train, valid and test are merged."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from core.case import Case, Source
from core.data import limits
from core.data.formats.coco_json import Annotation, CocoFile, coco_file
from core.data.formats.picture import PICTURE
from core.data.layouts.coco_findings import category_findings, colour_findings, outline_findings, why
from core.data.layouts.look_alikes import Grouping, group, source_of
from core.data.layouts.paired_findings import grouping_findings
from core.data.layouts.spec import Layout
from core.data.layouts.surveying import Look, survey_images
from core.data.refusal import Finding, InputRefusedError

NAME = "coco"
GREY = "image"  # what a grey picture's only channel is called
COLOURS = ("red", "green", "blue")
DIVISIONS = frozenset({"train", "training", "val", "valid", "validation", "test", "testing"})
KEYS = (b'"images"', b'"annotations"', b'"categories"')
SNIFFED_BYTES = 1 << 16  # the first key stands there, behind whatever the exporter says about itself
ID_LENGTH = 60


@dataclass(frozen=True, slots=True)
class _Listed:
    """One annotation file: where it stands below the folder, what its case ids begin with, and what it says."""

    path: Path
    label: str
    prefix: str
    document: CocoFile

    @property
    def folders(self) -> tuple[str, ...]:
        return PurePosixPath(self.label.lower()).parts[:-1]


@dataclass(frozen=True, slots=True)
class _Picture:
    """One image whose file is there."""

    listed: _Listed
    image_id: int
    file: Path
    stem: str

    @property
    def name(self) -> str:
        """Its name without folders and suffix."""
        return PurePosixPath(self.stem).name

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        return self.listed.document.annotations.get(self.image_id, ())


def read_coco(root: Path) -> Layout | None:
    """List the images below `root` that a COCO file lists, or return None when there is no such file.

    An image on which nothing is drawn gets an empty reference, not a missing one.

    Raises:
        InputRefusedError: the set as a whole cannot be used: boxes only, every image missing, or a broken file.
    """
    files, by_name = _files(root)
    listed = _annotation_files(root, files)
    if not listed:
        return None
    _require_same_categories(listed)
    findings = [f.about("", entry.label) for entry in listed for f in entry.document.findings]
    pictures, missing = _pictures(root, listed, by_name)
    if not pictures:
        raise InputRefusedError(*findings, *missing)
    pictures, dropped = _usable(pictures)
    cases, grouping, looks = _cases(pictures)
    drawn = [picture.annotations for picture in pictures]
    names = listed[0].document.names
    copies = len(pictures) - len({(source_of(picture.name), _place(picture)) for picture in pictures})
    findings += [*missing, *dropped, *outline_findings(drawn), *category_findings(names), *colour_findings(looks)]
    divided = any(DIVISIONS.intersection(entry.folders) for entry in listed)
    return Layout(
        name=NAME,
        cases=tuple(cases),
        findings=(*findings, *grouping_findings(replace(grouping, copies=copies), divided)),
        scheme="binary" if len(names) == 1 else None,
        why=why([entry.label for entry in listed], drawn, names, grouping.why),
    )


def _files(root: Path) -> tuple[list[Path], dict[str, list[Path]]]:
    """Return every file below `root` that is not hidden, and where each file name stands."""
    below = (path for path in root.rglob("*") if not path.name.startswith("."))
    files = sorted(path for path in itertools.islice(below, limits.MAX_FOLDER_FILES) if path.is_file())
    by_name: dict[str, list[Path]] = defaultdict(list)
    for path in files:
        by_name[path.name].append(path)
    return files, by_name


def _annotation_files(root: Path, files: Iterable[Path]) -> list[_Listed]:
    found = []
    for path in files:
        if path.suffix.lower() == ".json" and (_says_so(path) or _looks_like_it(path)):
            label = path.relative_to(root).as_posix()
            try:
                found.append((path, label, coco_file(path)))
            except InputRefusedError as error:
                # any other JSON may have a list called images
                if _says_so(path) or error.findings[0].code != "coco_json":
                    raise InputRefusedError(*(finding.about("", label) for finding in error.findings)) from None
    alone = len(found) == 1
    one_folder = len({path.parent for path, _, _ in found}) == 1
    return [
        _Listed(path, label, "" if alone else _prefix(root, path, one_folder), document)
        for path, label, document in found
    ]


def _says_so(path: Path) -> bool:
    return path.name.lower().endswith(".coco.json")


def _looks_like_it(path: Path) -> bool:
    with path.open("rb") as stream:
        start = stream.read(SNIFFED_BYTES)
    return any(key in start for key in KEYS)


def _prefix(root: Path, path: Path, one_folder: bool) -> str:
    """Return what tells one annotation file's images from another's: the file's name, or its folder's."""
    return path.stem if one_folder else "-".join(path.parent.relative_to(root).parts)


def _require_same_categories(listed: Sequence[_Listed]) -> None:
    first = listed[0]
    for other in listed[1:]:
        if other.document.names != first.document.names:
            found = f"the categories {', '.join(other.document.names)}"
            expected = f"{', '.join(first.document.names)} as in {first.label}"
            fix = "import sets of different categories one by one"
            raise InputRefusedError(Finding("error", "categories_differ", "", other.label, found, expected, fix))


def _pictures(
    root: Path, listed: Sequence[_Listed], by_name: dict[str, list[Path]]
) -> tuple[list[_Picture], list[Finding]]:
    """Find the file of every listed image."""
    pictures: list[_Picture] = []
    findings = []
    for entry in listed:
        missing = ambiguous = 0
        for image in entry.document.images.values():
            given = PurePosixPath(image.file_name.replace("\\", "/"))
            places = _places(root, entry.path.parent, given, by_name)
            if len(places) == 1:
                pictures.append(_Picture(entry, image.image_id, places[0], _stem(given)))
            missing += not places
            ambiguous += len(places) > 1
        total = len(entry.document.images)
        if missing:
            found, expected = f"{missing} of {total} listed images missing", "every image beside its annotation file"
            fix = "put the images there; until then they are left out"
            findings.append(Finding("error", "missing_images", "", entry.label, found, expected, fix))
        if ambiguous:
            found = f"{ambiguous} of {total} listed images found in several folders"
            expected, fix = "one file of each name", "put the images beside the annotation file"
            findings.append(Finding("error", "ambiguous_images", "", entry.label, found, expected, fix))
    return pictures, findings


def _stem(given: PurePosixPath) -> str:
    """Return an image's name without its suffix, with its folders unless they are those of another machine."""
    foreign = given.is_absolute() or ".." in given.parts or ":" in given.parts[0]
    return given.stem if foreign else given.with_suffix("").as_posix()


def _places(root: Path, folder: Path, given: PurePosixPath, by_name: dict[str, list[Path]]) -> list[Path]:
    """Return where a listed image may be: beside its annotation file, else wherever its name stands below `root`."""
    beside = folder / given
    if ".." not in given.parts and not given.is_absolute() and beside in by_name.get(given.name, ()):
        return [beside]
    elsewhere = by_name.get(given.name, [])
    ending = [path for path in elsewhere if path.relative_to(root).parts[-len(given.parts) :] == given.parts]
    return ending or elsewhere


def _usable(pictures: Sequence[_Picture]) -> tuple[list[_Picture], list[Finding]]:
    """Leave out images that are listed twice, and those with boxes that nobody outlined.

    Raises:
        InputRefusedError: nothing in the set is outlined.
    """
    drawn = [annotation for picture in pictures for annotation in picture.annotations]
    boxes = sum(not annotation.segmentation for annotation in drawn)
    if drawn and boxes == len(drawn):
        found = f"{boxes} of {len(drawn)} annotations with a box and no outline (an empty segmentation)"
        expected = "polygons or run lengths: this is a detection set, not a segmentation set"
        fix = "draw the outlines, or choose a set that has them"
        labels = sorted({picture.listed.label for picture in pictures})
        raise InputRefusedError(Finding("error", "boxes_only", "", labels[0], found, expected, fix))
    count = Counter(picture.file for picture in pictures)
    once = [picture for picture in pictures if count[picture.file] == 1]
    whole = [picture for picture in once if all(annotation.segmentation for annotation in picture.annotations)]
    findings = []
    if len(once) < len(pictures):
        found = f"{sum(n > 1 for n in count.values())} image(s) that are listed more than once"
        fix = "leave one annotation file in the folder, with one entry per image; until then these are left out"
        findings.append(Finding("error", "duplicate_image", "", "", found, "one entry per image", fix))
    if len(whole) < len(once):
        found = f"{len(once) - len(whole)} image(s) with a box that has no outline"
        fix = "draw the missing outlines; until then these images are left out"
        findings.append(Finding("error", "boxes_only", "", "", found, "an outline for everything", fix))
    return whole, findings


def _cases(pictures: Sequence[_Picture]) -> tuple[list[Case], Grouping, list[Look]]:
    looks = survey_images([picture.file for picture in pictures])
    names = [picture.name for picture in pictures]
    grouping = group(names, [_place(picture) for picture in pictures], [look.thumbnail for look in looks])
    cases = []
    for picture, look, case_id, group_id in zip(pictures, looks, _case_ids(pictures), grouping.groups, strict=True):
        reference = Source((picture.listed.path,), NAME, picture.image_id)
        channels = COLOURS if look.colour else (GREY,)
        sources = {channel: Source((picture.file,), PICTURE.name, index) for index, channel in enumerate(channels)}
        cases.append(Case(case_id, group_id, group_id, grouping.kind, sources, reference))
    return sorted(cases, key=lambda case: case.case_id), grouping, looks


def _place(picture: _Picture) -> str:
    """Return the folders that tell images of one name apart; a copy in train and one in test are of one source."""
    folders = (*picture.listed.folders, *PurePosixPath(picture.stem).parts[:-1])
    return "-".join(folder for folder in folders if folder.lower() not in DIVISIONS)


def _case_ids(pictures: Sequence[_Picture]) -> list[str]:
    bases = [
        _plain(
            "-".join(part for part in (p.listed.prefix, *PurePosixPath(p.stem).parts[:-1], source_of(p.name)) if part)
        )
        for p in pictures
    ]
    count = Counter(base.lower() for base in bases)
    taken: set[str] = set()
    ids = []
    for picture, base in zip(pictures, bases, strict=True):
        alone = count[base.lower()] == 1 and base.lower() not in taken
        ids.append(base if alone else _told_apart(base, picture, taken))
        taken.add(ids[-1].lower())
    return ids


def _plain(name: str) -> str:
    """Return what of a name can be a folder's name; names that differ elsewhere only get a part of their hash."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")
    if plain == name.replace("/", "-") and len(plain) <= ID_LENGTH:
        return plain
    return f"{plain[:ID_LENGTH].rstrip('-._') or 'image'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _told_apart(base: str, picture: _Picture, taken: set[str]) -> str:
    """Tell copies of one source apart by a part of their names' hash."""
    whole_name = f"{picture.listed.label}/{picture.stem}{picture.file.suffix}"
    digest = hashlib.sha256(whole_name.encode()).hexdigest()
    candidates = (f"{base[:ID_LENGTH]}-{digest[:length]}" for length in range(6, len(digest)))
    return next(candidate for candidate in candidates if candidate.lower() not in taken)
