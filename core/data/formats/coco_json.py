"""COCO's annotation file: which images there are, what is drawn on each, and what its categories are called.

Reference: Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014, and the data format
that its authors describe.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.data import limits
from core.data.refusal import Finding, InputRefusedError

PARTS = ("images", "annotations", "categories")
MAX_CATEGORIES = 255  # what uint8 labels can tell apart
KEPT_FILES = 4  # train, valid and test, and one more


@dataclass(frozen=True, slots=True)
class Annotation:
    """One object: its category and its outline as the file gives it, which is checked when it is drawn."""

    category_id: int
    segmentation: Any
    crowd: bool


@dataclass(frozen=True, slots=True)
class CocoImage:
    """One image that the file lists; `size` is (columns, rows), None where the file does not say."""

    image_id: int
    file_name: str
    size: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class CocoFile:
    """One annotation file.

    Attributes:
        images: by id; images whose id is not theirs alone are left out, and `findings` say so.
        annotations: by image id.
        labels: category id to label, 1 to n in the order of the ids.
        names: the categories' names, in the order of their labels.
        findings: what is wrong or odd in the file as a whole.
    """

    images: Mapping[int, CocoImage]
    annotations: Mapping[int, tuple[Annotation, ...]]
    labels: Mapping[int, int]
    names: tuple[str, ...]
    findings: tuple[Finding, ...]


def coco_file(path: Path) -> CocoFile:
    """Read an annotation file, once per process for as long as it does not change.

    Raises:
        InputRefusedError: it is too large, no JSON, no COCO, or contradicts itself.
        OSError: it cannot be opened.
    """
    facts = path.stat()
    if facts.st_size > limits.MAX_COCO_BYTES:
        found, expected = f"{facts.st_size:,} bytes", f"at most {limits.MAX_COCO_BYTES:,} bytes of JSON"
        raise refused("coco_too_large", found, expected, "split the annotation file into several")
    return _parse(path, facts.st_mtime_ns, facts.st_size)


def refused(code: str, found: str, expected: str, fix: str) -> InputRefusedError:
    """Return the error that says what is wrong with an annotation file."""
    return InputRefusedError(Finding("error", code, "", "", found, expected, fix))


@lru_cache(maxsize=KEPT_FILES)
def _parse(path: Path, _changed_ns: int, _size: int) -> CocoFile:
    document = _json(path)
    images, image_findings = _images(document["images"])
    annotations, findings = _annotations(document["annotations"], {_whole(entry, "id") for entry in document["images"]})
    used = {annotation.category_id for drawn in annotations.values() for annotation in drawn}
    labels, names = _labels(document["categories"], used)
    return CocoFile(images, annotations, labels, names, (*image_findings, *findings))


def _json(path: Path) -> dict[str, list[dict[str, Any]]]:
    try:
        document = json.loads(path.read_bytes())  # bytes: a byte-order mark is then understood
    except (ValueError, RecursionError) as error:
        raise refused(
            "coco_json", f"a file that is not JSON ({error})", "a COCO annotation file", "export it again"
        ) from None
    if not isinstance(document, dict) or not all(isinstance(document.get(part), list) for part in PARTS):
        raise refused("coco_json", "JSON of another kind", f"lists called {', '.join(PARTS)}", "export it as COCO")
    for part in PARTS:
        if not all(isinstance(entry, dict) for entry in document[part]):
            raise refused("coco_json", f"an entry of {part} that is not an object", "COCO's form", "export it again")
    return document


def _images(entries: Sequence[Mapping[str, Any]]) -> tuple[dict[int, CocoImage], list[Finding]]:
    images: dict[int, CocoImage] = {}
    disputed: set[int] = set()
    for entry in entries:
        image = CocoImage(_whole(entry, "id"), _file_name(entry), _size(entry))
        if images.setdefault(image.image_id, image) != image:
            disputed.add(image.image_id)
    for image_id in disputed:
        del images[image_id]
    if not disputed:
        return images, []
    found = f"{len(disputed)} image id(s) that several images share, such as {min(disputed)}"
    fix = "number the images anew; until then these images are left out, for nobody can say what is drawn on which"
    return images, [Finding("error", "duplicate_image_id", "", "", found, "one image per id", fix)]


def _annotations(
    entries: Sequence[Mapping[str, Any]], image_ids: set[int]
) -> tuple[dict[int, tuple[Annotation, ...]], list[Finding]]:
    drawn: dict[int, list[Annotation]] = defaultdict(list)
    orphans = 0
    for entry in entries:
        annotation = Annotation(
            _whole(entry, "category_id"), entry.get("segmentation") or [], entry.get("iscrowd") in (1, True)
        )
        image_id = _whole(entry, "image_id")
        orphans += image_id not in image_ids
        drawn[image_id].append(annotation)
    findings = []
    if orphans:
        found, expected = f"{orphans} annotation(s) of images that are not listed", "every annotation's image"
        findings.append(
            Finding("warning", "orphan_annotations", "", "", found, expected, "they are ignored; export again")
        )
    ids = Counter(str(entry["id"]) for entry in entries if "id" in entry)
    if repeated := sum(count > 1 for count in ids.values()):
        found, expected = f"{repeated} annotation id(s) that are used more than once", "one annotation per id"
        fix = "nothing to do: every one of them is drawn"
        findings.append(Finding("warning", "duplicate_annotation_id", "", "", found, expected, fix))
    return {image_id: tuple(annotations) for image_id, annotations in drawn.items()}, findings


def _labels(entries: Sequence[Mapping[str, Any]], used: set[int]) -> tuple[dict[int, int], tuple[str, ...]]:
    """Number the categories that can be drawn.

    Some exporters list a heading, the supercategory of the others, as a category of its own on which nothing is drawn.
    """
    names = {_whole(entry, "id"): str(entry.get("name", "")) for entry in entries}
    if len(names) < len(entries):
        raise refused("duplicate_category", "two categories of one id", "one category per id", "export it again")
    if unknown := sorted(used - names.keys()):
        found = f"annotations of category {', '.join(map(str, unknown[:5]))}"
        raise refused("unknown_category", found, f"one of {_listed(sorted(names))}", "export it again")
    parents = [(str(entry.get("supercategory")), _whole(entry, "id")) for entry in entries]
    headings = {
        category_id
        for category_id, name in names.items()
        if category_id not in used and any(parent == name and child != category_id for parent, child in parents)
    }
    kept = sorted(names.keys() - headings)
    if not 1 <= len(kept) <= MAX_CATEGORIES:
        raise refused("coco_categories", f"{len(kept)} categories", f"1 to {MAX_CATEGORIES}", "leave out some")
    labels = {category_id: label for label, category_id in enumerate(kept, start=1)}
    return labels, tuple(names[category_id] for category_id in kept)


def _whole(entry: Mapping[str, Any], key: str) -> int:
    value = entry.get(key)
    # some tools write ids as text
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise refused("coco_json", f"{key} {str(value)[:40]!r}", "a whole number", "export it again")
    return value


def _file_name(entry: Mapping[str, Any]) -> str:
    name = entry.get("file_name")
    if not isinstance(name, str) or not _can_be_a_name(name):
        raise refused("coco_json", "an image without a usable file_name", "the name of its file", "export it again")
    return name


def _can_be_a_name(name: str) -> bool:
    lone_surrogate = any("\ud800" <= character <= "\udfff" for character in name)
    return bool(name) and min(name) >= " " and not lone_surrogate and len(name) <= limits.MAX_UPLOAD_NAME_BYTES


def _size(entry: Mapping[str, Any]) -> tuple[int, int] | None:
    if entry.get("width") is None or entry.get("height") is None:
        return None
    columns, rows = _whole(entry, "width"), _whole(entry, "height")
    if not (1 <= columns <= limits.MAX_DIMENSION and 1 <= rows <= limits.MAX_DIMENSION):
        found, expected = f"an image of {columns} × {rows}", f"1 to {limits.MAX_DIMENSION} pixels along each side"
        raise refused("coco_json", found, expected, "export it again")
    return columns, rows


def _listed(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids[:10])) + (" ..." if len(ids) > 10 else "")
