"""What to say about a COCO set as a whole: rectangles for outlines, several categories, mixed colours."""

from __future__ import annotations

from collections.abc import Sequence

from core.data.formats.coco import is_rectangle
from core.data.formats.coco_json import Annotation
from core.data.layouts.surveying import Look
from core.data.refusal import Finding, InputRefusedError

Drawn = Sequence[Sequence[Annotation]]

RECTANGLES = 0.9  # share of upright rectangles from which a model learns boxes
# an ellipse fills pi / 4 of the box around it: 2 (pi / 4) / (1 + pi / 4)
ELLIPSE_IN_BOX = 0.88


def outline_findings(drawn: Drawn) -> list[Finding]:
    """Say whether the outlines of a set are upright rectangles, or whether there are none.

    Args:
        drawn: the annotations of each image.
    """
    outlines = [annotation.segmentation for annotations in drawn for annotation in annotations]
    if not outlines:
        found, expected = f"nothing drawn on any of {len(drawn)} images", "outlines, to train or score with"
        fix = "check that the annotations were exported too"
        return [Finding("warning", "no_annotations", "", "", found, expected, fix)]
    upright = sum(_is_rectangle(outline) for outline in outlines)
    if upright < RECTANGLES * len(outlines):
        return []
    found = f"{upright} of {len(outlines)} outlines that are upright rectangles"
    fix = (
        "a model that learns from these learns boxes, and its Dice is capped: "
        f"an ellipse and the box around it overlap at {ELLIPSE_IN_BOX}; choose a set with drawn outlines"
    )
    return [Finding("warning", "rectangles", "", "", found, "outlines that follow what they show", fix)]


def category_findings(names: Sequence[str]) -> list[Finding]:
    """Say which labels several categories become; one category is foreground."""
    if len(names) == 1:
        return []
    found = "the categories " + ", ".join(f"{label} {name}" for label, name in enumerate(names, start=1))
    fix = "give the file of a scheme that names these labels with --scheme"
    return [Finding("note", "categories", "", "", found, "a label scheme of the same classes", fix)]


def colour_findings(looks: Sequence[Look]) -> list[Finding]:
    """Say whether some images are in colour and others grey."""
    coloured = sum(look.colour for look in looks)
    if coloured in (0, len(looks)):
        return []
    found = f"{coloured} images in colour and {len(looks) - coloured} in grey"
    return [Finding("warning", "mixed_colour", "", "", found, "images of one kind", "train on one kind at a time")]


def why(files: Sequence[str], drawn: Drawn, names: Sequence[str], grouped_by: str) -> str:
    """Return the sentence that says what the folder was taken for, and by what."""
    outlines = sum(len(annotations) for annotations in drawn)
    listed = f"{files[0]} lists" if len(files) == 1 else f"{len(files)} annotation files such as {files[0]} list"
    return (
        f"COCO, because {listed} {len(drawn)} of the images here with {outlines} outlines of {', '.join(names[:5])}; "
        f"images are kept together by {grouped_by}"
    )


def _is_rectangle(outline: object) -> bool:
    try:
        return is_rectangle(outline)
    except InputRefusedError:  # its image is refused when it is read
        return False
