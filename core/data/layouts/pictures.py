"""Pictures without masks, a case each: nothing to learn from, and all that is needed to be segmented."""

from __future__ import annotations

from pathlib import Path

from core.data.formats.picture import PICTURE
from core.data.layouts.listing import files_below
from core.data.layouts.matching import match
from core.data.layouts.paired import take_pictures
from core.data.layouts.spec import Layout
from core.data.refusal import Finding

NAME = "pictures"
CODE = "pictures_alone"


def read_pictures(root: Path) -> Layout | None:
    """List the pictures below `root` that no name calls a mask, one case each, or return None where there is none."""
    matching = match([path.relative_to(root) for path in files_below(root, PICTURE.suffixes)])
    images = sorted([image for image, _, _ in matching.pairs] + list(matching.images), key=lambda name: name.path)
    if not images:
        return None
    taken = take_pictures(root, images, {})
    why = f"pictures without masks, a case each: {len(images)} such as {images[0].path.suffix.lower()} files"
    return Layout(NAME, taken.cases, (_no_masks(len(images)), *taken.findings), None, why)


def _no_masks(count: int) -> Finding:
    one = count == 1
    found = "a picture without a mask" if one else f"{count} pictures without masks"
    fix = f"segment {'it as it is' if one else 'them as they are'}; to import without masks, say --layout {NAME}"
    return Finding("note", CODE, "", "", found, "a mask for each, where a model is to learn from them", fix)
