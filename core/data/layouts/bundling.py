"""Which files of a folder belong together, told by their folders, names and shapes. Reads nothing itself."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.case import BRATS_MODALITIES
from core.data import limits
from core.data.layouts.listing import stem_of
from core.data.modality import Guess, from_text, tells_sequence

UNNAMED = "image"
# fmt: off
MASK_WORDS = frozenset({
    "seg", "segs", "segm", "segmentation", "segmentations", "mask", "masks", "label", "labels", "truth", "gt", "roi",
    "rois", "lesion", "lesions", "annotation", "annotations", "output", "pred", "prediction", "ref", "reference",
})
IMAGE_WORDS = frozenset({"image", "images", "img", "imgs", "scan", "scans", "raw", "volume", "volumes"})
# fmt: on
WORD = re.compile(r"[A-Za-z]+\d*[A-Za-z]*|\d+")

Shape = tuple[int, ...] | None
ShapeOf = Callable[[Path], Shape]
Judge = Callable[[Sequence[Path]], Sequence[Guess]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A volume's file, taken apart.

    Attributes:
        path: of the file.
        mask: whether its words say that it is one.
        guess: the modality its name or its folder's says, or None.
        folder: its folders below the one that is read, without words for roles and modalities.
        rest: the words of its name that say neither role nor modality.
    """

    path: Path
    mask: bool
    guess: Guess | None
    folder: tuple[str, ...]
    rest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Clash:
    """An image that more than one mask could belong to."""

    image: Entry
    masks: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """Files that are taken for one case."""

    images: tuple[Entry, ...]
    masks: tuple[Entry, ...]

    @property
    def modalities(self) -> list[str]:
        return [entry.guess.modality if entry.guess else UNNAMED for entry in self.images]

    @property
    def distinct(self) -> bool:
        """Whether no sequence occurs twice and there is at most one mask."""
        return len(set(self.modalities)) == len(self.images) and len(self.masks) <= 1


def take_apart(root: Path, path: Path) -> Entry:
    """Take the path of a volume below a folder apart."""
    stem, folders = stem_of(path), path.relative_to(root).parts[:-1]
    words = [word.lower() for word in WORD.findall(stem)]
    said = MASK_WORDS.intersection(words) or MASK_WORDS.intersection(folder.lower() for folder in folders[-1:])
    guess = from_text(stem) or next(filter(None, (from_text(folder) for folder in reversed(folders))), None)
    kept = tuple(f for f in folders if f.lower() not in MASK_WORDS | IMAGE_WORDS and not from_text(f))
    rest = tuple(word for word in words if word not in MASK_WORDS | IMAGE_WORDS and not tells_sequence(word))
    return Entry(path, bool(said), None if said else guess, kept, rest)


def bundle_files(entries: Sequence[Entry], shape_of: ShapeOf, judge: Judge) -> tuple[list[Bundle], list[Clash]]:
    """Put files together that seem to be one case.

    Args:
        entries: the volumes of a folder.
        shape_of: a file to the shape of its voxels, None where that is not known.
        judge: images of one head to their modalities, none where that fails.

    Returns:
        Bundles, those of masks that no image was found for without images, and images with a choice of masks.
    """
    by_name: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Entry]] = defaultdict(list)
    for entry in entries:
        by_name[entry.folder, entry.rest].append(entry)
    by_folder: dict[tuple[str, ...], list[Bundle]] = defaultdict(list)
    for (folder, _), members in by_name.items():
        by_folder[folder] += _split(_bundle(members), shape_of)
    bundles: list[Bundle] = []
    clashes: list[Clash] = []
    judged = 0
    for found in by_folder.values():
        whole = _bundle([entry for bundle in found for entry in (*bundle.images, *bundle.masks)])
        if len(found) > 1 and whole.distinct and len(whole.images) > 1 and _share_a_word(whole.images):
            bundles.append(whole)
            continue
        if judged < limits.MAX_JUDGED_CASES and _nameless(whole, shape_of):
            judged += 1
            if guesses := judge([entry.path for entry in whole.images]):
                told = zip(whole.images, guesses, strict=True)
                bundles.append(Bundle(tuple(replace(entry, guess=guess) for entry, guess in told), whole.masks))
                continue
        paired, unclear = _give_masks(found, shape_of)
        bundles += paired
        clashes += unclear
    return bundles, clashes


def _bundle(entries: Sequence[Entry]) -> Bundle:
    return Bundle(tuple(e for e in entries if not e.mask), tuple(e for e in entries if e.mask))


def _split(bundle: Bundle, shape_of: ShapeOf) -> list[Bundle]:
    """Take apart what cannot be one case: a sequence twice, several masks, a mask of another shape."""
    if bundle.images and bundle.masks:
        shapes = {shape_of(entry.path) for entry in bundle.images}
        fitting = tuple(mask for mask in bundle.masks if shape_of(mask.path) in shapes)
        loose = [Bundle((), (mask,)) for mask in bundle.masks if mask not in fitting]
        bundle = replace(bundle, masks=fitting)
    else:
        loose = []
    if bundle.distinct:
        return [bundle, *loose] if bundle.images or bundle.masks else loose
    singles = [Bundle((image,), ()) for image in bundle.images] + [Bundle((), (mask,)) for mask in bundle.masks]
    return singles + loose


def _nameless(bundle: Bundle, shape_of: ShapeOf) -> bool:
    """Tell whether images may be the sequences of one head although no name says so."""
    count, shapes = len(bundle.images), {shape_of(entry.path) for entry in bundle.images}
    return (
        2 <= count <= len(BRATS_MODALITIES)
        and len(bundle.masks) <= 1
        and not any(entry.guess for entry in bundle.images)
        and len(shapes) == 1
        and None not in shapes
    )


def _share_a_word(images: Sequence[Entry]) -> bool:
    shared = set.intersection(*(set(image.rest) for image in images))
    return any(len(word) > 1 for word in shared) or not any(image.rest for image in images)


def _give_masks(bundles: list[Bundle], shape_of: ShapeOf) -> tuple[list[Bundle], list[Clash]]:
    """Give a folder's left-over masks to its images without one, where shape leaves one choice."""
    lone = [bundle.masks[0] for bundle in bundles if not bundle.images]
    bare = [bundle for bundle in bundles if bundle.images and not bundle.masks]
    if not lone or not bare:
        return bundles, []
    done = [bundle for bundle in bundles if bundle.images and bundle.masks]
    clashes: list[Clash] = []
    used: set[Path] = set()
    for bundle in bare:
        shape = shape_of(bundle.images[0].path)
        fitting = [mask for mask in lone if shape_of(mask.path) == shape]
        rivals = [other for other in bare if shape_of(other.images[0].path) == shape]
        if len(fitting) == 1 and len(rivals) == 1:
            done.append(replace(bundle, masks=(fitting[0],)))
        elif len(rivals) == 1 and fitting:
            clashes.append(Clash(bundle.images[0], tuple(fitting)))
        else:
            done.append(bundle)
            continue
        used.update(mask.path for mask in fitting)
    return done + [Bundle((), (mask,)) for mask in lone if mask.path not in used], clashes
