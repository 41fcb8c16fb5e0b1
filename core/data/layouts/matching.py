"""Which mask belongs to which image, told by the parts of their names alone. Touches no file."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

Role = Literal["image", "mask"]

# fmt: off
MASK_WORDS = frozenset({
    "mask", "masks", "msk", "seg", "segs", "segmentation", "segmentations", "segmented", "label", "labels", "lbl",
    "gt", "groundtruth", "ground", "truth", "annotation", "annotations", "annot", "anno", "manual", "contour",
    "contours",
})
IMAGE_WORDS = frozenset({
    "image", "images", "img", "imgs", "scan", "scans", "input", "inputs", "original", "originals", "orig",
})
# fmt: on
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\dA-Za-z_]+")
SEPARATORS = " _-."


@dataclass(frozen=True, slots=True)
class Rule:
    """How a name is turned into what images and masks must share.

    Attributes:
        title: what it says of a pair, for a sentence.
        key: from a name to what is compared.
    """

    title: str
    key: Callable[[Name], Hashable]


@dataclass(frozen=True, slots=True)
class Name:
    """A file's path, taken apart.

    Attributes:
        path: below the folder that is read.
        role: what its words say it is; an image where they say nothing.
        says_mask: whether its own name, not only a folder's, holds a word for masks.
        folder: its folders, lower case and without such words; those of which nothing is left are not listed.
        stem: its own name without such words.
    """

    path: PurePath
    role: Role
    says_mask: bool
    folder: tuple[str, ...]
    stem: str

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the stem, lower case, numbers without leading zeros."""
        return tuple(str(int(w)) if w.isascii() and w.isdigit() else w.lower() for w in WORD.findall(self.stem))


@dataclass(frozen=True, slots=True)
class Clash:
    """Images and masks that could be paired in more than one way."""

    images: tuple[Name, ...]
    masks: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Matching:
    """What belongs together.

    Attributes:
        pairs: image, mask and the rule that joined them, in order of the images.
        clashes: what is ambiguous.
        images: those without a mask.
        masks: those without an image.
    """

    pairs: tuple[tuple[Name, Name, Rule], ...]
    clashes: tuple[Clash, ...]
    images: tuple[Name, ...]
    masks: tuple[Name, ...]


RULES = (
    Rule("the same name in matching folders", lambda name: (name.folder, name.stem.lower())),
    Rule("a name that occurs once among images and once among masks", lambda name: name.stem.lower()),
    Rule("the same words and numbers", lambda name: name.words),
)
LONGER_NAME = Rule("a mask's name that begins as the image's", lambda name: name.words)


def match(paths: Sequence[PurePath]) -> Matching:
    """Pair images with masks by name.

    A role comes from the nearest folder or from the file's own name. Rules are tried from the strictest to the
    loosest; what one of them joins in more than one way is a clash and is not tried again.

    Args:
        paths: picture files below one folder.
    """
    names = _names(paths)
    left = {role: [name for name in names if name.role == role] for role in ("image", "mask")}
    pairs: list[tuple[Name, Name, Rule]] = []
    clashes: list[Clash] = []
    settled: set[tuple[str, ...]] = set()  # a folder whose pairs lie together has its masks nowhere else
    for rule in RULES:
        found, unclear = _apply(rule, left["image"], left["mask"], settled)
        pairs += found
        clashes += unclear
        settled |= {image.folder for image, mask, _ in found if image.folder == mask.folder}
        used = {name.path for pair in found for name in pair[:2]}
        used |= {name.path for clash in unclear for name in (*clash.images, *clash.masks)}
        left = {role: [name for name in kept if name.path not in used] for role, kept in left.items()}
    pairs, extra, images, masks = _longer_names(pairs, left["image"], left["mask"])
    pairs.sort(key=lambda pair: pair[0].path)
    return Matching(tuple(pairs), (*clashes, *extra), tuple(images), tuple(masks))


