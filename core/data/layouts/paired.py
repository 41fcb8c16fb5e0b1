"""Folders of images and masks as pictures, nested in any way, matched by the parts of their names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from core.case import SAFE_NAME, Case, Source
from core.data.formats.picture import PICTURE
from core.data.layouts.listing import files_below
from core.data.layouts.look_alikes import Grouping, group
from core.data.layouts.matching import Name, match
from core.data.layouts.paired_findings import (
    conflicting_palettes,
    grouping_findings,
    image_findings,
    no_flat_colours,
    unmatched,
    why,
)
from core.data.layouts.spec import Layout
from core.data.layouts.surveying import colours_of, mask_findings, survey_images, survey_masks
from core.data.modality import from_text
from core.data.refusal import Finding, InputRefusedError

NAME = "paired"
COLOURS = ("red", "green", "blue")
UNNAMED = "image"
KNOWN_MODALITIES = frozenset({"t1n", "t1c", "t2w", "t2f", "ct"})
DIVISION = re.compile(r"train(ing)?|val(id|idation)?|test(ing)?|fold[_-]?\d*")
LONGEST_ID = 90  # leaves room for a number behind it


def read_paired(root: Path) -> Layout | None:
    """List the images below `root` with their masks, one case per image, or return None where no name says mask.

    Raises:
        InputRefusedError: there are masks and none fits an image, or the masks have no flat colours.
    """
    matching = match([path.relative_to(root) for path in files_below(root, PICTURE.suffixes)])
    if not matching.pairs:
        if problems := unmatched(matching):
            raise InputRefusedError(*problems)
        return None
    masks = {image.path: mask for image, mask, _ in matching.pairs}
    images = sorted([image for image, _, _ in matching.pairs] + list(matching.images), key=lambda name: name.path)
    tallies = survey_masks([root / mask.path for mask in masks.values()])
    colours = colours_of(tallies)
    if colours is None:
        raise InputRefusedError(no_flat_colours(len(tallies)))
    references = {
        path: Source((root / mask.path,), PICTURE.name, palette=colours.palette) for path, mask in masks.items()
    }
    taken = take_pictures(root, images, references)
    findings = (
        *unmatched(matching),
        *mask_findings(colours),
        *conflicting_palettes(list(masks.values()), tallies),
        *taken.findings,
    )
    scheme = "binary" if colours.binary else None
    return Layout(NAME, taken.cases, findings, scheme, why(matching, taken.groups))


@dataclass(frozen=True, slots=True)
class Taken:
    """Pictures as cases, one each.

    Attributes:
        cases: in order of their ids.
        groups: what a split keeps together.
        findings: what is odd about the images.
    """

    cases: tuple[Case, ...]
    groups: Grouping
    findings: tuple[Finding, ...]


def take_pictures(root: Path, images: Sequence[Name], references: Mapping[PurePath, Source]) -> Taken:
    """Look at every image and make a case of it.

    Args:
        root: the folder that is read.
        images: below it, in order of their paths.
        references: the mask of each image that has one, by the image's path.
    """
    looks = survey_images([root / name.path for name in images])
    groups = group([called(name) for name in images], [place_of(name) for name in images], [k.thumbnail for k in looks])
    modalities = [_modality(root, name) for name in images]
    cases = []
    for name, case_id, look, modality, group_id in zip(
        images, case_ids(images), looks, modalities, groups.groups, strict=True
    ):
        channels = COLOURS if look.colour else (modality,)
        file = (root / name.path,)
        sources = {channel: Source(file, PICTURE.name, index) for index, channel in enumerate(channels)}
        cases.append(Case(case_id, group_id, group_id, groups.kind, sources, references.get(name.path)))
    findings = (
        *image_findings(images, looks, modalities),
        *grouping_findings(groups, divided=any(DIVISION.fullmatch(part) for name in images for part in name.folder)),
    )
    return Taken(tuple(sorted(cases, key=lambda case: case.case_id)), groups, findings)


def case_ids(names: Sequence[Name]) -> list[str]:
    """Return what each image's case is called: its name, its folders before it where names repeat.

    What cannot be part of a folder's name becomes `_`; what is still the same gets a number.
    """
    counts = Counter(_safe(called(name)).lower() for name in names)
    used: Counter[str] = Counter()
    ids = []
    for name in names:
        short = _safe(called(name))
        whole = short if counts[short.lower()] == 1 else _safe("-".join((*name.folder, called(name))))
        used[whole.lower()] += 1
        ids.append(whole if used[whole.lower()] == 1 else f"{whole}-{used[whole.lower()]}")
    return ids


def called(name: Name) -> str:
    """Return what an image is called: its name without a closing `_image`, or its folder where that says no more."""
    if not name.stem and name.folder:
        return name.folder[-1]
    return re.sub(r"[ _-](image|img)$", "", name.path.stem, flags=re.IGNORECASE)


def place_of(name: Name) -> str:
    """Return the folders that tell images of one name apart; a copy in train and one in test are of one source."""
    return "-".join(part for part in name.folder if not DIVISION.fullmatch(part))


def _safe(text: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", text)[-LONGEST_ID:].lstrip("._-")
    return plain if SAFE_NAME.fullmatch(plain) else "image"


def _modality(root: Path, name: Name) -> str:
    """Return what a grey image is taken for: what the words of its path say, else `image`."""
    guess = from_text(" ".join((root.name, *name.path.parent.parts, name.path.stem)))
    return guess.modality if guess and not guess.asks and guess.modality in KNOWN_MODALITIES else UNNAMED
