"""What the gate says about a folder of images and masks: what was matched, what was not, and what is odd."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from core.data.formats.palette import Tally, choose_palette, together
from core.data.layouts.look_alikes import Grouping, patient_of
from core.data.layouts.matching import Clash, Matching, Name
from core.data.layouts.surveying import Look
from core.data.refusal import Finding, Severity


def why(matching: Matching, grouping: Grouping) -> str:
    """Say in one sentence what the folder was taken for, and by what."""
    rules = Counter(rule.title for _, _, rule in matching.pairs)
    by_rule = "; ".join(f"{count} by {title}" for title, count in rules.items())
    image, mask, _ = matching.pairs[0]
    shown = f"{_shape(image)} with {_shape(mask)}"
    groups = f"{len(set(grouping.groups))} groups by {grouping.why}"
    return f"images with masks: {len(matching.pairs)} pairs such as {shown} ({by_rule}); {groups}"


def unmatched(matching: Matching) -> list[Finding]:
    """Say which pictures have no partner, and which have more than one."""
    findings = [_clash(clash) for clash in matching.clashes]
    if matching.images and (matching.pairs or matching.masks):
        first, count = matching.images[0].path.name, len(matching.images)
        found = f"{count} image(s) without a mask, this one first"
        fix = "name masks as their images, or leave these without a reference"
        findings.append(Finding("warning", "image_without_mask", "", first, found, "a mask for each image", fix))
    if matching.masks:
        first, count = matching.masks[0].path.name, len(matching.masks)
        severity: Severity = "warning" if matching.pairs else "error"
        found = f"{count} mask(s) without an image, this one first"
        fix = "name masks as their images; these were left out"
        findings.append(Finding(severity, "mask_without_image", "", first, found, "an image for each mask", fix))
    return findings


def no_flat_colours(masks: int) -> Finding:
    """Refuse masks that are pictures themselves."""
    found, fix = f"{masks} mask(s) without flat colours", "check which folder holds the masks"
    return Finding("error", "not_a_mask", "", "", found, "masks drawn in a few colours", fix)


def conflicting_palettes(masks: Sequence[Name], tallies: Sequence[Tally | None]) -> list[Finding]:
    """Warn where folders of one import draw in colours of their own, so that one label may mean two things."""
    by_folder: dict[str, list[Tally]] = defaultdict(list)
    for mask, tally in zip(masks, tallies, strict=True):
        if tally is not None:
            by_folder["/".join(mask.folder) or "the top folder"].append(tally)
    palettes = {folder: choose_palette(together(found)) for folder, found in by_folder.items()}
    drawn = {folder: set(palette) for folder, palette in palettes.items() if palette is not None}
    ordered = sorted(drawn, key=lambda folder: len(drawn[folder]))
    odd = [f for n, f in enumerate(ordered) if any(not drawn[f] <= drawn[larger] for larger in ordered[n + 1 :])]
    if not odd:
        return []
    found = f"{len(drawn)} folders whose masks are drawn in colours of their own"
    fix = "import each of them by itself, unless one colour means the same in all"
    return [Finding("warning", "palettes_differ", "", "", found, "one set of colours", fix)]


def image_findings(images: Sequence[Name], looks: Sequence[Look], modalities: Sequence[str]) -> list[Finding]:
    """Say where images are not all of one kind, or where their colours are sequences."""
    findings = []
    coloured = sum(look.colour for look in looks)
    if 0 < coloured < len(looks):
        found = f"{coloured} images in colour and {len(looks) - coloured} in grey"
        fix = "train on one kind at a time"
        findings.append(Finding("warning", "mixed_colour", "", "", found, "images of one kind", fix))
    kinds = Counter(kind for kind, look in zip(modalities, looks, strict=True) if not look.colour)
    if len(kinds) > 1:
        found = "images named " + ", ".join(f"{kind} ({count})" for kind, count in kinds.items())
        fix = "import each sequence by itself"
        findings.append(Finding("warning", "mixed_modalities", "", "", found, "images of one sequence", fix))
    if coloured and all(patient_of(name.path.stem) for name in images):
        found = "colours in slices named as those of TCGA-LGG, where they are three sequences"
        fix = "prefer the original .tif files: JPEG blends the sequences into each other"
        findings.append(Finding("warning", "sequences_as_colour", "", "", found, "one channel per sequence", fix))
    return findings


def grouping_findings(grouping: Grouping, divided: bool) -> list[Finding]:
    """Say what a split has to keep together.

    Args:
        grouping: what belongs together.
        divided: whether the folder comes with parts of its own, such as train and test.
    """
    findings = []
    groups = len(set(grouping.groups))
    if grouping.copies:
        found = f"{grouping.copies} of {len(grouping.groups)} images named as changed copies (flipped, rotated, .rf.)"
        fix = f"they count as {groups} groups, and a split keeps each together"
        findings.append(Finding("warning", "augmented_copies", "", "", found, "original images", fix))
    if grouping.joined:
        found = f"images that look the same under unrelated names ({grouping.joined} groups joined another)"
        fix = "a split keeps them together; remove doubles to train on each once"
        findings.append(Finding("warning", "look_alikes", "", "", found, "every image once", fix))
    if divided:
        found, fix = "folders called train, val or test", "make a split; groups, not folders, are kept apart"
        findings.append(Finding("note", "own_division", "", "", found, "a split made here", fix))
    return findings


def _clash(clash: Clash) -> Finding:
    names = [name.path.as_posix() for name in (*clash.images, *clash.masks)]
    listed = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    found = f"{len(clash.images)} image(s) and {len(clash.masks)} mask(s) that could belong together: {listed}"
    fix = "remove the surplus or rename the files; none of them was used"
    # called by a name that stands in the sentence, so that the sentence goes where names are left out
    return Finding("error", "ambiguous_pair", names[0], "", found, "one mask for one image", fix)


def _shape(name: Name) -> str:
    """Return where a file lies, without its own name, which may be a person's."""
    folder = name.path.parent.name
    return f"{folder}/*{name.path.suffix}" if folder else f"*{name.path.suffix}"