def _apply(
    rule: Rule, images: list[Name], masks: list[Name], settled: set[tuple[str, ...]]
) -> tuple[list[tuple[Name, Name, Rule]], list[Clash]]:
    by_key: dict[Hashable, tuple[list[Name], list[Name]]] = defaultdict(lambda: ([], []))
    for name in (*images, *masks):
        key = rule.key(name), name.folder if name.folder in settled else None
        by_key[key][name.role == "mask"].append(name)
    pairs, clashes = [], []
    for these_images, these_masks in by_key.values():
        if len(these_images) == len(these_masks) == 1:
            pairs.append((these_images[0], these_masks[0], rule))
        elif these_images and these_masks:
            clashes.append(Clash(tuple(these_images), tuple(these_masks)))
    return pairs, clashes


def _longer_names(
    pairs: list[tuple[Name, Name, Rule]], images: list[Name], masks: list[Name]
) -> tuple[list[tuple[Name, Name, Rule]], list[Clash], list[Name], list[Name]]:
    """Give masks that are left to the image whose words theirs begin with; a second mask for one image clashes."""
    taken = {image.path: (image, mask, rule) for image, mask, rule in pairs}
    by_words = {(name.folder, name.words): name for name in images if name.words}
    paired_words = {(image.folder, image.words): image for image, _, _ in pairs if image.words}
    claims: dict[PurePath, list[Name]] = defaultdict(list)
    alone = []
    for mask in masks:
        beginnings = [(mask.folder, mask.words[:count]) for count in range(len(mask.words), 0, -1)]
        owner = next((by_words[start] for start in beginnings if start in by_words), None)
        if owner is None and mask.says_mask:
            owner = next((paired_words[start] for start in beginnings if start in paired_words), None)
        if owner is None:
            alone.append(mask)
        else:
            claims[owner.path].append(mask)
    clashes = []
    owners = {name.path: name for name in images}
    for path, claimed in claims.items():
        if path in taken:
            image, mask, _ = taken.pop(path)
            clashes.append(Clash((image,), (mask, *claimed)))
        elif len(claimed) > 1:
            clashes.append(Clash((owners[path],), tuple(claimed)))
        else:
            taken[path] = (owners[path], claimed[0], LONGER_NAME)
    return list(taken.values()), clashes, [name for name in images if name.path not in claims], alone


def _names(paths: Sequence[PurePath]) -> list[Name]:
    shared = _shared_folders(paths)
    from_folder = {path: _folder_role(path.parts[shared:-1]) for path in paths}
    # names such as seg_001.png in images/ and in masks/: there the folders tell, and the word in the name does not
    folders_tell = {"image", "mask"} <= set(from_folder.values())
    names = []
    for path in paths:
        says_mask = _role_of(path.stem) == "mask"
        role = from_folder[path] if folders_tell else None
        role = role or _role_of(path.stem) or from_folder[path] or "image"
        folder = tuple(filter(None, (_without_roles(part).lower() for part in path.parts[shared:-1])))
        names.append(Name(path, role, says_mask, folder, _without_roles(path.stem)))
    return names


def _shared_folders(paths: Sequence[PurePath]) -> int:
    """Return how many leading folders all paths share: they tell no image from no mask."""
    shared = 0
    for level in zip(*(path.parts[:-1] for path in paths), strict=False):
        if len(set(level)) > 1:
            break
        shared += 1
    return shared


def _folder_role(folders: Sequence[str]) -> Role | None:
    return next((role for folder in reversed(folders) if (role := _role_of(folder, folder_of_both=True))), None)


def _role_of(text: str, folder_of_both: bool = False) -> Role | None:
    words = [word.lower() for word in WORD.findall(text)]
    mask, image = MASK_WORDS.intersection(words), IMAGE_WORDS.intersection(words)
    if mask and image and folder_of_both:
        return None  # "images and masks": a folder of both
    return "mask" if mask else "image" if image else None


def _without_roles(text: str) -> str:
    """Return a name without its words for images and masks, nor the separators that held them."""
    kept, end = [], 0
    for found in WORD.finditer(text):
        if found.group().lower() in MASK_WORDS | IMAGE_WORDS:
            kept.append(text[end : found.start()].rstrip(SEPARATORS))
            end = found.end()
    return "".join([*kept, text[end:]]).strip(SEPARATORS)
