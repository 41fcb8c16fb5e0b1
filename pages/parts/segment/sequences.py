"""What things are called as readers call them: FLAIR, not t2f; a picture of pixels, not a slice of voxels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core.case import BRATS_MODALITIES
from pages.parts.volumes import TITLES

NAME = re.compile(rf"\b({'|'.join(BRATS_MODALITIES)})\b")


def titled(words: str) -> str:
    """Return a sentence with the titles of the sequences that it names; a file's name stays as it is."""
    return " ".join(
        word if "." in word.rstrip(".") else NAME.sub(lambda name: TITLES.get(name[0], name[0]), word)
        for word in words.split(" ")
    )


def is_picture(view: Mapping[str, Any]) -> bool:
    """Tell whether a study is a single picture, which has no place in a patient."""
    return view["shape"][2] == 1 and view["spacing_mm"] is None
